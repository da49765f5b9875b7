"""Draw what leaves each layer of a network: sheets of maps, to one scale."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

SHEETS = 12  # drawn of a stack, at most


class Front(NamedTuple):
    """Where the front sheet of a stack lies: left, bottom and side."""

    left: float
    bottom: float
    side: float


def draw_maps(
    ax: Axes, shapes: Sequence[tuple[int, ...]], names: Sequence[str]
) -> list[Front]:
    """Draw stacks of maps from left to right, with names above them.

    A map of H × H pixels is a square of that side. A stack is as deep as
    the root of its number of maps tells, in at most twelve sheets. A layer
    of units without places is a column as high as the root of their number.

    Args:
        ax: where; its unit becomes a pixel of the first layer's.
        shapes: (C, H, H) for maps and (C,) for units.
        names: one for each shape, may be of several lines.

    Returns:
        where the front of each stack is.
    """
    largest = max(shape[-1] for shape in shapes if len(shape) == 3)
    deepest = max(shape[0] for shape in shapes if len(shape) == 3)
    longest = max([shape[0] for shape in shapes if len(shape) == 1], default=1)
    fronts, left = [], 0.0
    for i, (shape, name) in enumerate(zip(shapes, names, strict=True)):
        if len(shape) == 1:
            height = largest * (shape[0] / longest) ** 0.5
            width, step, sheets = 0.06 * largest, 0.0, 1
        else:
            width = height = float(shape[-1])
            sheets = min(shape[0], SHEETS)
            step = 0.5 * largest * (shape[0] / deepest) ** 0.5 / sheets
        depth = step * (sheets - 1)
        room = max(width + depth, 0.5 * largest)
        start = left + (room - width - depth) / 2
        bottom = -(height + depth) / 2
        for sheet in reversed(range(sheets)):
            corner = (start + step * sheet, bottom + step * sheet)
            square = Rectangle(corner, width, height, facecolor="white")
            square.set(edgecolor=f"C{i % 7}", linewidth=0.7)
            ax.add_patch(square)
        fronts.append(Front(start, bottom, height))
        ax.text(left + room / 2, 0.75 * largest, name, ha="center", fontsize=7)
        left += room + 0.25 * largest
    ax.set_axis_off()
    ax.axis((-0.1 * largest, left, -0.8 * largest, 1.3 * largest))
    ax.set_aspect("equal")
    ax.autoscale(False)
    return fronts
