from math import exp

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from compared import assert_same, numbers
from dlnotes.attention.kernel import KernelRegression, kernel_weights, leave_one_out

QUERIES, KEYS, VALUES = numbers(3), numbers(4, seed=1), numbers(4, seed=2)


def by_hand(queries: Tensor, keys: Tensor, width: Tensor) -> Tensor:
    """Return bells divided by their sum, pair by pair."""
    bells = [[(-((q - k) ** 2) / (2 * width**2)).exp() for k in keys] for q in queries]
    rows = [torch.stack(row) / sum(row) for row in bells]
    return torch.stack(rows)


def test_weights_are_bells_divided_by_their_sum() -> None:
    width = torch.tensor(0.7, dtype=torch.float64)
    assert_same(kernel_weights, by_hand, QUERIES, KEYS, width)
    found = kernel_weights(QUERIES, KEYS, 0.7)
    assert torch.equal(found, kernel_weights(QUERIES, KEYS, width))
    pair = kernel_weights(torch.tensor([0.0]), torch.tensor([0.0, 2.0]), 2.0)[0]
    assert (pair[1] / pair[0]).item() == pytest.approx(exp(-0.5))


def test_leave_one_out_forbids_the_diagonal_alone() -> None:
    assert leave_one_out(3).tolist() == [
        [False, True, True],
        [True, False, True],
        [True, True, False],
    ]
    weights = kernel_weights(KEYS, KEYS, 1.0, leave_one_out(4))
    assert torch.equal(weights == 0, torch.eye(4, dtype=torch.bool))
    torch.testing.assert_close(weights.sum(1), torch.ones(4).double())
    rest = kernel_weights(KEYS[:1], KEYS[1:], 1.0)
    torch.testing.assert_close(weights[:1, 1:], rest)


@given(st.floats(0.05, 20), st.floats(0.1, 10), st.floats(-5, 5))
def test_only_distances_in_widths_count(
    width: float, scale: float, move: float
) -> None:
    expected = kernel_weights(QUERIES, KEYS, width)
    moved = [scale * x + move for x in (QUERIES, KEYS)]
    torch.testing.assert_close(kernel_weights(*moved, scale * width), expected)
    order = (QUERIES[:, None] - KEYS).abs().argmin(1)
    assert torch.equal(expected.argmax(1), order)  # the nearest key weighs most


def test_a_narrow_bell_takes_the_nearest_and_a_wide_one_the_mean() -> None:
    nearest = (QUERIES[:, None] - KEYS).abs().argmin(1)
    narrow, wide = (kernel_weights(QUERIES, KEYS, w) @ VALUES for w in (1e-3, 1e4))
    torch.testing.assert_close(narrow, VALUES[nearest])
    torch.testing.assert_close(wide, VALUES.mean().expand(3), rtol=1e-6, atol=1e-6)


def test_the_module_predicts_by_its_width() -> None:
    model = KernelRegression(0.7).double()
    assert [name for name, _ in model.named_parameters()] == ["log_width"]
    predictions = model(QUERIES, KEYS, VALUES)
    expected = kernel_weights(QUERIES, KEYS, model.width) @ VALUES
    assert torch.equal(predictions, expected)
    left = model(KEYS, KEYS, VALUES, leave_one_out(4))
    (slope,) = torch.autograd.grad(left[0], model.log_width)
    assert slope != 0
    VALUES_TOO = VALUES.clone()
    VALUES_TOO[0] += 5
    found = model(KEYS, KEYS, VALUES_TOO, leave_one_out(4))
    assert torch.equal(found[0], left[0])
    assert (found[1:] != left[1:]).all()
    assert KernelRegression().width.item() == 1
    assert model.width.item() == pytest.approx(0.7)


@pytest.mark.parametrize("seed", range(3))
def test_a_learned_width_collapses_unless_each_point_is_left_out(seed: int) -> None:
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(50, generator=g) * 5
    y = 2 * x.sin() + x**0.8 + torch.randn(50, generator=g) / 2
    widths = []
    for mask in (None, leave_one_out(50)):
        model = KernelRegression(1.0)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(200):
            optimizer.zero_grad()
            loss = (model(x, x, y, mask) - y).square().mean()
            loss.backward()
            optimizer.step()
        widths.append(model.width.item())
    assert 0 < widths[0] < 0.01
    assert 0.1 < widths[1] < 0.6


@pytest.mark.parametrize("width", [0.0, -1.0])
def test_a_width_is_positive(width: float) -> None:
    with pytest.raises(
        ValueError, match=f"^width is {width}: a positive one is needed"
    ):
        KernelRegression(width)
