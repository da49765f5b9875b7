"""GoogLeNet, drawn from the image to its heads."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.googlenet import googlenet
from dlnotes.vision.shapes import layer_shapes

use_style()
seed_everything(0)

# %% network-figure
with torch.device("meta"):  # shapes without numbers
    rows = layer_shapes(googlenet(), (1, 3, 224, 224))
gap, left = 60, 0
fig, ax = plt.subplots(figsize=(4.8, 2.0))
for row in rows:
    part, name = row.name.split(".")
    if row.kind == "MaxPool2d" or part == "head":
        continue
    _, C, H, _ = row.shape
    colour = "C0" if row.kind == "Inception" else "gray"
    box = dict(width=C, align="edge", color=colour, alpha=0.7)
    ax.bar(left, H, bottom=-H / 2, **box)
    left += C + gap
    if row.kind == "Inception":
        ax.text(left - gap - C / 2, H / 2 + 3, name, ha="center", fontsize=7)
    if name in ("4a", "4d", "5b"):  # the first two in training only
        style = dict(arrowstyle="->", ls="-" if name == "5b" else "--")
        ends = dict(xy=(left - gap / 2, -40), xytext=(left - gap / 2, -5))
        ax.annotate("", **ends, arrowprops={**style, "color": "C1"})
        ax.text(left - gap / 2, -43, "head", ha="center", va="top")
ax.text(0, -60, "stem", va="top")
ax.axis((0, left + 200, -75, 60))
ax.set_axis_off()
show()
