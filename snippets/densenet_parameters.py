"""Compare a DenseNet with two ResNets that cost as much, each in its way."""

# %% imports
from functools import cache, partial

import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.plot import dots, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
half = len(scenes.train.y) // 2
canvases = ImageSet(scenes.train.X[:half], scenes.train.y[:half])
RATES = (0.006, 0.018, 0.054)

# %% networks
networks = {
    "DenseNet, growth rate 12": partial(small_densenet, growth=12),
    "ResNet, width 8": partial(small_resnet, depth=8, width=8),
    "ResNet, width 12": partial(small_resnet, depth=8, width=12),
}
parameters, products = {}, {}
for name, build in networks.items():
    model = build()
    parameters[name] = sum(W.numel() for W in model.parameters())
    products[name] = multiplications(model, (1, 1, 28, 28)) / 1000
Table(
    ["network", "parameters:,", "multiplications (k):,.0f"],
    [[name, parameters[name], products[name]] for name in networks],
).show()


# %% train
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = networks[name]()
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit(model, canvases, optimizer, epochs=1)
    return model


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies(name) for name in networks}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate).show()

# %% seeds
accuracy_test = {}
for name in networks:
    models = [trained(name, rate_best[name], seed) for seed in range(3)]
    found = [score(model, scenes.test) for model in models]
    accuracy_test[name] = torch.tensor(found)
accuracy = {name: x.mean().item() for name, x in accuracy_test.items()}
deviation = {name: x.std().item() for name, x in accuracy_test.items()}
Table(
    ["network", "rate:.2g", "test accuracy"],
    [
        [n, rate_best[n], f"{accuracy[n]:.3f} ± {deviation[n]:.3f}"]
        for n in networks
    ],
).show()

# %% seeds-figure
fig, ax = plt.subplots(figsize=(4.8, 1.9))
dots(ax, {name: x.tolist() for name, x in accuracy_test.items()})
ax.set(xlabel="test accuracy")
show()

# %% reuse
few = ImageSet(scenes.val.X[:500], scenes.val.y[:500])


def without(model: Classifier, block: int, old: bool) -> float:
    """Cut what a block's second layer sees, and score the network."""
    first, second = model.features.get_submodule(f"block{block}").layers
    C = first[0].num_features  # maps that entered the block
    W = second[2].weight
    kept = W.detach().clone()
    with torch.no_grad():
        W[:, slice(C) if old else slice(C, None)] = 0
        found = score(model, few)
        W.copy_(kept)
    return found


dense = next(iter(networks))
models = [trained(dense, rate_best[dense], seed) for seed in range(3)]
accuracy_whole = [score(model, few) for model in models]
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
