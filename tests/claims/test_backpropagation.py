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
from dlnotes.book.storage.store import Run

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


def listed(values: dict, name: str) -> list[float]:
    """Return the two numbers that a list of the text quotes."""
    return [values[f"{name}[0]"], values[f"{name}[1]"]]


def test_forward_numbers_are_those_of_the_text(values: dict) -> None:
    z1, a1 = listed(values, "z1"), listed(values, "a1")
    assert z1[0] == pytest.approx(0.15 * 0.05 + 0.20 * 0.10)
    assert z1[1] == pytest.approx(0.25 * 0.05 + 0.30 * 0.10)
    assert a1 == pytest.approx(sigmoid(z1))
    z2 = listed(values, "z2")
    assert z2[0] == pytest.approx(0.40 * a1[0] + 0.45 * a1[1])
    assert z2[1] == pytest.approx(0.50 * a1[0] + 0.55 * a1[1])
    y = sigmoid(z2)
    assert listed(values, "a2") == pytest.approx(y)
    assert values["loss"] == pytest.approx(0.5 * np.sum((T[0] - y) ** 2))


def test_backward_numbers_are_those_of_the_text(values: dict) -> None:
    y, error, slope2, delta2, pulls = (
        listed(values, name)
        for name in ("a2", "error", "slope2", "delta2", "delta_pulls")
    )
    assert error[0] == pytest.approx(y[0] - 0.01)
    assert delta2[0] == pytest.approx(error[0] * slope2[0])
    assert slope2[0] == pytest.approx(y[0] * (1 - y[0]))
    assert pulls == pytest.approx([0.40 * delta2[0], 0.50 * delta2[1]])
    assert pulls[0] > 0 > pulls[1]
    assert values["delta_pulled"] == pytest.approx(sum(pulls))
    delta1 = values["slope1[0]"] * values["delta_pulled"]
    assert values["delta1[0]"] == pytest.approx(delta1)
    assert gradients()[0][0] == pytest.approx(delta1 * X[0])
    assert gradients()[0][1] == pytest.approx(values["delta1[1]"] * X[0])


def test_the_graph_shows_the_numbers_of_the_text(
    values: dict, book_run: BookRun
) -> None:
    drawn = book_run("backpropagation_diagrams").values
    for ours, theirs in (("a2", "y"), *((n, n) for n in ("z1", "a1", "z2", "delta1"))):
        assert listed(drawn, theirs) == listed(values, ours)
    assert listed(drawn, "delta2") == listed(values, "delta2")
    assert drawn["loss"] == values["loss"]


def test_first_layer_derivatives_are_two_orders_of_magnitude_smaller() -> None:
    first, second = gradients()
    assert 80 < abs(second).min() / abs(first).max()
    assert np.linalg.norm(second) / np.linalg.norm(first) < 300


def test_hand_numpy_layers_and_torch_agree_to_rounding(values: dict) -> None:
    assert values["torch_gap"] < 1e-15
    assert values["gap_engine"] < 1e-15


def test_numerical_gradient_takes_two_passes_per_weight(values: dict) -> None:
    calls = []
    numerical_gradient(lambda W: calls.append(1) or 0.0, W1)  # type: ignore[func-returns-value]
    assert len(calls) == 2 * W1.size
    assert values["weights"] == 8
    assert values["passes"] == 16


@pytest.mark.settles("swapped-indices")
def test_training_ends_at_the_losses_of_the_text(values: dict) -> None:
    assert f"{values['loss_right']:.9f}" == "0.012563065"
    assert f"{values['loss_wrong']:.9f}" == "0.012563015"
    assert 0 < values["gap_largest"] < 1e-6


def test_an_absolute_difference_says_nothing() -> None:
    first, second = gradients()
    assert 2e-4 / abs(second).min() < 0.005
    assert first[0, 0] == pytest.approx(2e-4, rel=0.1)


def test_the_right_gradient_passes_the_check(values: dict) -> None:
    assert values["error_right[0]"] < 1e-7
    assert values["error_right[1]"] < 1e-7


def test_exchanged_indices_fail_the_check_in_the_first_layer_only(values: dict) -> None:
    assert values["error_wrong[0]"] == pytest.approx(7.03, abs=0.005)
    assert values["error_wrong[1]"] < 1e-7


@pytest.mark.settles("swapped-indices")
def test_exchanged_indices_are_wrong_by_703_percent_and_half_in_sign() -> None:
    right, wrong = gradients()[0], gradients(Exchanged)[0]
    percent = 100 * relative_error(wrong, right)
    np.testing.assert_allclose(percent, [[703, 703], [589, 589]], atol=0.5)
    np.testing.assert_array_equal(right > 0, True)
    np.testing.assert_array_equal(wrong > 0, [[True, True], [False, False]])


def test_exchange_moves_the_push_and_keeps_its_total(values: dict) -> None:
    right, wrong = values["delta_total_right"], values["delta_total_wrong"]
    assert wrong == pytest.approx(right, rel=2e-3)
    assert right == pytest.approx((gradients()[0] / X).sum(axis=0)[0])
    assert wrong == pytest.approx((gradients(Exchanged)[0] / X).sum(axis=0)[0])


def test_the_first_layer_matters_very_little(values: dict) -> None:
    assert values["error_frozen"] == pytest.approx(1)
    fall = values["loss"] - values["loss_right"]
    assert values["loss"] - values["loss_frozen"] > 0.99 * fall


def test_slope_at_the_output_is_a_small_error_without_a_sign(values: dict) -> None:
    assert 0.05 < values["error_slope"] < 0.07
    assert values["error_slope_percent"] == pytest.approx(100 * values["error_slope"])
    assert values["loss_slope"] == pytest.approx(values["loss_right"], rel=2e-3)
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


def test_the_error_at_a_tiny_step_is_the_one_quoted(values: dict) -> None:
    assert values["error_tiny"] == pytest.approx(check1(gradients()[0], 1e-12))


def test_a_smaller_step_is_not_better() -> None:
    right = gradients()[0]
    errors = [check1(right, h) for h in (1e-1, 1e-2, 1e-3)]
    assert errors == sorted(errors, reverse=True)
    assert max(check1(right, h) for h in 10.0 ** np.arange(-6, -2)) < 1e-6
    assert check1(right, 1e-12) > 1e4 * check1(right, 1e-5)
    for h in (1e-14, 1e-15, 1e-16):
        assert not numerical_gradient(lambda W: loss_of(W, W2), W1, h).any()
        assert check1(right, h) == pytest.approx(abs(right).max() / 1e-6)


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


def test_the_derivative_predicts_a_small_change(exercises: Run) -> None:
    predicted, change = exercises.values["predicted"], exercises.values["change"]
    assert predicted == pytest.approx(0.01 * gradients()[0][0, 0])
    moved = np.array([[0.16, 0.20], [0.25, 0.30]])
    assert change == pytest.approx(loss_of(moved, W2) - loss_of(W1, W2))
    assert 0 < change - predicted < 1e-4 * change


def test_a_check_of_5560_numbers_takes_11120_passes() -> None:
    calls = []
    layers = [Dense(np.zeros((50, 100)), np.zeros(50))]
    layers.append(Dense(np.zeros((10, 50)), np.zeros(10)))
    for layer in layers:
        for parameter in (layer.W, layer.b):
            numerical_gradient(lambda _: calls.append(1) or 0.0, parameter)  # type: ignore[func-returns-value]
    assert len(calls) == 11_120


def test_published_figures_come_from_updating_first(exercises: Run) -> None:
    lines = exercises.log("solution-3").splitlines()
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
    assert "could not be broadcast" in exercises.log("solution-4")
    net = network(np.ones((3, 2)), np.ones((2, 3)), Exchanged)
    half_error.forward(forward_pass(net, X), T)
    with pytest.raises(ValueError, match="broadcast"):
        backward_pass(net, half_error.backward())


def test_a_single_output_hides_the_exchange() -> None:
    found = []
    for second in (Dense, Exchanged):
        net = network(np.ones((3, 2)), np.array([[0.1, 0.2, 0.3]]), second)
        half_error.forward(forward_pass(net, X), T[:, :1])
        backward_pass(net, half_error.backward())
        found.append(net[0].dW)
    right, wrong = found
    assert right.shape == wrong.shape == (3, 2)
    assert (relative_error(wrong, right) > 0.5).all()


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
