"""Compare Inception blocks with single paths that cost as much."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
EPOCHS = 2
RATES = (0.01, 0.03, 0.1)
Blocks = list[list[int]]

# %% networks
networks: dict[str, Blocks] = {
    "Inception": [[8, 12, 16, 2, 4, 4], [16, 16, 24, 4, 12, 8]],
    "only 1 × 1": [[60, 0, 0, 0, 0, 0], [110, 0, 0, 0, 0, 0]],
    "only 3 × 3": [[0, 0, 17, 0, 0, 0], [0, 0, 35, 0, 0, 0]],
    "only 5 × 5": [[0, 0, 0, 0, 9, 0], [0, 0, 0, 0, 17, 0]],
    "3 × 3, reduced": [[0, 12, 22, 0, 0, 0], [0, 18, 36, 0, 0, 0]],
}
parameters, products = {}, {}
for name, blocks in networks.items():
    model = small_googlenet(blocks=blocks)
    parameters[name] = sum(W.numel() for W in model.parameters())
    products[name] = multiplications(model, (1, 1, 28, 28)) / 1000
Table(
    ["blocks", "parameters:,", "multiplications (k):.0f"],
    [[name, parameters[name], products[name]] for name in networks],
).show()


# %% rates
def trained(blocks: Blocks, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = small_googlenet(blocks=blocks)
    fit(model, scenes.train, AdamW(model.parameters(), rate), EPOCHS)
    return model


models, rate_best, accuracy_by_rate = {}, {}, {}
for name, blocks in networks.items():
    tried = {rate: trained(blocks, rate, seed=0) for rate in RATES}
    found = {rate: score(tried[rate], scenes.val) for rate in RATES}
    rate_best[name] = max(found, key=found.__getitem__)
    accuracy_by_rate[name] = found
    models[name] = [tried[rate_best[name]]]
Table(
    ["blocks", *(f"{rate:g}:.3f" for rate in RATES)],
    [[name, *found.values()] for name, found in accuracy_by_rate.items()],
).show()

# %% seeds
accuracy_test = {}
for name, blocks in networks.items():
    for seed in (1, 2):
        models[name].append(trained(blocks, rate_best[name], seed))
    accuracy_test[name] = torch.tensor(
        [score(model, scenes.test) for model in models[name]]
    )
Table(
    ["blocks", "rate:g", "test accuracy"],
    [
        [name, rate_best[name], f"{found.mean():.3f} ± {found.std():.3f}"]
        for name, found in accuracy_test.items()
    ],
).show()
