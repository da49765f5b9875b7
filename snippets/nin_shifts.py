"""Eight networks that learned centred digits, and digits that have moved."""

# %% imports
from collections.abc import Callable
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import pad
from torch.optim import AdamW

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import draw_scenes
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import small_alexnet
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.lenet import lenet
from dlnotes.vision.nin import small_nin
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.vgg import small_vgg

use_style()
digits = load_digits()
centred = dict(sizes=(12, 12), pieces=0, spread=0)
images = draw_scenes(digits.train, 900, seed=0, **centred).canvases
val = draw_scenes(digits.val, 500, seed=1, **centred).canvases
test = draw_scenes(digits.test, 200, seed=2, **centred).canvases

# %% networks
stages = ((1, 8), (1, 16), (1, 32), (1, 64))
blocks = [[8, 12, 16, 2, 4, 4], [16, 16, 24, 4, 12, 8]]
networks: dict[str, Callable[[], Classifier]] = {
    "LeNet": lambda: lenet(nn.ReLU, nn.MaxPool2d),
    "AlexNet": lambda: small_alexnet(8),
    "VGG": lambda: small_vgg(stages, batch_norm=True),
    "NiN, dense head": lambda: small_nin(16, average=False),
    "NiN": lambda: small_nin(16),
    "GoogLeNet": lambda: small_googlenet(blocks=blocks),
    "ResNet-8": lambda: small_resnet(8, 8),
    "DenseNet": lambda: small_densenet(8),
}


# %% moved
def moved(images: ImageSet, pixels: int) -> ImageSet:
    """Move half of the images right, and half down; what enters is black."""
    right, down = images.images.tensor_split(2)
    right = pad(right, (pixels, -pixels, 0, 0))  # negative: cut off
    down = pad(down, (0, 0, pixels, -pixels))
    return ImageSet(torch.cat([right, down]).flatten(1), images.y)


PIXELS = range(9)
moved_by = [moved(test, pixels) for pixels in PIXELS]


# %% train
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = networks[name]()
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit(model, images, optimizer, epochs=2)
    return model


def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), val), (0.003, 0.01, 0.03)
    )


# %% rates
accuracy_by_rate = {name: accuracies(name) for name in networks}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate).show()

# %% accuracy
accuracy = {}
for name, rate in rate_best.items():
    models = [trained(name, rate, seed) for seed in range(3)]
    accuracy[name] = [[score(m, shown) for shown in moved_by] for m in models]

# %% figure
mean = {
    name: [sum(found) / 3 for found in zip(*runs, strict=True)]
    for name, runs in accuracy.items()
}
fig, axes = plt.subplots(1, 2, figsize=(5.6, 3.9), sharey=True)
names = list(networks)
for ax, group in zip(axes, (names[:4], names[4:]), strict=True):
    curves(ax, PIXELS, {name: mean[name] for name in group})
    ax.set(xlabel="moved by (pixels)", ylim=(0, 1), xticks=(0, 2, 4, 6, 8))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
axes[0].set(ylabel="test accuracy")
show()

# %% table
Table(
    ["network", *(f"{pixels} px:.2f" for pixels in PIXELS)],
    [[name, *found] for name, found in mean.items()],
).show()
