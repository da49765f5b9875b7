"""The surfaces against their formulas, and their gradients against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.basics.gradient import numerical_gradient
from dlnotes.basics.surfaces import (
    camel,
    camel_gradient,
    double_well,
    double_well_gradient,
)

PAIRS = [(camel, camel_gradient), (double_well, double_well_gradient)]


@pytest.mark.parametrize(
    ("point", "height"),
    [
        ((0.0, 0.0), 0.0),
        ((1.0, 0.0), 4 - 2.1 + 1 / 3),
        ((0.0, 1.0), 0.0),
        ((0.0, 0.5), -0.75),
        ((2.0, -1.0), 16 - 33.6 + 64 / 3 - 2),
        ((0.0898, -0.7126), -1.0316),  # the published minimum
    ],
)
def test_camel(point: tuple[float, float], height: float) -> None:
    assert camel(np.array(point)) == pytest.approx(height, abs=1e-4)


@pytest.mark.parametrize(
    ("point", "height"),
    [((0, 0), 0), ((0, 1), -0.25), ((0, -1), -0.25), ((3, 0), 4.5), ((1, 2), 2.5)],
)
def test_double_well(point: tuple[float, float], height: float) -> None:
    assert double_well(np.array(point, dtype=float)) == pytest.approx(height)


@pytest.mark.parametrize(("value", "gradient"), PAIRS)
def test_gradients_equal_torch(value, gradient) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, size=(5, 3, 2))
    x, y = (torch.tensor(points[..., k], requires_grad=True) for k in (0, 1))
    if value is camel:
        f = (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2
    else:
        f = 0.5 * x**2 + 0.25 * y**4 - 0.5 * y**2
    np.testing.assert_allclose(value(points), f.detach(), rtol=1e-9, atol=1e-12)
    f.sum().backward()
    slopes = gradient(points)
    assert slopes.shape == points.shape
    np.testing.assert_allclose(slopes[..., 0], x.grad, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(slopes[..., 1], y.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("value", "gradient"), PAIRS)
@settings(max_examples=30, deadline=None)
@given(point=st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_gradients_equal_differences(value, gradient, point) -> None:
    at = np.array(point)
    np.testing.assert_allclose(gradient(at), numerical_gradient(value, at), atol=1e-6)
