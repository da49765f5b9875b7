"""The operation of PyTorch's against the formula."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from compared import numbers
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.score import attention

SHAPES = [(), (2,), (2, 3)]  # of what comes before (T, d)


def answers(kind: Any, X: list[Tensor], mask: Tensor | None) -> list[Tensor]:
    leaves = [x.clone().requires_grad_() for x in X]
    output = kind(*leaves, mask)[0]
    slopes = numbers(*output.shape, seed=9).to(output.dtype)
    return [output, *torch.autograd.grad(output, leaves, slopes)]


def inputs(*before: int, T: int = 4, S: int = 4, d: int = 6) -> list[Tensor]:
    return [numbers(*before, n, d, seed=n + s) for s, n in enumerate((T, S, S))]


def equal(X: list[Tensor], mask: Tensor | None, bound: float) -> None:
    found, expected = (answers(kind, X, mask) for kind in (fused_attention, attention))
    torch.testing.assert_close(found, expected, rtol=bound, atol=bound)


@pytest.mark.parametrize("before", SHAPES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float64, 1e-9), (torch.float32, 1e-5)]
)
def test_equals_the_formula(
    before: tuple[int, ...], masked: bool, dtype: torch.dtype, bound: float
) -> None:
    mask = causal_mask(4) if masked else None
    equal([x.to(dtype) for x in inputs(*before)], mask, bound)
    assert fused_attention(*inputs(*before))[1] is None


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1_000))
def test_equals_it_under_any_mask(T: int, S: int, seed: int) -> None:
    mask = numbers(2, 1, T, S, seed=seed) > 0.3
    equal(inputs(2, 3, T=T, S=S), mask, 1e-9)


@pytest.mark.parametrize("before", SHAPES)
def test_a_row_without_keys_is_zero_in_both(before: tuple[int, ...]) -> None:
    mask = causal_mask(4)
    mask[0] = False
    X = inputs(*before)
    equal(X, mask, 1e-9)
    output, gradient, *_ = answers(fused_attention, X, mask)
    assert (output[..., 0, :] == 0).all()
    assert (output[..., 1:, :] != 0).all()
    assert (gradient[..., 0, :] == 0).all()


def test_drops_weights_if_it_is_told_to() -> None:
    torch.manual_seed(0)
    ones = torch.eye(1_000)
    output, _ = fused_attention(ones[None, :4] * 0, ones[None], ones[None], None, 0.25)
    kept = output[output != 0] * 1_000
    torch.testing.assert_close(kept, torch.full_like(kept, 4 / 3))
    assert len(kept) / 4_000 == pytest.approx(0.75, abs=0.03)


def test_refusals() -> None:
    with pytest.raises(TypeError, match=r"^the mask is torch\.float64: make it"):
        fused_attention(*inputs(2), causal_mask(4).double())
    with pytest.raises(ValueError, match=r"\(4, 4\), the scores \(2, 4, 5\): give one"):
        fused_attention(*inputs(2, S=5), causal_mask(4))
