"""Solutions to the exercises of the chapter on AlexNet."""

# %% setup
from math import prod

import torch

from dlnotes.receptive import parameter_count
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import alexnet, small_alexnet
from dlnotes.vision.shapes import layer_shapes

seed_everything(0)

# %% solution-1
with torch.device("meta"):
    model = alexnet(towers=2)
for name in ("features.3", "features.6", "features.8", "features.10"):
    conv = model.get_submodule(name)
    out, seen, k, _ = conv.weight.shape
    by_hand = out * (seen * k * k + 1)
    print(f"{name}: {out} × ({seen} × {k}² + 1) = {by_hand:,}", end="")
    print(f", and with all maps {out * (conv.in_channels * k * k + 1):,}")

# %% solution-2
MB = 2**20
floats = 4 * parameter_count(model) / MB  # of 32 bits
print(f"parameters, gradients, momentum: {3 * floats:.0f} MB")
rows = layer_shapes(model, (128, 3, 224, 224))
kept = 4 * sum(prod(row.shape) for row in rows) / MB
memory = 3 * floats + kept
print(f"outputs of all layers, 128 images: {kept:.0f} MB")
print(f"together: {memory:.0f} MB of 3,072")

# %% solution-3
crops_paper = (256 - 224) ** 2 * 2
crops_all = (256 - 224 + 1) ** 2 * 2
crops_here = (2 * 4 + 1) ** 2
print("in the paper:", crops_paper, "and with the last place:", crops_all)
print("in this chapter:", crops_here)

# %% solution-4
for kernel in (2, 3):
    side, sides = 55, []
    for _ in range(3):  # the convolutions between them keep the size
        side = (side - kernel) // 2 + 1
        sides.append(side)
    print(f"{kernel} × {kernel} at stride 2:", sides)

# %% solution-5
with torch.device("meta"):
    small = small_alexnet(8)
for name, network, images in (
    ("AlexNet", model, 1_200_000),
    ("here", small, 160),
):
    per_image = parameter_count(network) / images
    print(f"{name}: {per_image:.0f} parameters for an image")
