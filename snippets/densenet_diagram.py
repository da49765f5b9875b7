"""How many maps enter the layers of DenseNet-121 and ResNet-50."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn

from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.densenet import densenet121
from dlnotes.vision.resnet import resnet50

use_style()
seed_everything(0)


# %% maps
with torch.device("meta"):  # shapes without numbers
    models = {"DenseNet-121": densenet121(), "ResNet-50": resnet50()}


def entering(model: nn.Module, part: str) -> dict[int, int]:
    """Return the numbers of maps that enter 1 × 1 convolutions, by depth."""
    named = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and "shortcut" not in name
    ]
    return {
        depth: module.in_channels
        for depth, (name, module) in enumerate(named)
        if module.kernel_size == (1, 1) and part in name
    }


FIRST = {"DenseNet-121": "", "ResNet-50": "conv1"}  # in a block of the latter
# %% maps-figure
fig, ax = plt.subplots(figsize=(4.8, 2.8))
for (name, model), mark in zip(models.items(), ("o", "s"), strict=True):
    found = entering(model, FIRST[name])
    ax.plot(*zip(*found.items()), mark, ms=3, label=name)
ax.set(xlabel="convolutions before", ylabel="maps that enter")
ax.set(xlim=(0, None), ylim=(0, None))
ax.legend()
show()
