"""How far back recurrent networks remember, by rate and by first weights."""

# %% imports
from functools import cache, partial
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear, one_hot
from torch.optim import Adam

from dlnotes.plot import show, use_style
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.memory import open_gates
from dlnotes.recurrent.rnn import RNN
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything

use_style()
V, H, B = 8, 32, 64  # symbols, hidden units, sequences at a time
T, STEPS = 30, 150  # of a sequence, of training at most
NAMES = ("RNN", "RNN, orthogonal", "GRU", "GRU, gates open")


# %% data
def draw(rows, T=T):
    """Return one-hot sequences (rows, T, V), and the first symbol of each."""
    symbols = torch.randint(V, (rows, T))
    return one_hot(symbols, V).float(), symbols[:, 0]


# %% start
def started(name):
    """Return a layer with the first weights that its name tells."""
    recurrent = GRU(V, H) if name.startswith("GRU") else RNN(V, H)
    if name.endswith("open"):
        open_gates(recurrent, bias=3)
    if name.endswith("orthogonal"):
        nn.init.orthogonal_(recurrent.weight_hh_l0)
    return recurrent


# %% recipe
@cache  # what is asked for twice is trained once
def trained(name, rate, seed, T):
    seed_everything(seed)
    recurrent = started(name)
    output = nn.Linear(H, V)
    parameters = [*recurrent.parameters(), *output.parameters()]
    optimizer = Adam(parameters, rate, fused=True)
    losses = []
    while len(losses) < STEPS and max(losses[-10:], default=9) > 0.02:
        X, first = draw(B, T)
        _, h = recurrent(X)  # (1, B, H)
        loss = cross_entropy(output(h[0]), first)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return recurrent, output, len(losses)


@torch.no_grad()
def accuracy_of(model, T=T):
    """Return the accuracy for 1,000 sequences of the next random numbers."""
    recurrent, output, _ = model
    X, first = draw(1000, T)
    _, h = recurrent(X)
    return (output(h[0]).argmax(1) == first).float().mean().item()


# %% rates
@cache
def tried(name, rate):
    """Return the mean accuracy of three seeds, and the most steps."""
    found = [trained(name, rate, seed, T) for seed in range(3)]
    seed_everything(100)  # the same sequences for all
    right = mean(accuracy_of(model) for model in found)
    return right, max(model[2] for model in found)


def worth(name, rate):
    """Return the accuracy; of equal ones, that of fewer steps is more."""
    right, steps = tried(name, rate)
    return right - steps / 1_000_000


found_by_rate = {
    name: bracket(partial(worth, name), (0.01, 0.03, 0.1)) for name in NAMES
}
rate_best = {name: best(found) for name, found in found_by_rate.items()}
accuracy_val = {
    name: {rate: tried(name, rate)[0] for rate in found}
    for name, found in found_by_rate.items()
}
rates_table("cell", accuracy_val, digits=2).show()

# %% seeds
cases = {f"{name}, rate 0.01": (name, 0.01) for name in NAMES[2:]}
cases |= {f"{name}, own rate": (name, rate_best[name]) for name in NAMES}
models = {
    case: [trained(*setting, seed, T) for seed in range(3)]
    for case, setting in cases.items()
}
seed_everything(200)  # sequences to test
accuracy = {
    case: [accuracy_of(model) for model in found]
    for case, found in models.items()
}
steps = {case: [run[2] for run in found] for case, found in models.items()}
Table(
    ["cell", "η:.2g", "accuracy of three seeds", "steps"],
    [
        [
            case.removesuffix(", own rate").removesuffix(", rate 0.01"),
            cases[case][1],
            ", ".join(f"{found:.2f}" for found in accuracy[case]),
            ", ".join(f"{n}" for n in steps[case]),
        ]
        for case in cases
    ],
).show()

# %% distances
DISTANCES = (10, 30, 60)
accuracy_after = {
    name: {
        d: [accuracy_of(trained(name, rate, n, d), d) for n in range(3)]
        for d in DISTANCES
    }
    for name, rate in rate_best.items()
}
Table(
    ["cell", "η:.2g", *(f"T = {d}" for d in DISTANCES)],
    [
        [
            name,
            rate_best[name],
            *(", ".join(f"{x:.2f}" for x in row) for row in found.values()),
        ]
        for name, found in accuracy_after.items()
    ],
).show()


# %% gates
@torch.no_grad()
def update_gates(layer, X):
    """Return z of all steps, (B, T, H)."""
    Y, _ = layer(X)
    before = torch.cat([torch.zeros(len(X), 1, H), Y[:, :-1]], 1)
    W_ih, W_hh, b_ih, b_hh = layer.parameters()
    sums = linear(X, W_ih, b_ih) + linear(before, W_hh, b_hh)
    return sums[..., H : 2 * H].sigmoid()


seed_everything(300)
X, _ = draw(B)
gates = {
    case: [update_gates(run[0], X) for run in models[case]]
    for case in ("GRU, rate 0.01", "GRU, own rate")
}
share_open = {
    case: mean((z[:, 1:] > 0.9).float().mean().item() for z in found)
    for case, found in gates.items()
}
first_gates, later_gates, open_units = [], [], []  # of those that stay open
for z in gates["GRU, own rate"]:
    stays = z[:, 1:].mean((0, 1)) > 0.95
    open_units.append(stays.sum().item())
    first_gates.append(z[:, 0, stays].mean().item())
    later_gates.append(z[:, 1:, stays].mean().item())

# %% gates-figure
fig, axes = plt.subplots(2, 1, figsize=(4.8, 4.2), sharex=True)
for ax, (case, found) in zip(axes, gates.items(), strict=True):
    z = found[0].mean(0)  # (T, H), over sequences
    z = z[:, z[1:].mean(0).argsort(descending=True)]
    scale = dict(vmin=0, vmax=1, aspect="auto")
    image = ax.imshow(
        z.T.tolist(), extent=(0.5, T + 0.5, H + 0.5, 0.5), **scale
    )
    ax.set(ylabel="unit", title=case)
axes[1].set(xlabel="step t")
fig.colorbar(image, ax=axes, label="update gate z")
show()


# %% moved
@torch.no_grad()
def moved(rate):
    """Return how far the weights W_hz are from their start, on average."""
    found = []
    for seed in range(3):
        seed_everything(seed)  # the same first weights again
        change = (
            trained("GRU", rate, seed, T)[0].weight_hh_l0
            - started("GRU").weight_hh_l0
        )
        found.append(change[H : 2 * H].abs().mean().item())
    return mean(found)


weight_moved = {rate: moved(rate) for rate in (0.01, rate_best["GRU"])}

# %% quoted
accuracy_small_rate = max(accuracy["GRU, rate 0.01"])
accuracy_open = min(accuracy["GRU, gates open, rate 0.01"])
accuracy_own_rate = min(accuracy["GRU, own rate"])
accuracy_rnn_worst = min(accuracy["RNN, own rate"])
accuracy_rnn_best = max(accuracy["RNN, own rate"])
accuracy_orthogonal_worst = min(accuracy["RNN, orthogonal, own rate"])
accuracy_orthogonal_best = max(accuracy["RNN, orthogonal, own rate"])
accuracy_orthogonal_far = max(accuracy_after["RNN, orthogonal"][60])
accuracy_gru_far = min(accuracy_after["GRU"][60])
accuracy_open_far = min(accuracy_after["GRU, gates open"][60])
steps_own_rate = mean(steps["GRU, own rate"])
share_small_rate = share_open["GRU, rate 0.01"]
share_own_rate = share_open["GRU, own rate"]
means = [z[:, 1:].mean((0, 1)) for z in gates["GRU, rate 0.01"]]
unit_low = min(z.min().item() for z in means)
unit_high = max(z.max().item() for z in means)
units_open = mean(open_units)
z_first, z_later = mean(first_gates), mean(later_gates)
weight_moved_small = weight_moved[0.01]
weight_moved_own = weight_moved[rate_best["GRU"]]
steps_straight_small = weight_moved_small / 0.01
steps_straight_own = weight_moved_own / rate_best["GRU"]
