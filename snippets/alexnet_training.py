"""Change one idea of a small AlexNet at a time, each at its own rate."""

# %% imports
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw, xavier
from dlnotes.plot import curves, gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import small_alexnet

use_style()

# %% data
scenes = load_scenes()
eighth = len(scenes.train.X) // 8
few = ImageSet(scenes.train.X[:eighth], scenes.train.y[:eighth])
centre = scenes.train.X.mean().item()
deviation = scenes.train.X.std().item()
EPOCHS = 20


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
    redraw(model, kaiming if recipe.relu else xavier)
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
recipes = {
    "ReLU, augmentation": (Recipe(), (0.001, 0.002, 0.004)),
    "tanh in place of ReLU": (Recipe(relu=False), (0.002, 0.004, 0.008)),
    "no augmentation": (Recipe(augmented=False), (0.001, 0.002, 0.004)),
    "dropout of 0.5": (Recipe(dropout=0.5), (0.001, 0.002, 0.004)),
}
models, losses, accuracy_by_rate, rate_best = {}, {}, {}, {}
for name, (recipe, rates) in recipes.items():
    found = [trained(recipe, rate, seed=0) for rate in rates]
    row = [score(model, scenes.val) for model, _ in found]
    best = row.index(max(row))
    accuracy_by_rate[name], rate_best[name] = row, rates[best]
    models[name], losses[name] = [found[best][0]], [found[best][1]]

# %% seeds
for name, (recipe, _) in recipes.items():
    for seed in (1, 2):
        model, loss = trained(recipe, rate_best[name], seed)
        models[name].append(model)
        losses[name].append(loss)
accuracy_test, accuracy_train = (
    {
        name: torch.tensor([score(model, images) for model in found])
        for name, found in models.items()
    }
    for images in (scenes.test, few)
)
