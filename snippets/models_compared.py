"""Set eight kinds of network side by side, three seeds each."""

# %% imports
from time import process_time

import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.compared import COMPARED
from dlnotes.vision.shapes import multiplications

use_style()
scenes = load_scenes()
RATES = {
    "MLP": 0.009,
    "LeNet": 0.009,
    "AlexNet": 0.001,
    "VGG": 0.0033,
    "NiN": 0.0033,
    "GoogLeNet": 0.03,
    "ResNet": 0.03,
    "DenseNet": 0.03,
}

# %% train
parameters, products, accuracy, deviation, seconds = {}, {}, {}, {}, {}
for name, build in COMPARED.items():
    found, start = [], process_time()
    for seed in range(3):
        seed_everything(seed)
        model = build()
        optimizer = AdamW(model.parameters(), RATES[name], fused=True)
        fit(model, scenes.train, optimizer, epochs=2)
        found.append(score(model, scenes.test))
    seconds[name] = (process_time() - start) / 3
    accuracy[name] = torch.tensor(found).mean().item()
    deviation[name] = torch.tensor(found).std().item()
    parameters[name] = sum(W.numel() for W in model.parameters())
    products[name] = multiplications(model, (1, 1, 28, 28)) / 1000

# %% table
Table(
    [
        "network",
        "rate:g",
        "parameters:,",
        "multiplications (k):,.0f",
        "test accuracy",
    ],
    [
        [
            name,
            RATES[name],
            parameters[name],
            products[name],
            f"{x:.3f} ± {deviation[name]:.3f}",
        ]
        for name, x in accuracy.items()
    ],
).show()

# %% seconds
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
    place = dict(textcoords="offset points", va="center")
    ax.annotate(name, (x, y), (area**0.5 / 2 + 3, 0), **place)
ax.set(xscale="log", xlabel="multiplications (k)", ylabel="test accuracy")
ax.set_xticks([250, 500, 1000, 2000], ["250", "500", "1000", "2000"])
ax.minorticks_off()
ax.margins(0.2)
show()
