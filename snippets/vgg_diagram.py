"""Two kernels of 3 behind each other see what one of 5 sees."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from dlnotes.plot import show, use_style

use_style()


# %% drawing
def places(ax: Axes, height: int, ways: np.ndarray, colour: str) -> None:
    """Draw seven places of a map; in those that count, by how many ways."""
    reach = len(ways) // 2
    for x in range(-3, 4):
        seen = abs(x) <= reach
        square = dict(ms=15, mec="gray", mfc=colour if seen else "white")
        ax.plot(x, height, "s", zorder=2, **square)
        if seen:
            count = f"{ways[x + reach]:g}"
            style = dict(ha="center", va="center", color="white", fontsize=8)
            ax.text(x, height, count, **style)


def kernel(ax: Axes, x: int, top: int, bottom: int, reach: int) -> None:
    """Join a place with those below it that its kernel sees."""
    for step in range(-reach, reach + 1):
        line = dict(color="gray", lw=0.8, zorder=1)
        ax.plot((x, x + step), (top, bottom), **line)


# %% field-figure
one, three = np.ones(1), np.ones(3)
ways = (one, np.convolve(one, three), np.convolve(three, three))
fig, (left, right) = plt.subplots(1, 2, figsize=(4.8, 2.0))
for n, counts in enumerate(ways):
    places(left, 2 - n, counts, f"C{n}")
    for x in range(-n, n + 1):
        if n < 2:
            kernel(left, x, 2 - n, 1 - n, 1)
places(right, 2, one, "C0")
places(right, 0, np.ones(5), "C2")
kernel(right, 0, 2, 0, 2)
for ax, name in ((left, "3, then 3"), (right, "5")):
    ax.set(xlim=(-3.8, 3.8), ylim=(-0.6, 2.6), title=name)
    ax.set_axis_off()
show()
