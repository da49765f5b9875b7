"""LeNet against multilayer perceptrons, and its parts against newer ones."""

# %% imports
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw, xavier
from dlnotes.looking import feature_maps
from dlnotes.metrics import confusion_matrix
from dlnotes.mlp import MLP
from dlnotes.plot import curves, gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import Curve, fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import multiplications

use_style()

# %% data
scenes = load_scenes()
mean, deviation = scenes.train.X.mean().item(), scenes.train.X.std().item()
EPOCHS, BATCH = 4, 32
RATES = (0.001, 0.003, 0.01)


# %% contenders
def perceptron(*hidden: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), MLP([28 * 28, *hidden, 10]))


Builder, Draw = Callable[[], nn.Module], Callable[[torch.Tensor], object]
contenders: dict[str, tuple[Builder, Draw]] = {
    "MLP, as many parameters": (lambda: perceptron(76, 28), kaiming),
    "MLP, as many products": (lambda: perceptron(400, 240), kaiming),
    "sigmoid, average": (lambda: lenet(nn.Sigmoid, nn.AvgPool2d), xavier),
    "tanh, average": (lambda: lenet(nn.Tanh, nn.AvgPool2d), xavier),
    "ReLU, average": (lambda: lenet(nn.ReLU, nn.AvgPool2d), kaiming),
    "ReLU, max": (lambda: lenet(nn.ReLU, nn.MaxPool2d), kaiming),
}


# %% trained
def trained(
    name: str, rate: float, seed: int
) -> tuple[nn.Module, list[float]]:
    """Train a contender; return it, and its validation accuracies."""
    seed_everything(seed)
    build, draw = contenders[name]
    body = build()
    redraw(body, draw)
    model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
    optimizer = AdamW(model.parameters(), lr=rate)
    curve = Curve(lambda: score(model, scenes.val))
    fit(model, scenes.train, optimizer, EPOCHS, curve, batch_size=BATCH)
    return model, curve.values


# %% rates
tried = {
    name: [trained(name, rate, seed=0) for rate in RATES]
    for name in contenders
}
accuracy_by_rate = {
    name: [curve[-1] for _, curve in found] for name, found in tried.items()
}
place_best = {
    name: row.index(max(row)) for name, row in accuracy_by_rate.items()
}
Table(
    ["network", *(f"η = {rate:g}:.2f" for rate in RATES)],
    [[name, *row] for name, row in accuracy_by_rate.items()],
).show()

# %% seeds
accuracy_by_seed, accuracy_by_epoch, models = {}, {}, {}
for name, place in place_best.items():
    found = [tried[name][place]]
    found += [trained(name, RATES[place], seed) for seed in (1, 2)]
    models[name] = found[0][0]
    accuracy_by_epoch[name] = torch.tensor([curve for _, curve in found])
    accuracy_by_seed[name] = [score(model, scenes.test) for model, _ in found]

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
    rows.append([name, parameters, products, RATES[place_best[name]], value])
Table(
    ["network", "parameters:,", "multiplications:,", "η:g", "test accuracy"],
    rows,
).show()

# %% epochs-figure
fig, ax = plt.subplots(figsize=(4.8, 3.4))
epochs = range(1, EPOCHS + 1)
curves(ax, epochs, {n: c.mean(dim=0) for n, c in accuracy_by_epoch.items()})
ax.set(xlabel="epoch", ylabel="validation accuracy", xticks=epochs)
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
show()

# %% kernels
model = models["ReLU, max"]
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

# %% confusion
with torch.no_grad():
    predicted = model(scenes.test.images).argmax(dim=1)
counts = confusion_matrix(predicted, scenes.test.y, classes=10)
recall = (counts.diag() / counts.sum(dim=1)).tolist()
wrong = counts * (1 - torch.eye(10, dtype=torch.int64))
pairs = (wrong + wrong.T).triu()
for place in pairs.flatten().argsort(descending=True)[:5].tolist():
    low, high = divmod(place, 10)
    print(f"{low} and {high} are confused {pairs[low, high]} times")
for digit, share in enumerate(recall):
    print(f"{digit}: {share:.2f}", end="  ")
print()
