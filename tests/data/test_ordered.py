"""Strings whose label is a matter of order alone."""

import pytest
import torch

from dlnotes.data.ordered import FIRST, SECOND, SYMBOLS, comes_before, draw_ordered


def before(text: str) -> int:
    return int(comes_before(torch.tensor([[SYMBOLS.index(c) for c in text]])))


@pytest.mark.parametrize(
    ("text", "label"),
    [("XY", 1), ("YX", 0), ("aXbY", 1), ("YabX", 0), ("hgXYfe", 1), ("aYXa", 0)],
)
def test_the_label_tells_whether_x_comes_first(text: str, label: int) -> None:
    assert before(text) == label


def test_the_ids_are_those_of_the_symbols() -> None:
    assert SYMBOLS[FIRST] == "X"
    assert SYMBOLS[SECOND] == "Y"
    assert len(SYMBOLS) == 10


@pytest.mark.parametrize("T", [2, 3, 16])
def test_x_and_y_come_once_each_anywhere(T: int) -> None:
    ids, labels = draw_ordered(4000, T, torch.Generator().manual_seed(0))
    assert ids.shape == (4000, T)
    assert labels.shape == (4000,)
    assert ids.dtype == labels.dtype == torch.int64
    assert torch.equal(labels, comes_before(ids))
    for symbol in (FIRST, SECOND):
        assert ((ids == symbol).sum(1) == 1).all()
        places = (ids == symbol).float().mean(0)
        assert (places - 1 / T).abs().max() < 0.03
    assert labels.float().mean().item() == pytest.approx(0.5, abs=0.03)
    others = torch.bincount(ids[(ids != FIRST) & (ids != SECOND)], minlength=8)
    if T > 2:
        assert len(others) == 8
        assert (others / others.sum() - 1 / 8).abs().max() < 0.02


def test_a_bag_of_symbols_says_nothing() -> None:
    """Both orders of one bag have the two labels."""
    ids, labels = draw_ordered(50, 9, torch.Generator().manual_seed(1))
    swapped = ids.clone()
    swapped[ids == FIRST], swapped[ids == SECOND] = SECOND, FIRST
    assert torch.equal(swapped.sort(1).values, ids.sort(1).values)
    assert torch.equal(comes_before(swapped), 1 - labels)


def test_a_generator_decides() -> None:
    pair = [draw_ordered(5, 9, torch.Generator().manual_seed(3))[0] for _ in "ab"]
    assert torch.equal(*pair)
    torch.manual_seed(0)
    first = draw_ordered(5, 9)[0]
    torch.manual_seed(0)
    assert torch.equal(draw_ordered(5, 9)[0], first)


def test_no_strings_have_no_labels() -> None:
    ids, labels = draw_ordered(0, 5)
    assert ids.shape == (0, 5)
    assert labels.shape == (0,)


@pytest.mark.parametrize("T", [1, 0])
def test_a_string_has_room_for_both(T: int) -> None:
    with pytest.raises(ValueError, match=f"^T is {T}: X and Y need at least 2 places$"):
        draw_ordered(3, T)
