"""Compare Inception blocks with single paths that cost as much."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import dots, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
EPOCHS = 1
RATES = (0.01, 0.03, 0.09)
Blocks = list[list[int]]

# %% networks
networks: dict[str, Blocks] = {
    "Inception": [[8, 12, 16, 2, 4, 4], [16, 16, 24, 4, 12, 8]],
    "only 1 × 1": [[60, 0, 0, 0, 0, 0], [110, 0, 0, 0, 0, 0]],
    "only 3 × 3": [[0, 0, 17, 0, 0, 0], [0, 0, 35, 0, 0, 0]],
    "3 × 3, reduced": [[0, 12, 22, 0, 0, 0], [0, 18, 36, 0, 0, 0]],
}
parameters, products, maps = {}, {}, {}
for name, blocks in networks.items():
    model = small_googlenet(blocks=blocks)
    parameters[name] = sum(W.numel() for W in model.parameters())
    products[name] = multiplications(model, (1, 1, 28, 28)) / 1000
    maps[name] = ", ".join(str(sum(w) - w[1] - w[3]) for w in blocks)
Table(
    ["blocks", "parameters:,", "multiplications (k):.0f", "maps"],
    [[n, parameters[n], products[n], maps[n]] for n in networks],
).show()


# %% train
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = small_googlenet(blocks=networks[name])
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit(model, scenes.train, optimizer, EPOCHS)
    return model


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies(name) for name in networks}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("blocks", accuracy_by_rate).show()

# %% seeds
accuracy_test = {}
for name in networks:
    models = [trained(name, rate_best[name], seed) for seed in range(3)]
    found = [score(model, scenes.test) for model in models]
    accuracy_test[name] = torch.tensor(found)
accuracy = {name: x.mean().item() for name, x in accuracy_test.items()}
deviation = {name: x.std().item() for name, x in accuracy_test.items()}
Table(
    ["blocks", "rate:.2g", "test accuracy"],
    [
        [n, rate_best[n], f"{accuracy[n]:.3f} ± {deviation[n]:.3f}"]
        for n in networks
    ],
).show()

# %% seeds-figure
fig, ax = plt.subplots(figsize=(4.8, 2.4))
dots(ax, {name: x.tolist() for name, x in accuracy_test.items()})
ax.set(xlabel="test accuracy")
show()
