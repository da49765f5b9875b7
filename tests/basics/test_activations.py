"""Every activation and its slope, against PyTorch, SciPy and finite differences."""

import subprocess
import sys
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.special import expit
from torch.nn import functional

from dlnotes.basics.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_jacobian,
    softplus,
    tanh,
    tanh_derivative,
)
from dlnotes.basics.gradient import numerical_gradient

Function = Callable[[ArrayLike], np.ndarray]

FINITE = st.floats(-1e6, 1e6)
SCORES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)
FUNCTIONS = [
    (sigmoid, sigmoid_derivative, torch.sigmoid),
    (tanh, tanh_derivative, torch.tanh),
    (relu, relu_derivative, torch.relu),
    (softplus, sigmoid, lambda z: functional.softplus(z, threshold=1e9)),
]
EVERYWHERE = [sigmoid, tanh, relu, softplus]
SLOPES = [sigmoid_derivative, tanh_derivative, relu_derivative]


@pytest.mark.parametrize(("ours", "slope", "theirs"), FUNCTIONS)
def test_value_and_slope_equal_pytorch(
    ours: Function, slope: Function, theirs: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    z = torch.linspace(-30, 30, 603, dtype=torch.float64).reshape(9, 67)
    z.requires_grad_()
    a = theirs(z)
    a.sum().backward()
    x = z.detach().numpy()
    assert ours(x).shape == slope(x).shape == (9, 67)
    np.testing.assert_allclose(ours(x), a.detach(), rtol=1e-12, atol=1e-300)
    assert z.grad is not None
    np.testing.assert_allclose(slope(x), z.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("ours", "slope", "_"), FUNCTIONS)
def test_slope_equals_central_difference(
    ours: Function, slope: Function, _: object
) -> None:
    near, h = np.linspace(-5, 5, 42), 1e-5  # 0, where ReLU has none, left out
    central = (ours(near + h) - ours(near - h)) / (2 * h)
    np.testing.assert_allclose(slope(near), central, atol=1e-10)


@pytest.mark.parametrize("function", EVERYWHERE + SLOPES)
def test_numbers_integers_and_lists_do_and_the_input_stays(function: Function) -> None:
    z = np.array([[-2, 0], [1, 3]])
    expected = function(z.astype(np.float64))
    assert function(z).dtype == expected.dtype == np.float64
    assert function(z.tolist()).tolist() == expected.tolist() == function(z).tolist()
    assert function(np.float32(3)) == function(3) == expected[1, 1]
    assert np.shape(function(0)) == ()
    assert z.tolist() == [[-2, 0], [1, 3]]
    unsigned = np.array([0, 1, 3], dtype=np.uint8)  # -1 would become 255
    assert function(unsigned).tolist() == function([0.0, 1.0, 3.0]).tolist()
    single = np.array([-2, 0, 1, 3], dtype=np.float32)
    assert function(single).dtype == np.float64


@pytest.mark.parametrize("function", [*EVERYWHERE, *SLOPES, softmax, softmax_jacobian])
def test_extremes_pass_without_a_warning(function: Function) -> None:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise"):
        warnings.simplefilter("error")
        answers = function([-1000.0, -800.0, 0.0, 800.0, 1000.0])
        assert np.isfinite(answers).all()


@pytest.mark.parametrize("function", EVERYWHERE + SLOPES)
def test_what_is_not_a_number_stays_so(function: Function) -> None:
    assert np.isnan(function(np.nan))


class TestSigmoid:
    def test_equals_scipy(self) -> None:
        z = np.linspace(-40, 40, 801)
        np.testing.assert_allclose(sigmoid(z), expit(z), rtol=1e-14)

    def test_limits(self) -> None:
        assert sigmoid([-1000, 1000, -np.inf, np.inf]).tolist() == [0, 1, 0, 1]
        assert sigmoid_derivative([-1000, 1000]).tolist() == [0, 0]

    def test_half_at_zero(self) -> None:
        assert sigmoid(0) == 0.5
        assert sigmoid_derivative(0) == 0.25

    def test_slope_keeps_its_digits_far_out(self) -> None:
        expected = np.exp(-50.0)
        np.testing.assert_allclose(sigmoid_derivative(50.0), expected, rtol=1e-12)

    @given(FINITE)
    def test_it_and_its_mirror_image_add_up_to_one(self, z: float) -> None:
        assert 0 <= sigmoid(z) <= 1
        assert abs(sigmoid(z) + sigmoid(-z) - 1) < 1e-15
        assert sigmoid_derivative(z) == sigmoid_derivative(-z) <= 0.25

    @given(FINITE, FINITE)
    def test_never_falls(self, a: float, b: float) -> None:
        assert sigmoid(min(a, b)) <= sigmoid(max(a, b))


class TestTanh:
    def test_equals_numpy_to_the_last_digits(self) -> None:
        z = np.concatenate([np.linspace(-40, 40, 8001), np.geomspace(1e-300, 1, 500)])
        np.testing.assert_allclose(tanh(z), np.tanh(z), rtol=1e-15)

    def test_limits(self) -> None:
        assert tanh([-np.inf, -1000, 0, 1000, np.inf]).tolist() == [-1, -1, 0, 1, 1]
        assert tanh_derivative([-1000, 0, 1000]).tolist() == [0, 1, 0]

    def test_slope_keeps_its_digits_far_out(self) -> None:
        np.testing.assert_allclose(tanh_derivative(20.0), 4 * np.exp(-40), rtol=1e-12)

    @given(FINITE)
    def test_odd_and_bounded(self, z: float) -> None:
        assert tanh(-z) == -tanh(z)
        assert abs(tanh(z)) <= min(1, abs(z) * (1 + 1e-15))  # its last digit is rounded
        assert tanh_derivative(z) == tanh_derivative(-z) <= 1


class TestReLU:
    def test_values(self) -> None:
        assert relu([-2.5, -0.0, 0.0, 2.5]).tolist() == [0, 0, 0, 2.5]

    def test_slope_at_zero_is_zero_as_in_pytorch(self) -> None:
        assert relu_derivative([-1e-300, -0.0, 0, 1e-300]).tolist() == [0, 0, 0, 1]
        z = torch.zeros(1, requires_grad=True)
        torch.relu(z).backward()
        assert z.grad == relu_derivative(0)

    @given(FINITE)
    def test_it_minus_its_mirror_image_is_the_identity(self, z: float) -> None:
        assert relu(z) - relu(-z) == z


class TestSoftplus:
    def test_equals_the_log_of_a_sum_of_exponentials(self) -> None:
        z = np.linspace(-700, 700, 2801)
        np.testing.assert_allclose(softplus(z), np.logaddexp(0, z), rtol=1e-14)

    def test_limits(self) -> None:
        assert softplus([-np.inf, -1000, 1000, np.inf]).tolist() == [0, 0, 1000, np.inf]
        assert softplus(0) == pytest.approx(np.log(2), rel=1e-15)

    def test_keeps_its_digits_far_left(self) -> None:
        np.testing.assert_allclose(softplus(-50), np.exp(-50.0), rtol=1e-14)

    @given(st.floats(-700, 700))
    def test_positive_and_above_relu(self, z: float) -> None:
        assert softplus(z) > 0
        assert relu(z) <= softplus(z) <= relu(z) + np.log(2)


class TestSoftmax:
    @pytest.mark.parametrize("shape", [(1,), (7,), (1, 1), (4, 7), (2, 3, 5)])
    def test_equals_scipy_and_pytorch(self, shape: tuple[int, ...]) -> None:
        z = 10 * np.random.default_rng(0).normal(size=shape)
        theirs = functional.softmax(torch.from_numpy(z), dim=-1)
        assert softmax(z).shape == shape
        np.testing.assert_allclose(softmax(z), theirs, rtol=1e-12)
        np.testing.assert_allclose(softmax(z), scipy.special.softmax(z, -1), rtol=1e-12)

    def test_integers_and_lists_do_and_the_input_stays(self) -> None:
        z = np.array([[0, 0], [1000, 0]])
        assert softmax(z).tolist() == [[0.5, 0.5], [1, 0]]
        assert softmax(z.tolist()).tolist() == softmax(z).tolist()
        assert z.tolist() == [[0, 0], [1000, 0]]
        assert softmax(np.zeros(2, dtype=np.float32)).dtype == np.float64

    def test_a_row_does_not_know_the_other_rows(self) -> None:
        z = np.array([[1000.0, 1001.0], [0.0, 1.0], [-1000.0, -999.0]])
        for row in softmax(z):
            np.testing.assert_allclose(row, softmax([0.0, 1.0]), rtol=1e-15)

    def test_minus_infinity_gets_nothing(self) -> None:
        assert softmax([0.0, -np.inf, 0.0]).tolist() == [0.5, 0, 0.5]

    @given(SCORES, st.floats(-1e3, 1e3))
    def test_shares_of_one_that_do_not_notice_a_shift(
        self, z: list[float], shift: float
    ) -> None:
        p = softmax(z)
        assert (p >= 0).all()
        assert p.sum() == pytest.approx(1, abs=1e-14)
        np.testing.assert_allclose(softmax(np.add(z, shift)), p, rtol=1e-10, atol=1e-12)

    @given(SCORES)
    def test_keeps_the_order(self, z: list[float]) -> None:
        p = softmax(z)
        assert p[np.argmax(z)] == p.max()
        assert (np.diff(p[np.argsort(z)]) >= 0).all()


class TestSoftmaxJacobian:
    def test_equals_finite_differences(self) -> None:
        z = np.random.default_rng(1).normal(size=5)
        for i in range(5):
            row = numerical_gradient(lambda s, i=i: softmax(s)[i], z)
            np.testing.assert_allclose(softmax_jacobian(z)[i], row, atol=1e-10)

    @pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
    def test_equals_autograd_for_every_row(self, shape: tuple[int, ...]) -> None:
        z = np.random.default_rng(2).normal(size=shape)
        J = softmax_jacobian(z)
        assert J.shape == (*shape, shape[-1])
        for index in np.ndindex(shape[:-1]):
            theirs = torch.autograd.functional.jacobian(
                lambda s: torch.softmax(s, dim=-1), torch.from_numpy(z[index])
            )
            np.testing.assert_allclose(J[index], theirs, atol=1e-14)

    @given(st.lists(st.floats(-20, 20), min_size=2, max_size=6))
    def test_symmetric_with_rows_that_add_up_to_zero(self, z: list[float]) -> None:
        J = softmax_jacobian(z)
        np.testing.assert_allclose(J, J.T, atol=1e-16)
        np.testing.assert_allclose(J.sum(axis=-1), 0, atol=1e-15)


def test_importing_needs_no_torch() -> None:
    program = (
        "import sys, dlnotes.basics.activations, dlnotes.basics.perceptron;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
