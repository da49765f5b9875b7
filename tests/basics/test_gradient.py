import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dlnotes.basics.gradient import (
    central_difference,
    forward_difference,
    gradient_check,
    gradient_descent,
    hessian,
    numerical_gradient,
    relative_error,
)
from dlnotes.basics.surfaces import camel_gradient

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


def test_the_step_is_a_hundred_thousandth_unless_given() -> None:
    seen: list[float] = []

    def cube(x: np.ndarray) -> float:
        seen.append(float(x[0]))
        return float(x[0] ** 3)

    numerical_gradient(cube, [2.0])
    gradient_check(cube, [2.0], [12.0])
    gradient_check(cube, [2.0], [12.0], 0.5)
    steps = [1e-5, -1e-5, 1e-5, -1e-5, 0.5, -0.5]
    np.testing.assert_allclose(np.array(seen) - 2, steps, rtol=0, atol=1e-12)


def test_error_falls_with_the_square_of_the_step() -> None:
    errors = [
        abs(numerical_gradient(lambda x: float(np.exp(x)), 0.5, h) - np.exp(0.5))
        for h in (1e-1, 1e-2, 1e-3)
    ]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("x", [np.array([3, 4]), [3, 4], 3, np.array([True])])
def test_refuses_integers_in_words(x: object) -> None:
    message = r"^x holds (int64|bool) and cannot move by 1e-05: use x\.astype\(float\)$"
    with pytest.raises(TypeError, match=message):
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
    message = (
        f"a gradient of shape {shape} cannot be compared with a reference of shape (4,)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
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


@pytest.mark.parametrize("shape", SHAPES)
def test_differences_work_entry_by_entry(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(2).normal(size=shape)
    for difference, atol in ((forward_difference, 1e-5), (central_difference, 1e-9)):
        estimate = difference(np.sin, x, 1e-5)
        assert np.shape(estimate) == shape
        np.testing.assert_allclose(estimate, np.cos(x), rtol=0, atol=atol)


def test_differences_are_what_their_formulas_say() -> None:
    assert forward_difference(np.square, 3.0, 0.5) == 6.5  # 2x + h
    assert central_difference(np.square, 3.0, 0.5) == 6.0  # 2x
    assert forward_difference(lambda x: x**3, [2.0], 0.5).tolist() == [15.25]
    assert central_difference(lambda x: x**3, [2.0], 0.5).tolist() == [12.25]


@pytest.mark.parametrize(
    ("difference", "order"), [(forward_difference, 1), (central_difference, 2)]
)
def test_the_error_of_a_difference_has_its_order(difference, order: int) -> None:
    large, small = (abs(difference(np.exp, 0.5, h) - np.exp(0.5)) for h in (1e-2, 1e-3))
    assert large / small == pytest.approx(10**order, rel=0.01)


@pytest.mark.parametrize("difference", [forward_difference, central_difference])
def test_differences_keep_the_precision_of_x(difference) -> None:
    for precision in (np.float32, np.float64):
        x = np.ones(3, dtype=precision)
        assert difference(np.exp, x, 1e-3).dtype == precision


def test_descent_on_a_parabola_has_a_closed_form() -> None:
    path = gradient_descent(lambda x: 2 * x, [3, -1], 0.1, 5)
    expected = np.outer(0.8 ** np.arange(6), [3.0, -1.0])
    assert path.shape == (6, 2)
    np.testing.assert_allclose(path, expected, rtol=1e-12)


def test_descent_equals_torch_step_by_step() -> None:
    start = np.array([1.4, 0.3])
    path = gradient_descent(camel_gradient, start, 0.02, 50)
    theta = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([theta], lr=0.02)
    for point in path:
        np.testing.assert_allclose(theta.detach(), point, rtol=1e-9)
        optimizer.zero_grad()
        x, y = theta
        height = 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4
        height.backward()
        optimizer.step()


def test_descent_of_many_starts_with_a_rate_each() -> None:
    starts = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rates = np.array([[0.0], [0.1], [0.5]])
    path = gradient_descent(lambda x: 2 * x, starts, rates, 1)
    np.testing.assert_allclose(path[1], starts * (1 - 2 * rates), rtol=1e-12)


def test_descent_of_no_steps_is_the_start_and_leaves_it_alone() -> None:
    start = np.array([1, 2])
    path = gradient_descent(lambda x: x, start, 0.5, 0)
    assert path.tolist() == [[1.0, 2.0]]
    assert path.dtype == float
    still = np.array([1.0, 2.0])
    gradient_descent(lambda x: x, still, 0.5, 3)
    assert still.tolist() == [1.0, 2.0]


def test_descent_refuses_a_gradient_that_would_broadcast() -> None:
    message = r"^the gradient has shape \(2, 1\), x has \(2,\)$"
    with pytest.raises(ValueError, match=message):
        gradient_descent(lambda x: x[:, None], [1.0, 2.0], 0.1, 1)


def test_hessian_equals_torch() -> None:
    weights = np.arange(1.0, 4.0)

    def gradient(x: np.ndarray) -> np.ndarray:  # of Σ sin(wx) + Π x
        others = np.prod(x, axis=-1, keepdims=True) / x
        return weights * np.cos(weights * x) + others

    def value(x: torch.Tensor) -> torch.Tensor:
        return torch.sin(torch.tensor(weights) * x).sum() + torch.prod(x)

    points = np.random.default_rng(3).uniform(1, 2, size=(4, 2, 3))
    H = hessian(gradient, points)
    assert H.shape == (4, 2, 3, 3)
    for index in np.ndindex(4, 2):
        exact = torch.autograd.functional.hessian(value, torch.tensor(points[index]))
        np.testing.assert_allclose(H[index], exact, rtol=0, atol=1e-8)


def test_hessian_puts_the_moved_axis_first() -> None:
    swirl = np.array([[0.0, 1.0], [3.0, 0.0]])  # not symmetric: no gradient
    H = hessian(lambda x: x @ swirl, [5, 7])
    np.testing.assert_allclose(H, swirl, atol=1e-9)


def test_hessian_takes_central_steps_of_h() -> None:
    H = hessian(lambda x: x**3, [2.0], h=0.5)
    np.testing.assert_allclose(H, [[12.25]], rtol=1e-12)
    H = hessian(lambda x: x**3, [2.0])
    np.testing.assert_allclose(H, [[12.0]], rtol=1e-9)
    seen: list[float] = []
    hessian(lambda x: seen.append(x.max()) or x, [2.0])
    np.testing.assert_allclose(seen, [2.00001, 1.99999], rtol=0, atol=1e-12)


def test_hessian_computes_in_double_precision() -> None:
    H = hessian(lambda x: x**3, np.array([2.0], dtype=np.float32))
    assert H.dtype == np.float64
    np.testing.assert_allclose(H, [[12.0]], rtol=1e-9)


def test_the_step_of_a_numerical_gradient_is_1e_5() -> None:
    seen: list[float] = []

    def f(x: np.ndarray) -> float:
        seen.append(float(x[0]))
        return float(x[0] ** 2)

    numerical_gradient(f, [2.0])
    gradient_check(f, [2.0], [4.0])
    np.testing.assert_allclose(seen, 2 * [2.00001, 1.99999], rtol=0, atol=1e-12)
