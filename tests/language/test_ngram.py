from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dlnotes.language.ngram import NGrams

V = 4
ids = st.lists(st.integers(0, V - 1), min_size=5, max_size=40).map(torch.tensor)


def grams(text: Tensor, n: int) -> list[tuple[int, ...]]:
    """Return the n-grams of a text, one after the other."""
    tokens = text.tolist()
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


@given(ids, st.integers(1, 5))
def test_each_is_counted(text: Tensor, order: int) -> None:
    counted = NGrams(text, V, order)
    for n in range(order + 1):
        expected = Counter(grams(text, n)) if n else Counter({(): len(text)})
        found = counted.find(text)[n].tolist()
        ends = dict(zip(grams(text, n), found[max(n - 1, 0) :], strict=False))
        assert sorted(ends.values()) == list(range(len(expected)))
        counts = {gram: int(counted.counts[n][i]) for gram, i in ends.items()}
        assert counts == expected
        assert len(counted.codes[n]) == len(counted.counts[n]) == len(expected)


@given(ids, st.integers(1, 5))
def test_codes_are_sorted_and_suffixes_lack_the_first_token(
    text: Tensor, order: int
) -> None:
    counted = NGrams(text, V, order)
    found = counted.find(text)
    for n in range(1, order + 1):
        codes = counted.codes[n]
        assert torch.equal(codes, codes.unique())
        here, before = found[n][n - 1 :], found[n - 1][n - 1 :]
        assert torch.equal(counted.suffixes[n][here], before)
        assert torch.equal(codes[here] % V, text[n - 1 :])
        if n > 1:
            assert torch.equal(codes[here] // V, found[n - 1][n - 2 : -1])


@given(ids, st.integers(2, 5))
def test_continuations_are_tokens_before(text: Tensor, order: int) -> None:
    counted = NGrams(text, V, order)
    for n in range(1, order):
        found = counted.find(text)[n].tolist()
        before: dict[int, set[int]] = {i: set() for i in found[n - 1 :]}
        for at in range(n, len(text)):
            before[found[at]].add(int(text[at - n]))
        expected = [len(before[i]) for i in sorted(before)]
        assert counted.continuations(n).tolist() == expected


@given(ids, ids, st.integers(1, 5))
def test_what_another_text_has_of_them(text: Tensor, other: Tensor, order: int) -> None:
    counted = NGrams(text, V, order)
    known, found = counted.find(text), counted.find(other)
    assert len(found) == order + 1
    for n in range(1, order + 1):
        number = dict(zip(grams(text, n), known[n][n - 1 :].tolist(), strict=True))
        expected = [number.get(gram, -1) for gram in grams(other, n)]
        assert found[n].tolist() == [-1] * (n - 1) + expected


@given(ids, ids)
def test_several_texts_at_once(text: Tensor, other: Tensor) -> None:
    counted = NGrams(text, V, 3)
    rows = torch.stack([other, other.flip(0)])[None]
    together = counted.find(rows)
    for row in range(2):
        apart = counted.find(rows[0, row])
        for n in range(4):
            assert torch.equal(together[n][0, row], apart[n])


def test_many_tokens_and_long_ngrams_do_not_overflow() -> None:
    V = 100_000
    text = torch.randint(V, (2000,), generator=torch.Generator().manual_seed(0))
    counted = NGrams(text, V, 12)
    assert torch.equal(counted.counts[12], torch.ones(1989, dtype=torch.int64))
    assert (counted.find(text)[12] >= 0).sum() == 1989


def test_repr() -> None:
    text = torch.arange(2000) % 1500
    assert repr(NGrams(text, 1500, 2)) == "NGrams(1,500, 1,500 of 1 to 2 tokens)"


@pytest.mark.parametrize("order", [0, -1, 4])
def test_an_order_that_the_text_does_not_have(order: int) -> None:
    message = rf"^ids \(3,\) for the order {order}: they must be \(N,\), and the order "
    with pytest.raises(ValueError, match=message + r"from 1 to N$"):
        NGrams(torch.tensor([0, 1, 0]), 2, order)
    assert NGrams(torch.tensor([0, 1, 0]), 2, 3).order == 3


def test_a_text_of_two_axes() -> None:
    with pytest.raises(ValueError, match=r"^ids \(3, 2\) for the order 1: they must"):
        NGrams(torch.zeros(3, 2, dtype=torch.int64), 2, 1)


@pytest.mark.parametrize("i", [-1, 2])
def test_ids_that_are_none(i: int) -> None:
    message = f"^{i} is no id of 2 tokens: they count from 0$"
    with pytest.raises(ValueError, match=message):
        NGrams(torch.tensor([0, 1, i, -5, 5]), 2, 1)
    with pytest.raises(ValueError, match=message):
        NGrams(torch.tensor([0, 1]), 2, 1).find(torch.tensor([i, -5, 5]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32])
def test_numbers_that_are_no_ids(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=rf"^ids are {dtype}: int64 is needed$"):
        NGrams(torch.zeros(3, dtype=dtype), 2, 1)
