"""What the chapter on backpropagation says in words, settled by runs."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.autograd import Value, topological_order
from dlnotes.basics.gradient import (
    gradient_check,
    numerical_gradient,
    relative_error,
)
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)
from dlnotes.book.store import Run

BookRun = Callable[[str], Run]
X, T = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
half_error = HalfSquaredError()


class Exchanged(Dense):
    def backward(self, dZ: np.ndarray) -> np.ndarray:
        super().backward(dZ)
        return (dZ[:, :, np.newaxis] * self.W).sum(axis=2)


def network(W1: np.ndarray, W2: np.ndarray, second: type[Dense] = Dense) -> list:
    first = Dense(W1, np.zeros(len(W1)))
    return [first, Sigmoid(), second(W2, np.zeros(len(W2))), Sigmoid()]


def loss_of(W1: np.ndarray, W2: np.ndarray) -> float:
    return half_error.forward(forward_pass(network(W1, W2), X), T)


def gradients(second: type[Dense] = Dense) -> tuple[np.ndarray, np.ndarray]:
    net = network(W1, W2, second)
    half_error.forward(forward_pass(net, X), T)
    backward_pass(net, half_error.backward())
    return net[0].dW, net[2].dW


def check1(gradient: np.ndarray, h: float = 1e-5) -> float:
    return gradient_check(lambda W: loss_of(W, W2), W1, gradient, h)


@pytest.fixture(scope="module")
def values(book_run: BookRun) -> dict:
    return book_run("backpropagation").values


@pytest.fixture(scope="module")
def exercises(book_run: BookRun) -> Run:
    return book_run("backpropagation_exercises")


def test_a_step_function_passes_nothing_back() -> None:
    slope = numerical_gradient(lambda z: float(np.heaviside(z, 1.0)), 0.3)
    assert slope == 0


def test_forward_numbers_are_those_of_the_text(values: dict) -> None:
    assert values["z1_1"] == pytest.approx(0.15 * 0.05 + 0.20 * 0.10)
    assert values["z1_2"] == pytest.approx(0.25 * 0.05 + 0.30 * 0.10)
    a1, a2 = values["a1_1"], values["a1_2"]
    assert [a1, a2] == pytest.approx(sigmoid([values["z1_1"], values["z1_2"]]))
    assert values["z2_1"] == pytest.approx(0.40 * a1 + 0.45 * a2)
    assert values["z2_2"] == pytest.approx(0.50 * a1 + 0.55 * a2)
    y = sigmoid([values["z2_1"], values["z2_2"]])
    assert [values["y_1"], values["y_2"]] == pytest.approx(y)
    assert values["loss"] == pytest.approx(0.5 * np.sum((T[0] - y) ** 2))


def test_backward_numbers_are_those_of_the_text(values: dict) -> None:
    v = values
    assert v["error_1"] == pytest.approx(v["y_1"] - 0.01)
    assert v["d2_1"] == pytest.approx(v["error_1"] * v["g2_1"])
    assert v["g2_1"] == pytest.approx(v["y_1"] * (1 - v["y_1"]))
    assert v["part_1"] == pytest.approx(0.40 * v["d2_1"])
    assert v["part_2"] == pytest.approx(0.50 * v["d2_2"])
    assert v["part_1"] > 0 > v["part_2"]
    assert v["back_1"] == pytest.approx(v["part_1"] + v["part_2"])
    assert v["d1_1"] == pytest.approx(v["g1_1"] * v["back_1"])
    assert gradients()[0][0] == pytest.approx(v["d1_1"] * X[0])


def test_first_layer_derivatives_are_two_orders_of_magnitude_smaller() -> None:
    first, second = gradients()
    assert 80 < abs(second).min() / abs(first).max()
    assert np.linalg.norm(second) / np.linalg.norm(first) < 300


def test_hand_numpy_layers_and_torch_agree_to_rounding(values: dict) -> None:
    assert values["torch_gap"] < 1e-15
    assert values["engine_gap"] < 1e-15


def test_numerical_gradient_takes_two_passes_per_weight(values: dict) -> None:
    calls = []
    numerical_gradient(lambda W: calls.append(1) or 0.0, W1)  # type: ignore[func-returns-value]
    assert len(calls) == 2 * W1.size
    assert values["weights"] == 8
    assert values["passes"] == 16


@pytest.mark.settles("swapped-indices")
def test_training_ends_at_the_losses_of_the_text(values: dict) -> None:
    assert f"{values['right_loss']:.9f}" == "0.012563065"
    assert f"{values['wrong_loss']:.9f}" == "0.012563015"
    assert 0 < values["largest_gap"] < 1e-6


def test_an_absolute_difference_says_nothing() -> None:
    first, second = gradients()
    assert 2e-4 / abs(second).min() < 0.005
    assert first[0, 0] == pytest.approx(2e-4, rel=0.1)


def test_the_right_gradient_passes_the_check(values: dict) -> None:
    assert values["check1"] < 1e-7
    assert values["check2"] < 1e-7


def test_exchanged_indices_fail_the_check_in_the_first_layer_only(values: dict) -> None:
    assert values["wrong_check1"] == pytest.approx(7.03, abs=0.005)
    assert values["wrong_check2"] < 1e-7


@pytest.mark.settles("swapped-indices")
def test_exchanged_indices_are_wrong_by_703_percent_and_half_in_sign() -> None:
    right, wrong = gradients()[0], gradients(Exchanged)[0]
    percent = 100 * relative_error(wrong, right)
    np.testing.assert_allclose(percent, [[703, 703], [589, 589]], atol=0.5)
    np.testing.assert_array_equal(right > 0, True)
    np.testing.assert_array_equal(wrong > 0, [[True, True], [False, False]])


def test_exchange_moves_the_push_and_keeps_its_total(values: dict) -> None:
    assert values["wrong_total"] == pytest.approx(values["right_total"], rel=2e-3)


def test_the_first_layer_hardly_matters(values: dict) -> None:
    assert values["frozen_check"] == pytest.approx(1)
    fall = values["loss"] - values["right_loss"]
    assert values["loss"] - values["frozen_loss"] > 0.99 * fall


def test_slope_at_the_output_is_a_small_error_without_a_sign(values: dict) -> None:
    assert 0.05 < values["slope_check"] < 0.07
    assert values["slope_loss"] == pytest.approx(values["right_loss"], rel=2e-3)
    assert sigmoid_derivative(0.5) != sigmoid_derivative(sigmoid(0.5))


def test_engine_adds_up_the_ways() -> None:
    a = Value(3.0)
    y = a * a + a
    y.backward()
    square, _ = y.parents
    assert [*square.slopes, y.slopes[1]] == [3, 3, 1]
    assert a.grad == 7

    order = topological_order(y)
    for node in order:
        node.grad = 0.0
    y.grad = 1.0
    for node in reversed(order):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad = node.grad * slope
    assert a.grad in (1, 3)


def test_a_smaller_step_is_not_better() -> None:
    right = gradients()[0]
    errors = [check1(right, h) for h in (1e-1, 1e-2, 1e-3)]
    assert errors == sorted(errors, reverse=True)
    assert max(check1(right, h) for h in 10.0 ** np.arange(-6, -2)) < 1e-6
    assert check1(right, 1e-12) > 1e4 * check1(right, 1e-5)
    for h in (1e-14, 1e-15, 1e-16):
        assert not numerical_gradient(lambda W: loss_of(W, W2), W1, h).any()


def test_no_step_makes_the_wrong_gradient_look_right() -> None:
    right, wrong = gradients()[0], gradients(Exchanged)[0]
    for h in 10.0 ** np.arange(-11, 0):
        assert check1(wrong, h) == pytest.approx(7.03, rel=0.05)
    for h in 10.0 ** np.arange(-16, -11):
        assert check1(wrong, h) > 1
        assert check1(right, h) > 1e-6


def test_a_small_step_roughly_downhill_lowers_the_loss() -> None:
    second = gradients()[1]
    for angle in (0.0, 1.0, 1.5, -1.5):
        c, s = np.cos(angle), np.sin(angle)
        step = 1e-3 * second @ [[c, -s], [s, c]]
        assert np.sum(step * second) > 0
        assert loss_of(W1, W2 - step) < loss_of(W1, W2)


def test_flat_index_loop_truncates_and_breaks(book_run: BookRun) -> None:
    lines = book_run("backpropagation").log("flat-index").splitlines()
    assert lines[0] == "floats   [6. 8.]"
    assert lines[1] == "integers [25000 35000]"
    assert "out of bounds" in lines[2]
    assert "x.astype(float)" in lines[3]


@pytest.mark.parametrize("B", [1, 4, 16])
def test_half_the_sum_is_n_halves_of_the_mean(B: int) -> None:
    rng = np.random.default_rng(B)
    Y, targets = rng.uniform(size=(2, B, 2))
    outputs = torch.tensor(Y, requires_grad=True)
    mse = torch.nn.functional.mse_loss(outputs, torch.tensor(targets))
    mse.backward()
    half_sum = half_error.forward(Y, targets)
    assert half_sum == pytest.approx(Y.size / 2 * mse.item())
    np.testing.assert_allclose(half_error.backward(), Y.size / 2 * outputs.grad)


def test_published_figures_come_from_updating_first(exercises: Run) -> None:
    lines = exercises.log("solution-1").splitlines()
    assert lines[0].endswith("0.298371109")
    assert lines[1].split()[2:] == ["0.291027774", "0.015913620", "0.984064274"]
    assert lines[2].split()[2:] == ["0.291027924", "0.015912196", "0.984065734"]


def test_published_first_layer_comes_from_the_old_weights() -> None:
    hidden, output = Dense(W1, [0.35, 0.35]), Dense(W2, [0.60, 0.60])
    net = [hidden, Sigmoid(), output, Sigmoid()]
    half_error.forward(forward_pass(net, X), T)
    backward_pass(net, half_error.backward())
    updated = (hidden.W - 0.5 * hidden.dW).ravel()
    published = [0.149780716, 0.19956143, 0.24975114, 0.29950229]
    np.testing.assert_allclose(updated, published, atol=5e-9)


def test_unequal_sizes_expose_the_exchange(exercises: Run) -> None:
    assert "could not be broadcast" in exercises.log("solution-2")
    net = network(np.ones((3, 2)), np.ones((2, 3)), Exchanged)
    half_error.forward(forward_pass(net, X), T)
    with pytest.raises(ValueError, match="broadcast"):
        backward_pass(net, half_error.backward())


@pytest.mark.parametrize(
    ("point", "engine", "numerical"),
    [(2.0, 1, 1), (-1.0, 0, 0), (4e-6, 1, 0.7), (0.0, 0, 0.5)],
)
def test_a_kink_misleads_the_check(
    point: float, engine: float, numerical: float
) -> None:
    v = Value(point)
    v.apply(lambda z: max(z, 0.0), lambda z: float(z > 0)).backward()
    assert v.grad == engine
    assert numerical_gradient(lambda z: max(float(z), 0.0), point) == pytest.approx(
        numerical
    )
