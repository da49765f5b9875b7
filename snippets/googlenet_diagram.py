"""An Inception block, and GoogLeNet from the image to its heads."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.googlenet import googlenet
from dlnotes.vision.shapes import layer_shapes

use_style()
seed_everything(0)

# %% block-figure
PATHS = (("", "1 × 1"), ("1 × 1", "3 × 3"), ("1 × 1", "5 × 5"))
TOP, FIRST, SECOND, END = 3.3, 2.2, 1.1, 0  # heights, from input to output
MIDDLE, EDGE = 2.7, 0.25  # of the picture; of a box


def box(x: float, y: float, text: str, colour: str) -> None:
    face = dict(boxstyle="round,pad=0.45", fc=colour, ec="none", alpha=0.3)
    ax.text(x, y, text, ha="center", va="center", bbox=face)


def arrow(x: float, y: float, x_end: float, y_end: float) -> None:
    style = dict(arrowstyle="->", color="gray", shrinkA=0, shrinkB=0)
    ends = dict(xytext=(x, y - EDGE), xy=(x_end, y_end + EDGE))
    ax.annotate("", **ends, arrowprops=style)


fig, ax = plt.subplots(figsize=(4.8, 3.1))
for n, (first, second) in enumerate([*PATHS, ("max 3 × 3", "1 × 1")]):
    x = 1.8 * n
    if first:
        arrow(MIDDLE, TOP, x, FIRST)
        box(x, FIRST, first, "C1" if first == "1 × 1" else "C2")
        arrow(x, FIRST, x, SECOND)
    else:  # past the row of reductions
        ends = (TOP - EDGE, FIRST + EDGE)
        ax.plot((MIDDLE, x), ends, color="gray", lw=1)
        arrow(x, FIRST + 2 * EDGE, x, SECOND)
    box(x, SECOND, second, "C0")
    arrow(x, SECOND, MIDDLE, END)
box(MIDDLE, TOP, "maps", "C3")
box(MIDDLE, END, "all maps", "C3")
ax.set(xlim=(-0.9, 6.3), ylim=(-0.4, 3.7))
ax.set_axis_off()
show()

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
