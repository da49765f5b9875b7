"""Every optimiser from its formula, against torch.optim; schedules; decay."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import least_squares
from dlnotes.mlp import MLP
from dlnotes.optim import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    RMSprop,
)
from dlnotes.plot import show, use_style
from dlnotes.schedule import (
    constant,
    cosine,
    exponential,
    step_decay,
    warm_up,
)
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.seed import seed_everything

use_style()

# %% idea
seed_everything(0)
X, y = noisy_line(n=256, w=1, b=0, sigma=0.5)
x = (X[:, 0] - 0.5) * 12**0.5  # variance 1
w_best, b_best = (t.item() for t in least_squares(x[:, None], y))
start = torch.tensor([w_best - 1.1, b_best + 0.7])
error = x * start[0] + start[1] - y
downhill = -2 * torch.stack([error * x, error], dim=1)  # (256, 2)
batch_32 = torch.stack([downhill[torch.randperm(256)[:32]] for _ in range(20)])

axis = torch.linspace(-2, 2, 81)
w_grid, b_grid = torch.meshgrid(w_best + axis, b_best + axis, indexing="xy")
loss = ((x * w_grid[..., None] + b_grid[..., None] - y) ** 2).mean(-1)

fig, ax = plt.subplots(figsize=(4.2, 3.8))
ax.contour(w_grid, b_grid, loss, 10, colors="gray", alpha=0.5)
arrow = {"angles": "xy", "scale_units": "xy", "scale": 5, "width": 0.006}
for vectors, colour, label in [
    (downhill[:20], "C1", "1 sample"),
    (batch_32.mean(1), "C0", "32 samples"),
    (downhill.mean(0, keepdim=True), "black", "all 256"),
]:
    tails = start.expand(len(vectors), 2).T.numpy()
    ax.quiver(*tails, *vectors.T.numpy(), color=colour, label=label, **arrow)
ax.plot(w_best, b_best, "*", color="black", ms=12)
ax.set(xlabel="weight w", ylabel="bias b")
ax.set(xlim=(w_best - 1.6, w_best + 0.7), ylim=(b_best - 0.6, b_best + 1.3))
fig.legend(loc="outside upper center", ncols=3)
show()

# %% pairs
theirs = torch.optim
nesterov = {"momentum": 0.9, "nesterov": True}
PAIRS = {
    "SGD": (SGD, theirs.SGD, 0.1, {}),
    "Momentum": (Momentum, theirs.SGD, 0.1, {"momentum": 0.9}),
    "Nesterov": (Momentum, theirs.SGD, 0.1, nesterov),
    "Adagrad": (Adagrad, theirs.Adagrad, 0.01, {}),
    "RMSprop": (RMSprop, theirs.RMSprop, 0.01, {}),
    "Adadelta": (Adadelta, theirs.Adadelta, 1.0, {}),
    "Adam": (Adam, theirs.Adam, 0.001, {}),
    "AdamW": (AdamW, theirs.AdamW, 0.001, {}),
}

# %% equal
(X, y), _, _ = load_digits()
X = X.double()


def parameters_of_each_step(method, rate, settings):
    seed_everything(0)
    model = MLP([64, 16, 10]).double()
    settings = {"lr": rate, "weight_decay": 0.01, **settings}
    optimizer = method(model.parameters(), **settings)
    batches = Batches(X, y, batch_size=54)
    for _ in range(10):
        for X_batch, y_batch in batches:
            optimizer.zero_grad()
            cross_entropy(model(X_batch), y_batch).backward()
            optimizer.step()
            parameters = [p.detach().flatten() for p in model.parameters()]
            yield torch.cat(parameters)


rows = []
for name, (ours, torchs, rate, settings) in PAIRS.items():
    steps = [
        *zip(
            parameters_of_each_step(ours, rate, settings),
            parameters_of_each_step(torchs, rate, settings),
            strict=True,
        )
    ]
    largest = max((a - b).abs().max().item() for a, b in steps)
    moved = (steps[-1][0] - steps[0][0]).abs().max().item()
    rows.append([name, len(steps), moved, largest])
largest_difference = max(row[3] for row in rows)
least_moved = min(row[2] for row in rows)
form = {"moved by": ".3f", "difference": ".0e"}
Table(["method", "steps", "moved by", "difference"], rows, form).show()

# %% decoupled
sizes = torch.tensor([[0.1], [1.0], [10.0]])  # (3, 1)
means = {}
for method in (Adam, AdamW):
    seed_everything(0)
    theta = torch.ones(3, 1000, requires_grad=True)
    optimizer = method([theta], lr=0.001, weight_decay=0.1)
    for _ in range(1000):
        theta.grad = sizes * torch.randn(3, 1000)
        optimizer.step()
    means[method] = theta.mean(1).tolist()
decay_alone = (1 - 0.001 * 0.1) ** 1000
l2_small, l2_large = means[Adam][0], means[Adam][2]
rows = [*zip(sizes[:, 0].tolist(), means[Adam], means[AdamW], strict=True)]
form = {"size of g": ".1f", "Adam + L2": ".3f", "AdamW": ".3f"}
Table(["size of g", "Adam + L2", "AdamW"], rows, form).show()

# %% schedules
steps = 100
schedules = {
    "constant": (constant, "-"),
    "step decay": (step_decay(factor=0.5, every=25), "--"),
    "exponential": (exponential(factor=0.97), ":"),
    "warm-up, then cosine": (warm_up(10, cosine(steps - 10)), "-."),
}
fig, ax = plt.subplots(figsize=(4.8, 2.8))
for name, (schedule, style) in schedules.items():
    rates = [0.1 * schedule(step) for step in range(steps)]
    ax.plot(rates, style, label=name)
ax.set(xlabel="step", ylabel="learning rate η")
fig.legend(loc="outside upper center", ncols=2)
show()
