"""Digits that are moved by a few pixels, and who still reads them."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import draw_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.mlp import MLP
from dlnotes.plot import curves, show, use_style
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

use_style()

# %% centred
train, val, test = (
    draw_scenes(digits, n, seed, (12, 12), pieces=0, spread=0.0).canvases
    for seed, (digits, n) in enumerate(
        zip(load_digits(), (1000, 500, 250), strict=True)
    )
)
mean, deviation = train.X.mean().item(), train.X.std().item()


def build(name: str) -> nn.Module:
    if name == "LeNet":
        body = lenet(nn.ReLU, nn.MaxPool2d)
    else:
        body = nn.Sequential(nn.Flatten(), MLP([28 * 28, 76, 28, 10]))
    redraw(body, kaiming)
    return nn.Sequential(v2.Normalize([mean], [deviation]), body)


@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    model = build(name)
    optimizer = AdamW(model.parameters(), lr=rate, fused=True)
    fit(model, train, optimizer, epochs=2)
    return model


# %% rates
RATES = (0.003, 0.01, 0.03)


def accuracies(name: str) -> dict[float, float]:
    return bracket(lambda r: score(trained(name, r, 0), val), RATES)


accuracy_by_rate = {name: accuracies(name) for name in ("MLP", "LeNet")}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate, digits=2).show()


# %% shift
def shifted_accuracy(model: nn.Module, k: int) -> float:
    """Average over digits moved by k pixels up, down, left and right."""
    moves = [(k, 2), (-k, 2), (k, 3), (-k, 3)]
    moved = [torch.roll(test.images, *move).flatten(1) for move in moves]
    return sum(score(model, ImageSet(X, test.y)) for X in moved) / len(moves)


SHIFTS = range(6)
accuracy_by_shift = {name: [] for name in rate_best}
for name, rate in rate_best.items():
    for seed in range(3):
        model = trained(name, rate, seed)
        found = [shifted_accuracy(model, k) for k in SHIFTS]
        accuracy_by_shift[name].append(found)
accuracy_mean = {
    name: torch.tensor(rows).mean(dim=0).tolist()
    for name, rows in accuracy_by_shift.items()
}

# %% shift-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
curves(ax, SHIFTS, accuracy_mean)
for i, rows in enumerate(accuracy_by_shift.values()):
    low, high = torch.tensor(rows).aminmax(dim=0)
    ax.fill_between(SHIFTS, low, high, color=f"C{i}", alpha=0.2)
ax.axhline(0.1, color="gray", lw=1, ls=":")
ax.set(xlabel="shift (pixels)", ylabel="accuracy", ylim=(0, 1))
ax.legend()
show()
