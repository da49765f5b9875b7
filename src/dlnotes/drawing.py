"""Draw what a model computes as boxes and wires that light up in order."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes


class Part(NamedTuple):
    """A value, an operation or a layer: where it stands, when it lights up.

    A value has no frame, an operation has a "circle", a layer a "round" box.
    """

    text: str
    x: float
    y: float
    step: int
    frame: str = ""


class Wire(NamedTuple):
    """A line through points x, y, with an arrow at its end.

    It lights up with `step`.
    """

    points: Sequence[tuple[float, float]]
    step: int


def draw_circuit(
    ax: Axes, parts: Sequence[Part], wires: Sequence[Wire], step: int
) -> None:
    """Draw a circuit at a step: what is new, what is there, what is to come.

    What lights up now is C1, what did before is black, what comes later is
    gray. All of it keeps its place, so that the steps are the frames of one
    figure. The unit of `ax` is the distance of two parts.
    """
    for wire in wires:
        *line, before, end = wire.points
        colour, width = light(wire.step, step)
        xs, ys = zip(*line, before, end, strict=True)
        ax.plot(xs, ys, color=colour, lw=width, zorder=1)
        arrow = dict(arrowstyle="-|>", color=colour, lw=width, shrinkA=0)
        ax.annotate("", end, before, arrowprops=arrow | {"shrinkB": 0})
    for part in parts:
        colour, width = light(part.step, step)
        text = ax.text(part.x, part.y, part.text, color=colour, zorder=2)
        text.set(ha="center", va="center")
        if part.frame:
            box = dict(facecolor="white", edgecolor=colour, linewidth=width)
            text.set_bbox(box | {"boxstyle": f"{part.frame},pad=0.25"})
    ax.set_axis_off()
    ax.set_aspect("equal")


def light(own: int, step: int) -> tuple[str, float]:
    """Return the colour and the width of lines for what lights up at `own`."""
    if own == step:
        return "C1", 1.8
    return ("black", 1.0) if own < step else ("gray", 0.6)
