"""Plain and residual networks at growing depth, and without a block."""

# %% imports
from copy import deepcopy
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
from torch import nn
from torch.optim import AdamW

from dlnotes.data.digits import load_digits
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.resnet import small_resnet

use_style()
digits = load_digits()
DEPTHS = (8, 14, 20)
cases = {f"plain {depth}": (depth, False) for depth in DEPTHS}
cases |= {f"residual {depth}": (depth, True) for depth in DEPTHS}
Result = tuple[Classifier, list[float]]  # the model, its loss at each step


# %% recipe
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Result:
    depth, residual = cases[name]
    seed_everything(seed)
    model = small_resnet(depth, width=8, residual=residual, stride=1)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    history = fit(model, digits.train, optimizer, epochs=2)
    return model, history.losses


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0)[0], digits.val),
        (0.003, 0.01, 0.03),
    )


accuracy_val = {name: accuracies(name) for name in cases}
rate_best = {name: best(found) for name, found in accuracy_val.items()}
rates_table("network", accuracy_val).show()

# %% seeds
results = {
    name: [trained(name, rate_best[name], seed) for seed in range(3)]
    for name in cases
}
loss = {
    name: [mean(losses[-20:]) for _, losses in runs]
    for name, runs in results.items()
}
accuracy = {
    name: [score(model, digits.test) for model, _ in runs]
    for name, runs in results.items()
}
Table(
    ["network", "η:.1g", "training loss", "test accuracy"],
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
    found = [accuracy[f"{kind} {depth}"] for depth in DEPTHS]
    line = dict(marker=marker, capsize=4, label=kind)
    ax.errorbar(DEPTHS, [*map(mean, found)], [*map(stdev, found)], **line)
ax.set(xlabel="layers", ylabel="test accuracy", ylim=(0.5, 1))
ax.set_xticks(DEPTHS)
ax.legend(loc="lower left")
show()

# %% curves-figure
fig, ax = plt.subplots(figsize=(4.6, 3.2))
steps = range(10, len(results["plain 8"][0][1]) + 1, 2)
smooth = {
    name: [
        mean(mean(losses[n - 10 : n]) for _, losses in results[name])
        for n in steps
    ]
    for name in ("plain 8", "plain 14", "plain 20", "residual 20")
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
    accuracy_whole[name] = [score(model, digits.val) for model in models]
    accuracy_without[name] = [
        [score(without(model, *place), digits.val) for model in models]
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
steps_in_all = len(results["plain 8"][0][1])
accuracy_first = {
    name: mean(found[0]) for name, found in accuracy_without.items()
}
accuracy_last = {
    name: mean(found[-1]) for name, found in accuracy_without.items()
}
