"""The sigmoid and its slope, against PyTorch, SciPy and finite differences."""

import subprocess
import sys
import warnings

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from dlnotes.basics.activations import sigmoid, sigmoid_derivative

FINITE = st.floats(-1e6, 1e6)


def test_sigmoid_equals_scipy_and_pytorch() -> None:
    z = np.linspace(-40, 40, 801).reshape(9, 89)
    assert sigmoid(z).shape == (9, 89)
    np.testing.assert_allclose(sigmoid(z), expit(z), rtol=1e-14)
    np.testing.assert_allclose(sigmoid(z), torch.sigmoid(torch.from_numpy(z)), 1e-12)


def test_sigmoid_takes_extremes_without_a_warning() -> None:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise"):
        warnings.simplefilter("error")
        assert sigmoid([-1000, 1000, -np.inf, np.inf]).tolist() == [0, 1, 0, 1]
        assert sigmoid_derivative([-1000, 1000]).tolist() == [0, 0]
    assert np.isnan(sigmoid(np.nan))


def test_sigmoid_does_not_truncate_integers_or_change_its_input() -> None:
    z = np.array([-1, 0, 1])
    assert sigmoid(z)[1] == 0.5
    assert 0.73 < sigmoid(z)[2] < 0.74
    assert z.tolist() == [-1, 0, 1]
    assert sigmoid(0) == 0.5


def test_slope_equals_autograd_and_central_difference() -> None:
    z = torch.linspace(-30, 30, 121, dtype=torch.float64, requires_grad=True)
    torch.sigmoid(z).sum().backward()
    x = z.detach().numpy()
    assert z.grad is not None
    np.testing.assert_allclose(sigmoid_derivative(x), z.grad, rtol=1e-12, atol=1e-15)
    near, h = np.linspace(-5, 5, 41), 1e-5
    central = (sigmoid(near + h) - sigmoid(near - h)) / (2 * h)
    np.testing.assert_allclose(sigmoid_derivative(near), central, atol=1e-10)


def test_slope_keeps_its_digits_far_out() -> None:
    np.testing.assert_allclose(sigmoid_derivative(50.0), np.exp(-50.0), rtol=1e-12)


@given(FINITE)
def test_sigmoid_and_its_mirror_image_add_up_to_one(z: float) -> None:
    assert 0 <= sigmoid(z) <= 1
    assert abs(sigmoid(z) + sigmoid(-z) - 1) < 1e-15
    assert sigmoid_derivative(z) == sigmoid_derivative(-z) <= 0.25


@given(FINITE, FINITE)
def test_sigmoid_never_falls(a: float, b: float) -> None:
    assert sigmoid(min(a, b)) <= sigmoid(max(a, b))


def test_importing_needs_no_torch() -> None:
    program = (
        "import sys, dlnotes.basics.activations, dlnotes.basics.perceptron;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
