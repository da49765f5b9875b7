"""Threshold units: steps, gates, the search, and the learning rule."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron

from dlnotes.basics.perceptron import (
    GATES,
    ROWS,
    gate,
    heaviside,
    mistake_bound,
    rows_right,
    sign,
    threshold_unit,
    train_perceptron,
    xor,
)


def separable(seed: int, n: int = 40, dim: int = 2, gap: float = 0.1):
    """Return points, labels and the unit (w, b) that gave the labels."""
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=dim), rng.normal() / 2
    X = rng.uniform(-2, 2, (n, dim))
    z = (X @ w + b) / np.linalg.norm(w)
    X = X[np.abs(z) > gap]
    return X, heaviside(X @ w + b), w, b


def test_steps_at_below_and_above_zero() -> None:
    z = np.array([[-3.0, -1e-300], [0.0, 5.0]])
    assert heaviside(z).tolist() == [[0, 0], [1, 1]]
    assert sign(z).tolist() == [[-1, -1], [1, 1]]
    np.testing.assert_array_equal(heaviside(z), np.heaviside(z, 1))
    assert heaviside(-0.0) == 1
    assert heaviside(2) == 1


def test_threshold_unit_reaches_its_threshold() -> None:
    assert threshold_unit([1.0, 2.0], [3.0, 0.5], -4.0) == 1
    assert threshold_unit([1.0, 2.0], [3.0, 0.5], -4.0001) == 0
    assert threshold_unit([1.0, 2.0], [3.0, 0.5], -4.0001, step=sign) == -1
    assert threshold_unit(np.zeros((5, 4, 3)), np.ones(3), 0.0).shape == (5, 4)


@pytest.mark.parametrize("w", [[1.0], [1.0, 1.0, 1.0], [[1.0], [1.0]], 1.0])
def test_threshold_unit_refuses_weights_that_do_not_fit(w) -> None:
    with pytest.raises(ValueError, match=r"inputs \(4, 2\) do not fit weights"):
        threshold_unit(ROWS, w, 0.0)


def test_gates_equal_the_bitwise_operators() -> None:
    x1, x2 = ROWS.T
    np.testing.assert_array_equal(gate("AND", ROWS), x1 & x2)
    np.testing.assert_array_equal(gate("NAND", ROWS), 1 - (x1 & x2))
    np.testing.assert_array_equal(gate("OR", ROWS), x1 | x2)
    np.testing.assert_array_equal(xor(ROWS), x1 ^ x2)
    assert xor([1, 0]) == 1


def test_no_row_of_a_gate_lies_on_its_line() -> None:
    for w, b in GATES.values():
        assert np.abs(ROWS @ w + b).min() >= 0.5


def test_search_equals_trying_unit_by_unit() -> None:
    grid = np.array([-1.0, -0.5, 0.5, 1.0])
    for targets in product([0, 1], repeat=4):
        found = rows_right(targets, grid)
        for (i, w1), (j, w2), (k, b) in product(enumerate(grid), repeat=3):
            answers = threshold_unit(ROWS, (w1, w2), b)
            assert found[i, j, k] == (answers == targets).sum()


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0, 1, 1], r"X \(4, 2\) and t \(3,\)"),
        ([0, 1, 1, 2], r"labels must be 0 or 1, got \[0, 1, 2\]"),
    ],
)
def test_search_refuses_what_is_no_truth_table(targets, message) -> None:
    with pytest.raises(ValueError, match=message):
        rows_right(targets, [0.0, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_rule_settles_on_separable_points(seed: int) -> None:
    X, t, _, _ = separable(seed)
    history = train_perceptron(X, t, epochs=10_000)
    assert history.mistakes[-1] == 0
    assert (history.mistakes[:-1] > 0).all()
    np.testing.assert_array_equal(
        threshold_unit(X, history.weights[-1], history.biases[-1]), t
    )


@pytest.mark.parametrize("name", GATES)
def test_rule_learns_each_gate(name: str) -> None:
    t = gate(name, ROWS)
    history = train_perceptron(ROWS, t)
    learned = threshold_unit(ROWS, history.weights[-1], history.biases[-1])
    np.testing.assert_array_equal(learned, t)


def test_rule_takes_the_steps_of_scikit_learn() -> None:
    X, t, _, _ = separable(3, n=60, dim=3)
    t[5] = 1 - t[5]  # not separable any more: it never stops early
    first = int(np.flatnonzero(t == 0)[0])  # the two differ at z = 0 with label 1
    order = [first, *(i for i in range(len(X)) if i != first)]
    X, t = X[order], t[order]
    for epochs in (1, 2, 7):
        peer = Perceptron(max_iter=epochs, tol=None, shuffle=False, eta0=0.5)
        peer.fit(X, t)
        history = train_perceptron(X, t, lr=0.5, epochs=epochs)
        np.testing.assert_allclose(history.weights[-1], peer.coef_[0], rtol=1e-9)
        np.testing.assert_allclose(history.biases[-1], peer.intercept_[0], rtol=1e-9)


def test_history_holds_every_update() -> None:
    X, t, _, _ = separable(2)
    history = train_perceptron(X, t, lr=0.25, epochs=10_000)
    updates = history.mistakes.sum()
    assert history.weights.shape == (updates + 1, 2)
    assert history.biases.shape == (updates + 1,)
    assert not history.weights[0].any()
    assert history.biases[0] == 0
    assert np.abs(np.diff(history.biases)).tolist() == [0.25] * updates
    for step, up in zip(
        np.diff(history.weights, axis=0), np.diff(history.biases) > 0, strict=True
    ):
        own = X[t == int(up)]  # only a sample that wants a 1 is ever added
        assert np.isclose(step, (0.25 if up else -0.25) * own).all(axis=1).any()


def test_one_class_alone_is_learnt_too() -> None:
    history = train_perceptron(ROWS, [0, 0, 0, 0])
    assert history.mistakes[-1] == 0
    assert train_perceptron(ROWS, [1, 1, 1, 1]).mistakes.tolist() == [0]


def test_rule_leaves_its_arguments_alone() -> None:
    X, t, _, _ = separable(1)
    X_before, t_before = X.copy(), t.copy()
    train_perceptron(X, t)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(t, t_before)


@pytest.mark.parametrize(
    ("X", "t", "message"),
    [
        (ROWS, [-1, 1, 1, -1], r"labels must be 0 or 1, got \[-1, 1\]"),
        (ROWS, [0.0, 0.5, 1.0, 1.0], "labels must be 0 or 1"),
        (ROWS, [0, 1], r"X \(4, 2\) and t \(2,\) are not"),
        (ROWS, [[0], [1], [1], [0]], r"t \(4, 1\)"),
        ([0.0, 1.0], [0, 1], r"X \(2,\)"),
        (np.zeros((0, 2)), np.zeros(0), r"X \(0, 2\)"),
    ],
)
def test_rule_refuses_wrong_shapes_and_labels(X, t, message) -> None:
    with pytest.raises(ValueError, match=message):
        train_perceptron(X, t)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_mistakes_stay_within_the_bound(seed: int, dim: int) -> None:
    X, t, w, b = separable(seed, n=20, dim=dim, gap=0.3)
    assume(len(X) > 0)
    bound = mistake_bound(X, t, w, b)
    history = train_perceptron(X, t, epochs=int(bound) + 2)
    assert history.mistakes[-1] == 0
    assert history.mistakes.sum() <= bound


def test_bound_of_a_case_done_by_hand() -> None:
    X = np.array([[3.0], [-3.0]])  # with the constant: (3, 1), (-3, 1)
    assert np.isclose(mistake_bound(X, [1, 0], [1.0], 0.0), 10 / 9)
    assert np.isclose(mistake_bound(X, [1, 0], [7.0], 0.0), 10 / 9)


def test_bound_refuses_a_line_that_does_not_separate() -> None:
    with pytest.raises(ValueError, match=r"\(w, b\) misses 1 of 4 samples"):
        mistake_bound(ROWS, [0, 1, 1, 0], *GATES["OR"])
    with pytest.raises(ValueError, match="misses 2 of 4 samples"):
        mistake_bound(ROWS, [0, 0, 1, 1], (1, 0), -1)
