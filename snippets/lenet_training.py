"""LeNet against multilayer perceptrons, and a look into it."""

# %% imports
from collections.abc import Callable
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.looking import feature_maps
from dlnotes.metrics import confusion_matrix
from dlnotes.mlp import MLP
from dlnotes.plot import dots, gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import multiplications

use_style()

# %% data
scenes = load_scenes()
mean, deviation = scenes.train.X.mean().item(), scenes.train.X.std().item()
EPOCHS = 2
RATES = (0.003, 0.01, 0.03)


# %% contenders
def perceptron(*hidden: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), MLP([28 * 28, *hidden, 10]))


contenders: dict[str, Callable[[], nn.Module]] = {
    "MLP, as many parameters": lambda: perceptron(76, 28),
    "MLP, as many multiplications": lambda: perceptron(400, 240),
    "LeNet": lambda: lenet(nn.ReLU, nn.MaxPool2d),
}


# %% trained
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    body = contenders[name]()
    redraw(body, kaiming)
    model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
    optimizer = AdamW(model.parameters(), lr=rate, fused=True)
    fit(model, scenes.train, optimizer, EPOCHS)
    return model


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies(name) for name in contenders}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate, digits=2).show()

# %% seeds
accuracy_by_seed, models = {}, {}
for name, rate in rate_best.items():
    found = [trained(name, rate, seed) for seed in range(3)]
    models[name] = found[0]
    accuracy_by_seed[name] = [score(model, scenes.test) for model in found]

# %% results
accuracy_mean, accuracy_deviation = {}, {}
for name, found in accuracy_by_seed.items():
    accuracy_mean[name] = torch.tensor(found).mean().item()
    accuracy_deviation[name] = torch.tensor(found).std().item()
rows = []
for name, model in models.items():
    parameters = sum(W.numel() for W in model.parameters())
    products = multiplications(model, (1, 1, 28, 28))
    value = f"{accuracy_mean[name]:.3f} ± {accuracy_deviation[name]:.3f}"
    rows.append([name, parameters, products, rate_best[name], value])
Table(
    ["network", "parameters:,", "multiplications:,", "η:g", "test accuracy"],
    rows,
).show()

# %% seeds-figure
fig, ax = plt.subplots(figsize=(4.8, 1.7))
dots(ax, accuracy_by_seed)
ax.set(xlabel="test accuracy", xlim=(0, 1))
show()

# %% kernels
model = models["LeNet"]
first = model[1].features[0].weight.detach()[:, 0]  # (6, 5, 5)
fig, ax = plt.subplots(figsize=(4.8, 1.3))
drawn = gallery(
    ax, first.numpy(), columns=6, cmap="cividis", limit=first.abs().max()
)
fig.colorbar(drawn, ax=ax, label="weight")
show()

# %% maps
right = model(scenes.test.images[:200]).argmax(dim=1) == scenes.test.y[:200]
i = right.nonzero()[0, 0].item()  # the first that it gets right
canvas = scenes.test.images[i : i + 1]
with torch.no_grad():
    _, C1 = feature_maps(model, model[1].features[1], canvas)
    _, S4 = feature_maps(model, model[1].features[5], canvas)
fig, axes = plt.subplots(3, figsize=(4.8, 3.4), height_ratios=(3, 3, 2))
for ax, maps, name in zip(
    axes, (canvas[0], C1[0], S4[0]), ("canvas", "C1", "S4"), strict=True
):
    gallery(ax, maps.numpy(), columns=8 if name == "S4" else 6)
    ax.text(-0.05, 0.5, name, transform=ax.transAxes, ha="right")
show()

# %% mistakes
with torch.no_grad():
    predicted = model(scenes.test.images).argmax(dim=1)
wrong = (predicted != scenes.test.y).nonzero()[:6, 0]
names = [f"{scenes.test.y[i]} → {predicted[i]}" for i in wrong.tolist()]
fig, ax = plt.subplots(figsize=(4.8, 1.2))
gallery(ax, scenes.test.images[wrong, 0].numpy(), names, columns=6)
show()

# %% confusion
counts = confusion_matrix(predicted, scenes.test.y, classes=10)
recall = (counts.diag() / counts.sum(dim=1)).tolist()
pairs = (counts + counts.T).triu(diagonal=1)
for place in pairs.flatten().argsort(descending=True)[:5].tolist():
    low, high = divmod(place, 10)
    print(f"{low} and {high} are confused {pairs[low, high]} times")
for digit, share in enumerate(recall):
    print(f"{digit}: {share:.2f}", end="  ")
print()
