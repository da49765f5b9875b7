"""Train a small AlexNet with ReLU, with tanh, and without augmentation."""

# %% imports
from functools import cache
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment, random_shift
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import redraw, xavier
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import small_alexnet

use_style()

# %% data
scenes = load_scenes()
part = len(scenes.train.X) // 25
few = ImageSet(scenes.train.X[:part], scenes.train.y[:part])
centre = scenes.train.X.mean().item()
deviation = scenes.train.X.std().item()
EPOCHS = 15


# %% recipe
class Trained(NamedTuple):
    """A network, and its mean training loss in each epoch."""

    model: nn.Sequential
    losses: list[float]


recipes = {  # activation, and whether canvases are moved
    "ReLU": (nn.ReLU, True),
    "tanh": (nn.Tanh, True),
    "tanh, no augmentation": (nn.Tanh, False),
}


@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Trained:
    seed_everything(seed)
    activation, augmented = recipes[name]
    model = small_alexnet(8, 1, 10, activation)
    if activation is nn.Tanh:
        redraw(model, xavier)  # in place of Kaiming’s start, for ReLU
    change = Augment(random_shift) if augmented else nn.Identity()
    model = nn.Sequential(change, v2.Normalize([centre], [deviation]), model)
    optimizer = AdamW(model.parameters(), rate, (0.8, 0.95), fused=True)
    history = fit(model, few, optimizer, EPOCHS, batch_size=16)
    losses = torch.tensor(history.losses).reshape(EPOCHS, -1).mean(dim=1)
    return Trained(model, losses.tolist())


# %% rates
RATES = (0.001, 0.003, 0.009)


def accuracies_val(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0).model, scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies_val(name) for name in recipes}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate).show()


# %% seeds
def chances(model: nn.Module) -> Tensor:
    device = next(model.parameters()).device
    parts = scenes.test.images.split(500)
    with torch.no_grad():
        logits = [model.eval()(X.to(device)).cpu() for X in parts]
    return torch.cat(logits).softmax(dim=1)  # (N, K)


def share_right(chances: Tensor) -> float:
    return (chances.argmax(dim=-1) == scenes.test.y).float().mean().item()


runs = {
    name: [trained(name, rate_best[name], seed) for seed in range(3)]
    for name in recipes
}
found = {
    name: torch.stack([chances(run.model) for run in row])  # (3, N, K)
    for name, row in runs.items()
}
accuracies = {n: [share_right(p) for p in row] for n, row in found.items()}
accuracies_train = {
    name: [score(run.model, few) for run in row] for name, row in runs.items()
}

# %% seeds-table
accuracy_mean = {name: sum(row) / 3 for name, row in accuracies.items()}
train_accuracy = {name: sum(row) / 3 for name, row in accuracies_train.items()}
deviations = {
    name: torch.tensor(row).std().item() for name, row in accuracies.items()
}
Table(
    ["network", "η:.2g", "training:.2f", "test:.3f", "±:.3f"],
    [
        [n, rate_best[n], train_accuracy[n], accuracy_mean[n], deviations[n]]
        for n in recipes
    ],
).show()

# %% curves-figure
means = {
    name: torch.tensor([run.losses for run in row]).mean(dim=0).tolist()
    for name, row in runs.items()
}
fig, ax = plt.subplots()
curves(ax, torch.arange(1, EPOCHS + 1), means)
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
ax.set(xticks=range(0, EPOCHS + 1, 5))
ax.legend()
show()

# %% ensemble
accuracy_together = {}
for name, row in found.items():
    accuracy_together[name] = share_right(row.mean(dim=0))
    print(f"{name:22} one {accuracy_mean[name]:.3f}, ", end="")
    print(f"three together {accuracy_together[name]:.3f}")
