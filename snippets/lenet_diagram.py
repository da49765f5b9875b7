"""LeNet-5, drawn: the maps and the units of its layers."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.drawing import Front, draw_maps
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes

use_style()
seed_everything(0)

# %% network
model = lenet()
rows = layer_shapes(model, (1, 1, 28, 28))
kept = [row for row in rows if row.kind in ("Conv2d", "AvgPool2d", "Linear")]
shapes = [(1, 28, 28), *(row.shape[1:] for row in kept)]
names = ["canvas", "C1", "S2", "C3", "S4", "C5", "F6", "output"]
labels = [
    f"{name}\n{shape[0]}" + (f" × {shape[1]}²" if shape[1:] else "")
    for name, shape in zip(names, shapes, strict=True)
]


# %% windows
def window(ax: Axes, front: Front, row: int, column: int) -> None:
    """Frame 5 × 5 pixels of a map, the first of them at row and column."""
    left, top = front.left + column, front.bottom + front.side - row
    frame = dict(fill=False, linewidth=0.8, zorder=3)
    ax.add_patch(Rectangle((left, top - 5), 5, 5, **frame))


def joined(ax: Axes, seen: Front, corner: tuple[int, int], to: Front) -> None:
    """Join a window with the place of the next map that looks at it."""
    row, column = corner
    padding = (to.side - seen.side + 4) // 2
    window(ax, seen, row, column)
    x = to.left + column + padding + 0.5
    y = to.bottom + to.side - row - padding - 0.5
    right, top = seen.left + column + 5, seen.bottom + seen.side - row
    for edge in (top, top - 5):
        ax.plot((right, x), (edge, y), color="gray", lw=0.6, zorder=4)
    ax.plot(x, y, "s", color="black", ms=1.5, zorder=5)


# %% network-figure
fig, ax = plt.subplots(figsize=(4.8, 1.5))
fronts = draw_maps(ax, shapes, labels)
left, bottom, side = fronts[0]
edges = (left, left + side, bottom, bottom + side)
image = load_scenes().train.images[0, 0].numpy()
ax.imshow(image, cmap="gray_r", extent=edges, zorder=2)
joined(ax, fronts[0], (6, 14), fronts[1])
joined(ax, fronts[2], (3, 6), fronts[3])
show()
