import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dlnotes.basics.gradient import (
    gradient_check,
    numerical_gradient,
    relative_error,
)

SHAPES = [(), (1,), (4,), (2, 3), (3, 1, 2)]


def wavy(x: np.ndarray) -> float:
    weights = np.arange(1, x.size + 1).reshape(x.shape)
    return float(np.sum(np.sin(weights * x) + np.prod(x)))


@pytest.mark.parametrize("shape", SHAPES)
def test_equals_torch_for_any_shape(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    v = torch.tensor(x, requires_grad=True)
    weights = torch.arange(1, v.numel() + 1).reshape(v.shape)
    (torch.sin(weights * v) + torch.prod(v)).sum().backward()
    gradient = numerical_gradient(wavy, x)
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, v.grad, rtol=1e-8, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    arrays(
        float,
        array_shapes(max_dims=3, max_side=3),
        elements=st.floats(-10, 10, width=32),
    ),
    st.floats(1e-3, 1.0),
)
def test_is_exact_for_quadratics_whatever_the_step(x: np.ndarray, h: float) -> None:
    gradient = numerical_gradient(lambda x: float(np.sum(3 * x**2 + 2 * x)), x, h)
    np.testing.assert_allclose(gradient, 6 * x + 2, rtol=1e-9, atol=1e-8)


def test_moves_one_entry_at_a_time_and_leaves_x_alone() -> None:
    x = np.arange(6.0).reshape(2, 3)
    before, moved = x.copy(), []

    def f(point: np.ndarray) -> float:
        moved.append(np.argwhere(point != before).tolist())
        assert point is not x
        return 0.0

    numerical_gradient(f, x)
    assert moved == [[[i, j]] for i in range(2) for j in range(3) for _ in range(2)]
    np.testing.assert_array_equal(x, before)


def test_error_falls_with_the_square_of_the_step() -> None:
    errors = [
        abs(numerical_gradient(lambda x: float(np.exp(x)), 0.5, h) - np.exp(0.5))
        for h in (1e-1, 1e-2, 1e-3)
    ]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("x", [np.array([3, 4]), [3, 4], 3, np.array([True])])
def test_refuses_integers_in_words(x: object) -> None:
    with pytest.raises(TypeError, match=r"x holds (int64|bool).*x\.astype\(float\)"):
        numerical_gradient(lambda x: float(np.sum(x**2)), x)  # type: ignore[arg-type]


def test_takes_lists_of_floats() -> None:
    gradient = numerical_gradient(lambda x: float(np.sum(x**2)), [[3.0, 4.0]])
    np.testing.assert_allclose(gradient, [[6.0, 8.0]], rtol=1e-9)


def test_relative_error_divides_by_the_reference() -> None:
    error = relative_error([8.0, -1.0, 2.0], [1.0, 1.0, 2.0])
    np.testing.assert_allclose(error, [7.0, 2.0, 0.0])


def test_relative_error_has_a_floor() -> None:
    np.testing.assert_allclose(relative_error([1e-9], [0.0]), [1e-3])
    np.testing.assert_allclose(relative_error([1e-9], [0.0], floor=1e-3), [1e-6])


@pytest.mark.parametrize("shape", [(4, 1), (1,), (2, 2)])
def test_relative_error_refuses_to_broadcast(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        relative_error(np.ones(shape), np.ones(4))


def test_check_finds_one_wrong_entry_among_many() -> None:
    x = np.random.default_rng(1).normal(size=(3, 4))
    gradient = 3 * x**2
    assert gradient_check(lambda x: float(np.sum(x**3)), x, gradient) < 1e-6
    gradient[1, 2] *= 8
    error = gradient_check(lambda x: float(np.sum(x**3)), x, gradient)
    assert error == pytest.approx(7, rel=1e-6)


def test_check_does_not_let_nan_pass() -> None:
    assert np.isnan(gradient_check(lambda x: float(np.sum(x)), [1.0, 2.0], [1, np.nan]))
