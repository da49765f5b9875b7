import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Rectangle

from dlnotes.vision.drawing import SHEETS, Front, draw_maps

SHAPES = [(1, 28, 28), (4, 14, 14), (16, 7, 7), (100,), (25,)]


def stacks(names: str = "abcde") -> tuple[list[Front], list[list[Rectangle]], list]:
    """Return the fronts, the squares of each stack, and the texts."""
    _, ax = plt.subplots()
    fronts = draw_maps(ax, SHAPES, list(names))
    squares: dict[str, list[Rectangle]] = {}
    for patch in ax.patches:
        squares.setdefault(str(patch.get_edgecolor()), []).append(patch)
    plt.close("all")
    return fronts, list(squares.values()), list(ax.texts)


def test_sheets_are_squares_of_the_maps_side_and_twelve_at_most() -> None:
    _, found, _ = stacks()
    assert [len(stack) for stack in found] == [1, 4, SHEETS, 1, 1]
    for stack, (_, H, W) in zip(found[:3], SHAPES[:3], strict=True):
        assert {(p.get_width(), p.get_height()) for p in stack} == {(W, H)}


def test_the_front_is_drawn_last_and_the_others_lie_behind_it_up_and_right() -> None:
    fronts, found, _ = stacks()
    for front, stack in zip(fronts, found, strict=True):
        assert (front.left, front.bottom) == stack[-1].get_xy()
        assert front.side == stack[-1].get_height()
        corners = [square.get_xy() for square in stack]
        assert corners == sorted(corners, reverse=True)
        assert all(
            x - front.left == pytest.approx(y - front.bottom) for x, y in corners
        )


def test_stacks_are_as_deep_as_the_root_of_their_maps_and_columns_as_high() -> None:
    _, found, _ = stacks()
    four, sixteen = (
        (stack[0].get_x() - stack[-1].get_x()) * len(stack) / (len(stack) - 1)
        for stack in found[1:3]
    )
    assert sixteen == pytest.approx(2 * four)
    assert sixteen == pytest.approx(14)  # half of the largest side
    high, low = found[3][0].get_height(), found[4][0].get_height()
    assert (high, low) == (28, 14)


def test_all_lie_about_one_line_and_from_left_to_right() -> None:
    _, found, texts = stacks()
    ends = 0.0
    for stack, text in zip(found, texts, strict=True):
        left, right = stack[-1].get_x(), stack[0].get_x() + stack[0].get_width()
        assert left >= ends
        assert left <= text.get_position()[0] <= right
        ends = right
        bottom = stack[-1].get_y()
        top = bottom + stack[-1].get_height()
        depth = stack[0].get_x() - stack[-1].get_x()
        assert bottom == pytest.approx(-(top + depth))
    assert [text.get_text() for text in texts] == list("abcde")


def test_each_shape_has_a_name() -> None:
    with pytest.raises(ValueError, match="zip"):
        stacks("abc")
