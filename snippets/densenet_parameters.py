"""Compare DenseNets and ResNets of several sizes, and see what is reused."""

# %% imports
from collections.abc import Callable
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
EPOCHS = 2
RATES = (0.01, 0.03, 0.1)
Build = Callable[[], Classifier]

# %% networks
builds: dict[str, dict[int, Build]] = {
    "DenseNet": {k: partial(small_densenet, k) for k in (6, 9, 14)},
    "ResNet": {C: partial(small_resnet, 8, C) for C in (6, 9, 14)},
}


def trained(build: Build, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = build()
    fit(model, scenes.train, AdamW(model.parameters(), rate), EPOCHS)
    return model


# %% rates
rate_best, accuracy_by_rate = {}, {}
for family, sizes in builds.items():
    middle = list(sizes.values())[1]
    found = {r: score(trained(middle, r, 0), scenes.val) for r in RATES}
    accuracy_by_rate[family] = found
    rate_best[family] = max(found, key=found.__getitem__)
Table(
    ["family", *(f"{rate:g}:.3f" for rate in RATES)],
    [[family, *found.values()] for family, found in accuracy_by_rate.items()],
).show()

# %% sizes
models, rows = {}, []
for family, sizes in builds.items():
    for size, build in sizes.items():
        runs = [trained(build, rate_best[family], s) for s in range(3)]
        found = torch.tensor([score(model, scenes.test) for model in runs])
        cost = multiplications(runs[0], (1, 1, 28, 28)) / 1000
        number = sum(W.numel() for W in runs[0].parameters())
        rows.append((family, size, number, cost, found))
        models[family, size] = runs
Table(
    [
        "family",
        "growth or width",
        "parameters:,",
        "multiplications (k):,.0f",
        "test accuracy",
    ],
    [
        [*row[:4], f"{row[4].mean():.3f} ± {row[4].std():.3f}"]
        for row in rows
    ],
).show()

# %% sizes-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.8), sharey=True)
for family, marker in (("DenseNet", "o-"), ("ResNet", "s--")):
    of_family = [row for row in rows if row[0] == family]
    mean = [row[4].mean() for row in of_family]
    deviation = [row[4].std() for row in of_family]
    for ax, column in zip(axes, (2, 3), strict=True):
        x = [row[column] / (1000 if column == 2 else 1) for row in of_family]
        style = dict(fmt=marker, capsize=3, label=family)
        ax.errorbar(x, mean, deviation, **style)
for ax, label in zip(axes, ("parameters (k)", "multiplications (k)")):
    ax.set(xscale="log", xlabel=label)
axes[0].set_ylabel("test accuracy")
axes[1].legend(loc="lower right")
show()
