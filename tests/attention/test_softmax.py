import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from compared import assert_same, numbers
from dlnotes.attention.softmax import masked_softmax

MASK = torch.tensor([[True, True, False], [False, False, False], [True, True, True]])


def of_what_is_left(scores: Tensor) -> Tensor:
    """Return the softmax of the scores that the mask leaves, one row at a time."""
    rows = []
    for row, kept in zip(scores, MASK, strict=True):
        weights = torch.zeros_like(row)
        if kept.any():
            weights = weights.masked_scatter(kept, row[kept].softmax(0))
        rows.append(weights)
    return torch.stack(rows)


def test_equals_the_softmax_of_what_is_left() -> None:
    assert_same(lambda x: masked_softmax(x, MASK), of_what_is_left, numbers(3, 3))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3)])
def test_without_a_mask_it_is_pytorchs(shape: tuple[int, ...]) -> None:
    scores = numbers(*shape)
    assert_same(masked_softmax, lambda x: x.softmax(-1), scores)
    every = torch.ones(shape, dtype=torch.bool)
    torch.testing.assert_close(masked_softmax(scores, every), scores.softmax(-1))


def test_the_mask_expands() -> None:
    scores = numbers(2, 4, 3)
    weights = masked_softmax(scores, MASK[:1])
    assert (weights[..., 2] == 0).all()
    torch.testing.assert_close(weights[..., :2], scores[..., :2].softmax(-1))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("size", [0.0, 1e4, -1e4])
def test_a_row_without_keys_is_zero_at_any_size(
    dtype: torch.dtype, size: float
) -> None:
    scores = (numbers(3, 3) + size).to(dtype).requires_grad_()
    weights = masked_softmax(scores, MASK)
    assert weights.dtype == dtype
    assert (weights[~MASK] == 0).all()
    assert (weights[MASK] > 0).all()
    (gradient,) = torch.autograd.grad(weights.square().sum(), scores)
    assert (gradient[~MASK] == 0).all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("filling", [-1e300, 0.0, 1e300, float("inf"), float("nan")])
def test_what_is_masked_does_not_matter(filling: float) -> None:
    scores = numbers(3, 3)
    expected = masked_softmax(scores, MASK)
    found = masked_softmax(scores.masked_fill(~MASK, filling), MASK)
    assert torch.equal(found, expected)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=6),
    st.floats(-1e3, 1e3),
)
def test_laws(entries: list[tuple[float, bool]], shift: float) -> None:
    scores = torch.tensor([x for x, _ in entries], dtype=torch.float64)
    mask = torch.tensor([kept for _, kept in entries])
    weights = masked_softmax(scores, mask)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    assert weights.sum().item() == pytest.approx(1 if mask.any() else 0)
    if mask.any():  # the largest score has the largest weight
        assert weights[mask][scores[mask].argmax()] == weights.max()
    shifted = masked_softmax(scores + shift, mask)
    torch.testing.assert_close(shifted, weights, rtol=1e-6, atol=1e-6)


def test_refusals() -> None:
    with pytest.raises(TypeError, match=r"^the mask is torch\.float32: make it"):
        masked_softmax(torch.ones(3, 3), torch.ones(3, 3))
    with pytest.raises(ValueError, match=r"^the mask has shape \(3, 3\), the scores"):
        masked_softmax(torch.ones(2, 3), MASK)
