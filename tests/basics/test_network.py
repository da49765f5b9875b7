from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, linear

from dlnotes.basics import network as module
from dlnotes.basics.gradient import gradient_check, numerical_gradient
from dlnotes.basics.network import (
    Network,
    SoftmaxCrossEntropy,
    delta,
    gradients,
    numerical_gradients,
    recursive_gradients,
    train_epoch,
)

SIZES = st.integers(1, 4)
SEEDS = st.integers(0, 10_000)


def problem(
    seed: int, B: int, C: int, hidden: int, K: int
) -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    network = Network(C, hidden, K, rng)
    for parameter in network.parameters:
        parameter += rng.normal(0, 0.3, parameter.shape)
    return network, rng.normal(size=(B, C)), rng.integers(K, size=B)


class TestSoftmaxCrossEntropy:
    @settings(max_examples=50, deadline=None)
    @given(SEEDS, st.integers(1, 6), st.integers(1, 6), st.floats(0.1, 1000))
    def test_loss_and_gradient_equal_torch(
        self, seed: int, B: int, K: int, scale: float
    ) -> None:
        rng = np.random.default_rng(seed)
        Z, y = scale * rng.normal(size=(B, K)), rng.integers(K, size=B)
        theirs = torch.tensor(Z, requires_grad=True)
        loss = cross_entropy(theirs, torch.tensor(y))
        loss.backward()
        error = SoftmaxCrossEntropy()
        assert error.forward(Z, y) == pytest.approx(loss.item(), rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(error.backward(), theirs.grad, atol=1e-14)
        np.testing.assert_allclose(
            error.P, torch.softmax(theirs, dim=1).detach(), atol=1e-14
        )

    def test_passes_the_gradient_check(self) -> None:
        rng = np.random.default_rng(0)
        Z, y = rng.normal(size=(5, 3)), rng.integers(3, size=5)
        error = SoftmaxCrossEntropy()
        error.forward(Z, y)
        gradient = error.backward()
        check = gradient_check(
            lambda Z: SoftmaxCrossEntropy().forward(Z, y), Z, gradient
        )
        assert check < 1e-6

    def test_equal_logits_cost_the_log_of_the_classes(self) -> None:
        error = SoftmaxCrossEntropy()
        loss = error.forward(np.full((2, 4), 7.0), np.array([0, 3]))
        assert loss == pytest.approx(np.log(4))
        assert error.loss == loss
        expected = np.full((2, 4), 1 / 8)
        expected[[0, 1], [0, 3]] -= 1 / 2
        np.testing.assert_allclose(error.backward(), expected)

    @pytest.mark.parametrize("size", [1e3, 1e300])
    def test_huge_logits_stay_finite(self, size: float) -> None:
        error = SoftmaxCrossEntropy()
        Z = np.array([[size, 0.0], [0.0, -size]])
        with np.errstate(over="raise", invalid="raise"):
            assert error.forward(Z, np.array([0, 0])) == 0
            assert error.forward(Z, np.array([1, 0])) == pytest.approx(size / 2)
        assert np.isfinite(error.backward()).all()

    def test_logits_are_left_alone(self) -> None:
        Z = np.array([[1.0, 2.0]])
        SoftmaxCrossEntropy().forward(Z, np.array([0]))
        assert Z.tolist() == [[1, 2]]

    def test_shapes_that_do_not_fit_are_told(self) -> None:
        with pytest.raises(ValueError, match=r"^logits \(3, 2\), but labels \(3, 1\)$"):
            SoftmaxCrossEntropy().forward(np.zeros((3, 2)), np.zeros((3, 1), int))

    @pytest.mark.parametrize("label", [-1, 3])
    def test_a_label_that_is_no_class_is_told(self, label: int) -> None:
        with pytest.raises(ValueError, match=f"^label {label} is not one of 0 to 2$"):
            SoftmaxCrossEntropy().forward(np.zeros((2, 3)), np.array([2, label]))

    def test_the_first_and_the_last_class_are_classes(self) -> None:
        Z = np.array([[0.0, 1.0, 2.0]] * 2)
        both = SoftmaxCrossEntropy().forward(Z, np.array([0, 2]))
        assert both == pytest.approx(np.log(np.exp([0, 1, 2]).sum()) - 1)


class TestNetwork:
    def test_shapes(self) -> None:
        network = Network(5, 4, 3, np.random.default_rng(0))
        assert [p.shape for p in network.parameters] == [(4, 5), (4,), (3, 4), (3,)]
        assert network.logits(np.zeros((2, 5))).shape == (2, 3)

    def test_biases_start_at_0_and_weights_with_the_variance_of_the_text(self) -> None:
        W1, b1, W2, b2 = Network(900, 400, 300, np.random.default_rng(0)).parameters
        assert not b1.any()
        assert not b2.any()
        assert W1.var() == pytest.approx(1 / 900, rel=0.02)
        assert W2.var() == pytest.approx(1 / 400, rel=0.02)
        assert abs(W1.mean()) < 4 / np.sqrt(900 * W1.size)
        assert abs(W2.mean()) < 4 / np.sqrt(400 * W2.size)

    def test_weights_come_from_the_generator(self) -> None:
        one, same, other = (
            Network(3, 2, 2, np.random.default_rng(seed)) for seed in (0, 0, 1)
        )
        assert (one.first.W == same.first.W).all()
        assert (one.first.W != other.first.W).all()

    def test_parameters_are_the_arrays_themselves(self) -> None:
        network, X, y = problem(0, 4, 3, 5, 2)
        before = network.loss(X, y)
        for parameter in network.parameters:
            parameter += 0.1
        assert network.loss(X, y) != before
        network.parameters[0][0, 0] = 9
        assert network.first.W[0, 0] == 9

    @settings(max_examples=40, deadline=None)
    @given(SEEDS, SIZES, SIZES, SIZES, SIZES)
    def test_logits_loss_and_gradients_equal_torch(
        self, seed: int, B: int, C: int, hidden: int, K: int
    ) -> None:
        network, X, y = problem(seed, B, C, hidden, K)
        W1, b1, W2, b2 = theirs = [
            torch.tensor(p, requires_grad=True) for p in network.parameters
        ]
        Z = linear(torch.sigmoid(linear(torch.tensor(X), W1, b1)), W2, b2)
        loss = cross_entropy(Z, torch.tensor(y))
        loss.backward()
        np.testing.assert_allclose(network.logits(X), Z.detach(), rtol=1e-12)
        assert network.loss(X, y) == pytest.approx(loss.item(), rel=1e-12, abs=1e-15)
        for ours, parameter in zip(gradients(network, X, y), theirs, strict=True):
            np.testing.assert_allclose(ours, parameter.grad, rtol=1e-9, atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SIZES, SIZES, SIZES, SIZES)
def test_three_ways_give_one_gradient(
    seed: int, B: int, C: int, hidden: int, K: int
) -> None:
    network, X, y = problem(seed, B, C, hidden, K)
    kept = [parameter.copy() for parameter in network.parameters]
    recursive = recursive_gradients(network, X, y)
    nudged = numerical_gradients(network, X, y)
    exact = gradients(network, X, y)
    for ours, same in zip(recursive, exact, strict=True):
        np.testing.assert_allclose(ours, same, rtol=1e-10, atol=1e-15)
    for ours, same in zip(nudged, exact, strict=True):
        np.testing.assert_allclose(ours, same, rtol=1e-6, atol=1e-9)
    for before, after in zip(kept, network.parameters, strict=True):
        assert (before == after).all()


@pytest.mark.parametrize("h", [None, 0.5])
def test_numerical_gradients_nudge_one_number_at_a_time_by_h(
    h: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, X, y = problem(0, 2, 3, 2, 2)
    kept = np.concatenate([p.ravel() for p in network.parameters])
    nudges: list[np.ndarray] = []
    real = Network.loss

    def loss(network: Network, X: np.ndarray, y: np.ndarray) -> float:
        now = np.concatenate([p.ravel() for p in network.parameters])
        nudges.append(now - kept)
        return real(network, X, y)

    monkeypatch.setattr(Network, "loss", loss)
    numerical_gradients(network, X, y, *([] if h is None else [h]))
    one_at_a_time = (1e-5 if h is None else h) * np.eye(len(kept))
    np.testing.assert_allclose(nudges[::2], one_at_a_time, rtol=0, atol=1e-12)
    np.testing.assert_allclose(nudges[1::2], -one_at_a_time, rtol=0, atol=1e-12)


def test_numerical_gradients_equal_those_of_a_function() -> None:
    network, X, y = problem(3, 4, 3, 5, 2)
    W = network.second.W

    def loss_at(x: np.ndarray) -> float:
        kept = W.copy()
        W[...] = x
        loss = network.loss(X, y)
        W[...] = kept
        return loss

    expected = numerical_gradient(loss_at, W)
    np.testing.assert_array_equal(numerical_gradients(network, X, y)[2], expected)


def test_delta_follows_every_way_through_any_number_of_layers() -> None:
    rng = np.random.default_rng(0)
    B, *widths = 3, 2, 4, 5
    after = [
        (rng.normal(size=(B, fan_in)), rng.normal(size=(fan_out, fan_in)))
        for fan_in, fan_out in pairwise(widths)
    ]
    dZ = rng.normal(size=(B, 5))
    expected = dZ
    for slopes, W in reversed(after):
        expected = slopes * (expected @ W)
    for n, i in np.ndindex(B, 2):
        assert delta(after, dZ, n, i) == pytest.approx(expected[n, i], rel=1e-12)
    assert delta([], dZ, 1, 4) == dZ[1, 4]


def test_numerical_gradients_take_two_passes_per_parameter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, X, y = problem(0, 4, 3, 5, 2)
    calls = []
    real = Network.loss
    monkeypatch.setattr(Network, "loss", lambda *a: calls.append(1) or real(*a))
    numerical_gradients(network, X, y)
    assert len(calls) == 2 * (3 * 5 + 5 + 5 * 2 + 2)


class TestTrainEpoch:
    def test_equals_torchs_sgd_over_the_same_batches(self) -> None:
        network, X, y = problem(1, 11, 3, 5, 4)
        theirs = [torch.tensor(p, requires_grad=True) for p in network.parameters]
        W1, b1, W2, b2 = theirs
        optimizer = torch.optim.SGD(theirs, lr=0.7)
        order = np.random.default_rng(5).permutation(11)
        total = 0.0
        for rows in (order[:4], order[4:8], order[8:]):
            optimizer.zero_grad()
            A = torch.sigmoid(linear(torch.tensor(X[rows]), W1, b1))
            loss = cross_entropy(linear(A, W2, b2), torch.tensor(y[rows]))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        mean = train_epoch(network, X, y, 4, 0.7, np.random.default_rng(5))
        assert mean == pytest.approx(total / 11, rel=1e-12)
        for ours, parameter in zip(network.parameters, theirs, strict=True):
            np.testing.assert_allclose(ours, parameter.detach(), rtol=1e-9, atol=1e-13)

    def test_every_row_comes_once_in_a_new_order(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        network, X, y = problem(0, 23, 3, 2, 2)
        X[:, 0] = np.arange(23)
        seen: list[list[int]] = []
        monkeypatch.setattr(
            module,
            "gradients",
            lambda n, X, y: seen.append([*X[:, 0]]) or gradients(n, X, y),
        )
        rng = np.random.default_rng(0)
        orders = []
        for _ in range(2):
            seen.clear()
            train_epoch(network, X, y, 5, 0.1, rng)
            assert [len(rows) for rows in seen] == [5, 5, 5, 5, 3]
            orders.append([int(row) for rows in seen for row in rows])
            assert sorted(orders[-1]) == list(range(23))
            assert orders[-1] != list(range(23))
        assert orders[0] != orders[1]

    def test_a_full_batch_is_one_step_down_the_gradient(self) -> None:
        network, X, y = problem(0, 6, 3, 4, 3)
        loss, before = network.loss(X, y), [p.copy() for p in network.parameters]
        slopes = gradients(network, X, y)
        mean = train_epoch(network, X, y, 100, 0.25, np.random.default_rng(0))
        assert mean == pytest.approx(loss)
        for after, p, slope in zip(network.parameters, before, slopes, strict=True):
            np.testing.assert_allclose(after, p - 0.25 * slope, atol=1e-14)

    def test_learns_a_tiny_batch_by_heart(self) -> None:
        network, X, y = problem(0, 8, 4, 16, 3)
        rng = np.random.default_rng(0)
        for _ in range(500):
            loss = train_epoch(network, X, y, 4, 1.0, rng)
        assert loss < 0.05
        assert (network.logits(X).argmax(axis=1) == y).all()
