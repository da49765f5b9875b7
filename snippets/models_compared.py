"""Set eight kinds of network side by side, three seeds each."""

# %% imports
from functools import cache
from statistics import mean
from time import process_time

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.compared import COMPARED
from dlnotes.vision.shapes import multiplications

use_style()

# %% canvases
digits = load_digits()
canvases, val, test = (
    draw_scenes(images, count, seed, pieces=2, spread=0.5).canvases
    for seed, (images, count) in enumerate(
        zip(digits, (2000, 1000, 1000), strict=True)
    )
)
STARTS = {  # rates to begin with
    "MLP": (0.003, 0.009, 0.027),
    "LeNet": (0.003, 0.009, 0.027),
    "AlexNet": (0.001, 0.003, 0.009),
    "VGG": (0.003, 0.009, 0.027),
    "NiN": (0.001, 0.003, 0.009),
    "GoogLeNet": (0.003, 0.009, 0.027),
    "ResNet": (0.009, 0.027, 0.081),
    "DenseNet": (0.009, 0.027, 0.081),
}


# %% train
seconds_by_seed: dict[str, list[float]] = {name: [] for name in COMPARED}


@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    model = COMPARED[name]()
    optimizer = AdamW(model.parameters(), rate, fused=True)
    start = process_time()
    fit(model, canvases, optimizer, epochs=1)
    seconds_by_seed[name].append(process_time() - start)
    return model


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), val), STARTS[name]
    )


accuracy_by_rate = {name: accuracies(name) for name in COMPARED}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}


def around(name: str) -> list[str]:
    found = accuracy_by_rate[name]
    n = list(found).index(rate_best[name])
    return [f"{found[rate]:.3f}" for rate in list(found)[n - 1 : n + 2]]


Table(
    ["network", "best η:.2g", "η / 3", "best", "3 η"],
    [[name, rate, *around(name)] for name, rate in rate_best.items()],
).show()

# %% seeds
parameters, products, accuracy, deviation = {}, {}, {}, {}
for name in COMPARED:
    models = [trained(name, rate_best[name], seed) for seed in range(3)]
    found = torch.tensor([score(model, test) for model in models])
    accuracy[name] = found.mean().item()
    deviation[name] = found.std().item()
    parameters[name] = sum(W.numel() for W in models[0].parameters())
    products[name] = multiplications(models[0], (1, 1, 28, 28)) / 1000
Table(
    ["network", "parameters:,", "multiplications (k):,.0f", "test accuracy"],
    [
        [
            name,
            parameters[name],
            products[name],
            f"{x:.3f} ± {deviation[name]:.3f}",
        ]
        for name, x in accuracy.items()
    ],
).show()

# %% seconds
seconds = {name: mean(found) for name, found in seconds_by_seed.items()}
fig, ax = plt.subplots(figsize=(4.8, 2.6))
ax.barh(list(seconds), list(seconds.values()), color="C0")
ax.invert_yaxis()
ax.set(xlabel="seconds")
show()

# %% figure
fig, ax = plt.subplots(figsize=(4.8, 3.4))
for n, name in enumerate(COMPARED):
    x, y = products[name], accuracy[name]
    ax.errorbar(x, y, deviation[name], color="gray", capsize=2)
    area = parameters[name] / 200
    ax.scatter(x, y, area, color=f"C{n % 7}", alpha=0.5)
    beside = area**0.5 / 2 + 3
    to = {"GoogLeNet": (-beside, 0), "DenseNet": (-beside, 24)}
    place = dict(textcoords="offset points", va="center")
    place["ha"] = "right" if name in to else "left"
    ax.annotate(name, (x, y), to.get(name, (beside, 0)), **place)
ax.set(xscale="log", xlabel="multiplications (k)", ylabel="test accuracy")
ax.set_xticks([250, 500, 1000, 2000], ["250", "500", "1000", "2000"])
ax.minorticks_off()
ax.margins(0.2)
show()
