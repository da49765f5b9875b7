"""Strings with brackets: their labels, and what can be known of them."""

from itertools import product

import pytest
import torch

from dlnotes.data.brackets import (
    SYMBOLS,
    closing,
    doubt,
    draw_brackets,
    enclosed,
    forward_ceiling,
)


def labels(text: str) -> str:
    return "".join(map(str, enclosed([SYMBOLS.index(c) for c in text])))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "000"),
        ("a(b)c", "01110"),
        ("(a", "00"),
        ("a)", "00"),
        (")(", "00"),
        ("()", "11"),
        ("((a)", "0111"),
        ("(a)b)", "11100"),
        ("((a)b)c", "1111110"),
        ("(a)b(c)", "1110111"),
        ("", ""),
    ],
)
def test_what_a_closed_pair_encloses(text: str, expected: str) -> None:
    assert labels(text) == expected


def test_strings_are_drawn_with_their_labels() -> None:
    ids, y = draw_brackets(500, 20, torch.Generator().manual_seed(0))
    assert ids.shape == y.shape == (500, 20)
    assert y.tolist() == [enclosed(row) for row in ids.tolist()]
    counts = torch.bincount(ids.flatten(), minlength=len(SYMBOLS))
    assert len(counts) == len(SYMBOLS)
    assert (counts / ids.numel() - 1 / 8).abs().max() < 0.02


def test_no_strings_have_no_labels() -> None:
    ids, y = draw_brackets(0, 5)
    assert ids.shape == y.shape == (0, 5)
    assert ids.dtype == y.dtype


def test_a_generator_decides() -> None:
    pair = [draw_brackets(5, 9, torch.Generator().manual_seed(3))[0] for _ in "ab"]
    assert torch.equal(*pair)


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5])
def test_the_ceiling_is_that_of_all_strings(T: int) -> None:
    """The majority of the labels behind each beginning."""
    rows = [[5 + s if s else 0 for s in row] for row in product((0, 1, 2), repeat=T)]
    weights = [6.0 ** sum(s == 0 for s in row) / 8**T for row in rows]
    for t, found in enumerate(forward_ceiling(T).tolist()):
        sums: dict[tuple[int, ...], list[float]] = {}
        for row, weight in zip(rows, weights, strict=True):
            by_label = sums.setdefault(tuple(row[: t + 1]), [0.0, 0.0])
            by_label[enclosed(row)[t]] += weight
        assert found == pytest.approx(sum(map(max, sums.values())), abs=1e-6)


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5])
def test_closing_and_doubt_are_shares_of_all_strings(T: int) -> None:
    """Three kinds of symbols: a letter, for which there are six, ( and )."""
    rows = list(product((0, 6, 7), repeat=T))
    weights = [6.0 ** row.count(0) / 8**T for row in rows]
    for r, found in enumerate(closing(T).tolist()):
        longer = (enclosed([6, *row[:r]])[0] for row in rows)
        expected = sum(w for w, label in zip(weights, longer, strict=True) if label)
        assert found == pytest.approx(expected, abs=1e-6)
    for t, found in enumerate(doubt(T).tolist()):
        expected = 0.0
        for row, weight in zip(rows, weights, strict=True):
            beginning, waiting = row[: t + 1], 0
            for symbol in beginning:
                closes = symbol == 7 and waiting > 0
                waiting += (symbol == 6) - closes
            expected += weight * (waiting > 0 and not closes)
        assert found == pytest.approx(expected, abs=1e-6)
