"""Compare DenseNets and ResNets of several sizes, and see what is reused."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import bracket
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
EPOCHS = 2
RATES = (0.01, 0.03, 0.09)
SIZES = {  # growth rates, and widths
    "DenseNet": (6, 9, 12),
    "ResNet": (8, 12, 16),
}


# %% train
def build(family: str, size: int) -> Classifier:
    if family == "DenseNet":
        return small_densenet(growth=size)
    return small_resnet(depth=8, width=size)


@cache  # a network that is asked for twice is trained once
def trained(family: str, size: int, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = build(family, size)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit(model, scenes.train, optimizer, EPOCHS)
    return model


# %% rates
def accuracies(family: str) -> dict[float, float]:
    def measure(rate: float) -> float:
        return score(
            trained(family, SIZES[family][1], rate, seed=0), scenes.val
        )

    return bracket(measure, RATES)


accuracy_by_rate = {name: accuracies(name) for name in SIZES}
rate_best = {
    name: max(found, key=found.__getitem__)
    for name, found in accuracy_by_rate.items()
}
for name, found in accuracy_by_rate.items():
    print(name, *(f"{rate:.2g}: {x:.3f}" for rate, x in found.items()))

# %% sizes
parameters, products, accuracy, deviation = {}, {}, {}, {}
for family, sizes in SIZES.items():
    for size in sizes:
        key, rate = (family, size), rate_best[family]
        models = [trained(family, size, rate, seed) for seed in range(3)]
        found = torch.tensor([score(model, scenes.test) for model in models])
        accuracy[key] = found.mean().item()
        deviation[key] = found.std().item()
        parameters[key] = sum(W.numel() for W in models[0].parameters())
        products[key] = multiplications(models[0], (1, 1, 28, 28)) / 1000
Table(
    ["family", "size", "parameters:,", "multiplications (k):,.0f", "accuracy"],
    [
        [
            *key,
            parameters[key],
            products[key],
            f"{x:.3f} ± {deviation[key]:.3f}",
        ]
        for key, x in accuracy.items()
    ],
).show()

# %% sizes-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.8), sharey=True)
for family, marker in zip(SIZES, ("o-", "s--"), strict=True):
    keys = [(family, size) for size in SIZES[family]]
    y = [accuracy[key] for key in keys]
    error = [deviation[key] for key in keys]
    for ax, cost in zip(axes, (parameters, products), strict=True):
        x = [cost[key] for key in keys]
        ax.errorbar(x, y, error, fmt=marker, capsize=3, label=family)
axes[0].set(xscale="log", xlabel="parameters (k)", ylabel="test accuracy")
axes[0].set_xticks([10_000, 30_000, 90_000], ["10", "30", "90"])
axes[1].set(xscale="log", xlabel="multiplications (k)")
axes[1].set_xticks([700, 1400, 2800], ["700", "1400", "2800"])
for ax in axes:
    ax.minorticks_off()
axes[1].legend(loc="lower right")
show()


# %% reuse
def without(model: Classifier, block: int, old: bool) -> float:
    """Cut what a block's second layer sees, and score the network."""
    first, second = model.features.get_submodule(f"block{block}").layers
    C = first[0].num_features  # maps that entered the block
    W = second[2].weight
    kept = W.detach().clone()
    with torch.no_grad():
        W[:, slice(C) if old else slice(C, None)] = 0
        found = score(model, scenes.val)
        W.copy_(kept)
    return found


models = [
    trained("DenseNet", 9, rate_best["DenseNet"], seed) for seed in range(3)
]
accuracy_whole = [score(model, scenes.val) for model in models]
accuracy_cut = {
    (block, old): [without(model, block, old) for model in models]
    for block in (1, 2, 3)
    for old in (True, False)
}
Table(
    ["block", "cut", *(f"seed {n}:.3f" for n in range(3))],
    [
        ["none", "", *accuracy_whole],
        *(
            [str(block), "old maps" if old else "new maps", *found]
            for (block, old), found in accuracy_cut.items()
        ),
    ],
).show()
