"""Circuits that light up in order."""

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from dlnotes.drawing import Part, Wire, draw_circuit, light

PARTS = [Part("x", 0, 0, 0), Part("+", 1, 0, 1, "circle"), Part("f", 2, 0, 2, "round")]
WIRES = [Wire([(0.2, 0), (0.8, 0)], 1), Wire([(1, 0.2), (1, 1), (2, 1), (2, 0.2)], 2)]


def drawn(step: int) -> Axes:
    ax = Figure().subplots()
    draw_circuit(ax, PARTS, WIRES, step)
    return ax


def colours(ax: Axes) -> list[object]:
    return [text.get_color() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, ["C1", "gray", "gray"]),
        (1, ["black", "C1", "gray"]),
        (2, ["black", "black", "C1"]),
        (3, ["black", "black", "black"]),
    ],
)
def test_what_is_new_is_coloured_and_what_comes_later_gray(
    step: int, expected: list[str]
) -> None:
    assert colours(drawn(step)) == expected


def test_what_is_new_has_the_thickest_lines() -> None:
    assert light(1, 1)[1] > light(0, 1)[1] > light(2, 1)[1]


def test_a_wire_has_its_line_and_an_arrow_of_its_colour() -> None:
    ax = drawn(1)
    assert [line.get_color() for line in ax.lines] == ["C1", "gray"]
    assert list(ax.lines[1].get_xdata()) == [1, 1, 2, 2]  # type: ignore[arg-type]
    assert list(ax.lines[1].get_ydata()) == [0.2, 1, 1, 0.2]  # type: ignore[arg-type]
    arrows = [text for text in ax.texts if isinstance(text, Annotation)]
    assert [arrow.xy for arrow in arrows] == [(0.8, 0), (2, 0.2)]
    patches = [arrow.arrow_patch for arrow in arrows]
    assert [patch and patch.get_edgecolor() for patch in patches] == [
        to_rgba("C1"),
        to_rgba("gray"),
    ]


def test_operations_and_layers_are_framed_and_values_are_not() -> None:
    frames = [text.get_bbox_patch() for text in drawn(0).texts if text.get_text()]
    assert frames[0] is None
    names = [type(f.get_boxstyle()).__name__ for f in frames if f]
    assert names == ["Circle", "Round"]


def test_every_step_has_everything_in_its_place() -> None:
    places = [[t.get_position() for t in drawn(step).texts] for step in range(3)]
    assert places[0] == places[1] == places[2]
