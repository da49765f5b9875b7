"""Plain and residual networks at growing depth, and without a block."""

# %% imports
from copy import deepcopy
from statistics import mean, stdev

import matplotlib.pyplot as plt
from torch import nn
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.resnet import small_resnet

use_style()
scenes = load_scenes()
Result = tuple[Classifier, list[float]]  # the model, its loss at each step


# %% recipe
def trained(depth: int, residual: bool, lr: float, seed: int) -> Result:
    seed_everything(seed)
    model = small_resnet(depth, width=8, residual=residual)
    optimizer = AdamW(model.parameters(), lr=lr)
    history = fit(model, scenes.train, optimizer, epochs=2)
    return model, history.losses


# %% rates
RATES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
cases = {
    "plain 8": (8, False, RATES[1:4]),
    "residual 8": (8, True, RATES[2:]),
    "plain 20": (20, False, RATES[:3]),
    "residual 20": (20, True, RATES[1:5]),
}
accuracy_val, firsts, rate_best = {}, {}, {}
for name, (depth, residual, rates) in cases.items():
    runs = {lr: trained(depth, residual, lr, seed=0) for lr in rates}
    accuracy_val[name] = {lr: score(runs[lr][0], scenes.val) for lr in rates}
    rate_best[name] = max(rates, key=accuracy_val[name].get)
    firsts[name] = runs[rate_best[name]]
Table(
    ["network", *(f"η = {lr:g}" for lr in RATES)],
    [
        [name, *(f"{row[lr]:.2f}" if lr in row else "" for lr in RATES)]
        for name, row in accuracy_val.items()
    ],
).show()

# %% seeds
SEEDS = range(3)
results = {
    name: [firsts[name]]
    + [trained(*cases[name][:2], rate_best[name], seed) for seed in (1, 2)]
    for name in cases
}
loss = {
    name: [mean(losses[-20:]) for _, losses in runs]
    for name, runs in results.items()
}
accuracy = {
    name: [score(model, scenes.test) for model, _ in runs]
    for name, runs in results.items()
}
Table(
    ["network", "η:g", "training loss", "test accuracy"],
    [
        [
            name,
            rate_best[name],
            f"{mean(loss[name]):.2f} ± {stdev(loss[name]):.2f}",
            f"{mean(accuracy[name]):.3f} ± {stdev(accuracy[name]):.3f}",
        ]
        for name in cases
    ],
).show()

# %% depth-figure
fig, ax = plt.subplots(figsize=(4.2, 2.9))
for marker, kind in zip("os", ("plain", "residual"), strict=True):
    found = [accuracy[f"{kind} {depth}"] for depth in (8, 20)]
    line = dict(marker=marker, capsize=4, label=kind)
    ax.errorbar((8, 20), [*map(mean, found)], [*map(stdev, found)], **line)
ax.set(xlabel="layers", ylabel="test accuracy", ylim=(0, 1))
ax.set_xticks((8, 20))
ax.legend()
show()

# %% curves-figure
fig, ax = plt.subplots(figsize=(4.6, 3.2))
steps = range(20, len(firsts["plain 8"][1]) + 1, 5)
smooth = {
    name: [mean(mean(losses[n - 20 : n]) for _, losses in runs) for n in steps]
    for name, runs in results.items()
}
curves(ax, steps, smooth)
ax.set(xlabel="step", ylabel="training loss", ylim=(0, None))
ax.legend()
show()


# %% without-a-block
def without(model: Classifier, stage: int, n: int) -> Classifier:
    """Return a copy in which a block returns what it is given."""
    smaller = deepcopy(model)
    smaller.features[stage][n] = nn.Identity()
    return smaller


# all blocks that return the shape that they are given
places = [(1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
accuracy_whole, accuracy_without = {}, {}
for name in ("plain 20", "residual 20"):
    models = [model for model, _ in results[name]]
    accuracy_whole[name] = [score(model, scenes.val) for model in models]
    accuracy_without[name] = [
        [score(without(model, *place), scenes.val) for model in models]
        for place in places
    ]

# %% without-a-block-figure
fig, ax = plt.subplots(figsize=(4.6, 3.2))
marks = (("C0", "o", "plain 20"), ("C1", "s", "residual 20"))
for colour, marker, name in marks:
    found = accuracy_without[name]
    heights = [mean(row) for row in found]
    line = dict(color=colour, marker=marker, ls="", capsize=3, label=name)
    bars = [stdev(row) for row in found]
    ax.errorbar(range(len(places)), heights, bars, **line)
    ax.axhline(mean(accuracy_whole[name]), color=colour, ls="--")
ax.axhline(0.1, color="gray", ls=":")
ax.set_xticks(range(len(places)), [f"{s}.{n + 1}" for s, n in places])
ax.set(xlabel="block left out", ylabel="accuracy", ylim=(0, 1))
ax.legend()
show()

# %% quoted
parameters = {
    name: sum(W.numel() for W in runs[0][0].parameters())
    for name, runs in results.items()
}
accuracy_mean = {name: mean(found) for name, found in accuracy.items()}
loss_mean = {name: mean(found) for name, found in loss.items()}
accuracy_intact = {name: mean(row) for name, row in accuracy_whole.items()}
accuracy_left = {
    name: mean(mean(row) for row in found)
    for name, found in accuracy_without.items()
}
accuracy_last = {
    name: mean(found[-1]) for name, found in accuracy_without.items()
}
