"""A dense head, and a head that averages, drawn."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dlnotes.plot import show, use_style

use_style()
SIDE, CLASSES = 3, 3  # pixels of a map, and logits


# %% parts
def stack(ax: Axes, bottom: float, colours: list[str]) -> None:
    """Draw maps of 3 × 3 places below each other, from `bottom` upwards."""
    for n, colour in enumerate(colours):
        for place in range(SIDE**2):
            corner = (place % SIDE, bottom + 4 * n + place // SIDE)
            ax.add_patch(Rectangle(corner, 1, 1, fc=colour, ec="white"))


def unit(ax: Axes, x: float, y: float, colour: str) -> None:
    ax.plot(x, y, "o", ms=12, mfc=colour, mec="none", zorder=3)


# %% heads-figure
fig, (dense, average) = plt.subplots(1, 2, figsize=(4.8, 2.5), sharey=True)
stack(dense, 0, ["lightgray"] * CLASSES)
stack(average, 0, [f"C{n}" for n in range(CLASSES)])
for n in range(CLASSES):
    unit(dense, 10, 4 * n + 1.5, f"C{n}")
    unit(average, 10, 4 * n + 1.5, f"C{n}")
    for m in range(CLASSES):
        for row in range(SIDE):
            line = dict(color=f"C{n}", lw=0.5, alpha=0.7)
            ends = (4 * m + row + 0.5, 4 * n + 1.5)
            dense.plot((SIDE, 10), ends, **line)
    for edge in (0, SIDE):
        ends = (4 * n + edge, 4 * n + 1.5)
        average.plot((SIDE, 10), ends, color=f"C{n}", lw=1)
for ax, name in ((dense, "dense head"), (average, "global average")):
    ax.set(title=name, xlim=(-0.5, 11), ylim=(-1.6, 11.5))
    ax.text(1.5, -0.3, "maps", ha="center", va="top")
    ax.text(10, -0.3, "logits", ha="center", va="top")
    ax.set_axis_off()
show()
