"""Train a small AlexNet without augmentation, and with dropout."""

# %% imports
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import redraw, xavier
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import small_alexnet

# %% data
scenes = load_scenes()
eighth = len(scenes.train.X) // 8
few = ImageSet(scenes.train.X[:eighth], scenes.train.y[:eighth])
centre = scenes.train.X.mean().item()
deviation = scenes.train.X.std().item()
EPOCHS = 15


def moved(image: Tensor) -> Tensor:
    """Shift an image by up to 4 pixels along each axis."""
    top, left = torch.randint(9, (2,)).tolist()
    H, W = image.shape[1:]
    return pad(image, (4, 4, 4, 4))[:, top : top + H, left : left + W]


# %% recipe
class Recipe(NamedTuple):
    """A small AlexNet and how it is trained."""

    relu: bool = True
    dropout: float = 0.0
    augmented: bool = True


def network(recipe: Recipe, seed: int) -> nn.Sequential:
    seed_everything(seed)
    activation = nn.ReLU if recipe.relu else nn.Tanh
    model = small_alexnet(8, 1, 10, activation, recipe.dropout)
    if not recipe.relu:
        redraw(model, xavier)  # in place of Kaiming’s start, for ReLU
    change = Augment(moved) if recipe.augmented else nn.Identity()
    return nn.Sequential(change, v2.Normalize([centre], [deviation]), model)


def trained(
    recipe: Recipe, rate: float, seed: int
) -> tuple[nn.Sequential, list[float]]:
    model = network(recipe, seed)
    optimizer = AdamW(model.parameters(), lr=rate)
    history = fit(model, few, optimizer, EPOCHS, batch_size=20)
    losses = torch.tensor(history.losses).reshape(EPOCHS, -1)
    return model, losses.mean(dim=1).tolist()


# %% rates
RATES = (0.001, 0.003, 0.009)
recipes = {
    "tanh, no augmentation": Recipe(relu=False, augmented=False),
    "tanh, dropout of 0.5": Recipe(relu=False, dropout=0.5),
}
models, losses, accuracy_by_rate, rate_best = {}, {}, {}, {}
for name, recipe in recipes.items():
    found = [trained(recipe, rate, seed=0) for rate in RATES]
    row = [score(model, scenes.val) for model, _ in found]
    best = row.index(max(row))
    accuracy_by_rate[name], rate_best[name] = row, RATES[best]
    models[name], losses[name] = [found[best][0]], [found[best][1]]
Table(
    ["network", *(f"η = {rate:g}:.3f" for rate in RATES)],
    [[name, *row] for name, row in accuracy_by_rate.items()],
).show()

# %% seeds
for name, recipe in recipes.items():
    for seed in (1, 2):
        model, loss = trained(recipe, rate_best[name], seed)
        models[name].append(model)
        losses[name].append(loss)
accuracies, accuracies_train, accuracy_mean, deviations = {}, {}, {}, {}
for name, found in models.items():
    row = torch.tensor([score(model, scenes.test) for model in found])
    accuracies[name] = row.tolist()
    accuracies_train[name] = [score(model, few) for model in found]
    accuracy_mean[name] = row.mean().item()
    deviations[name] = row.std().item()
train_accuracy = {n: sum(r) / 3 for n, r in accuracies_train.items()}
Table(
    ["network", "η:g", "training:.2f", "test:.3f", "±:.3f"],
    [
        [n, rate_best[n], train_accuracy[n], accuracy_mean[n], deviations[n]]
        for n in recipes
    ],
).show()
