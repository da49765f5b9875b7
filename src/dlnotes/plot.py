"""How the book draws: one style for everybody, and figures that recur."""

import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from dlnotes.palette import COLOURS, DASHES

STYLE: dict[Any, Any] = {
    "axes.facecolor": "none",
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 144,
    "figure.figsize": (4.8, 3.0),
    "figure.max_open_warning": 0,  # frames of one figure are many
    "font.size": 10,
    "grid.alpha": 0.3,
    "grid.color": "gray",
    "legend.edgecolor": "gray",
    "legend.frameon": False,
}
FOLDER = Path("figures")  # for the figures that no display can show
numbers = count(1)


def use_style() -> None:
    """Set matplotlib's parameters to the book's, whatever they were before.

    Figures fit their labels in, have no frame, and take colours that stay
    apart for the colour-blind.
    """
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)


def show() -> None:
    """Show the open figures; without a display, save them and say where.

    Figures that all have names, as `plt.subplots(num="step 1")` gives them,
    are the frames of one figure: the book's pages show it with a slider.
    They go into the folder `figures`, with the program's name and a number.
    """
    if matplotlib.get_backend().lower() != "agg":
        plt.show()
        return
    name = Path(sys.argv[0]).stem or "figure"
    FOLDER.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        path = FOLDER / f"{name}-{next(numbers)}.png"
        plt.figure(number).savefig(path)
        print(f"no display: saved {path.resolve()}", file=sys.stderr)
    plt.close("all")


def curves(ax: Axes, x: ArrayLike, named: Mapping[str, ArrayLike]) -> None:
    """Draw named curves over x, each in a colour and a dash of its own."""
    styles = zip(COLOURS, DASHES, strict=True)
    for (name, y), (colour, dash) in zip(named.items(), styles, strict=False):
        ax.plot(x, y, color=colour, linestyle=dash, label=name)


def dots(ax: Axes, named: Mapping[str, Sequence[float]]) -> None:
    """Draw named values, row by row: a dot for each, a line at their mean."""
    for n, values in enumerate(named.values()):
        ax.plot(values, [n] * len(values), "o", color=f"C{n}", alpha=0.6)
        ax.plot(np.mean(values), n, "|", color="black", ms=14)
    ax.set_yticks(range(len(named)), list(named))
    ax.set_ylim(len(named) - 0.5, -0.5)  # the first is at the top


def gallery(
    ax: Axes,
    images: ArrayLike,
    labels: Sequence[str] = (),
    columns: int = 10,
    cmap: str = "gray_r",
    limit: float | None = None,
) -> AxesImage:
    """Draw images (N, H, W) row by row as one picture, a label above each.

    Args:
        ax: where.
        images: of one size; what is nan stays blank.
        labels: one for each image, or none at all.
        columns: images in a row.
        cmap: the colour map.
        limit: the values that get the ends of the map are -limit and limit;
            by default they are the smallest and the largest.
    """
    images = np.asarray(images, dtype=float)
    N, H, W = images.shape
    gap = max(1, H // 3) if labels else 1  # pixels
    sheet = np.full((-(-N // columns) * (H + gap), columns * (W + 1)), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (H + gap) + gap, i % columns * (W + 1)
        sheet[top : top + H, left : left + W] = image
        if labels:
            middle = left + W / 2 - 0.5
            ax.text(middle, top - 0.7, labels[i], ha="center", va="bottom")
    ax.set_axis_off()
    low = None if limit is None else -limit
    return ax.imshow(
        sheet, cmap=cmap, vmin=low, vmax=limit, interpolation="nearest"
    )


def surface(
    ax: Axes, x: ArrayLike, y: ArrayLike, height: ArrayLike, levels: ArrayLike
) -> None:
    """Draw a surface seen from above: dark is low, white lines are level.

    height is (len(y), len(x)); each step from level to level gets a shade.
    """
    x, y, height = np.asarray(x), np.asarray(y), np.asarray(height)
    levels = np.asarray(levels)
    norm = BoundaryNorm(levels, 256, extend="both")
    shades: dict[str, Any] = dict(cmap="viridis", norm=norm, alpha=0.5)
    ax.contourf(x, y, height, levels, extend="both", **shades)
    ax.contour(x, y, height, levels, colors="white", linewidths=0.6)


def level_lines(
    ax: Axes, x: ArrayLike, y: ArrayLike, height: ArrayLike, levels: ArrayLike
) -> None:
    """Draw a surface as gray level lines, to put a path on.

    height is (len(y), len(x)).
    """
    x, y, height = np.asarray(x), np.asarray(y), np.asarray(height)
    ax.contour(x, y, height, np.asarray(levels), colors="gray", alpha=0.5)


def regions(ax: Axes, x: ArrayLike, y: ArrayLike, lead: ArrayLike) -> None:
    """Colour a plane by the sign of `lead`: C0 below zero, C1 above.

    lead is (len(y), len(x)).
    """
    x, y, lead = np.asarray(x), np.asarray(y), np.asarray(lead)
    ends = [-np.inf, 0, np.inf]
    ax.contourf(x, y, lead, ends, colors=["C0", "C1"], alpha=0.3)
