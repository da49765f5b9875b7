"""LeNet and AlexNet, drawn to one scale."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn

from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.drawing import draw_maps
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes

use_style()
seed_everything(0)


# %% networks
def shapes(model: nn.Module, *image: int) -> list[tuple[int, ...]]:
    """Return the shapes of what enters a network and leaves its layers."""
    rows = layer_shapes(model, (1, *image))
    kept = [row for row in rows if row.kind in ("Conv2d", "Linear")]
    return [image, *(row.shape[1:] for row in kept)]


with torch.device("meta"):  # shapes, and no numbers
    large = shapes(alexnet(), 3, 224, 224)
small = shapes(lenet(), 1, 28, 28)

# %% network-figure
fig, (above, below) = plt.subplots(2, figsize=(4.8, 2.2), height_ratios=(1, 4))
labels = [
    f"{shape[0]:,}\n" + (f"× {shape[1]}²" if shape[1:] else "")
    for shape in large
]
draw_maps(below, large, labels)
draw_maps(above, small, [""] * len(small))
above.text(above.get_xlim()[1], 0, "LeNet-5", va="center")
above.set(xlim=below.get_xlim(), ylim=(-45, 45))  # to the same scale
below.text(sum(below.get_xlim()) / 2, -170, "AlexNet", ha="center")
show()
