"""What the perceptron chapter says in words."""

import math
import re
from itertools import product

import numpy as np
import pytest

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
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

GRID = np.arange(-2, 2.125, 0.125)
XOR = [0, 1, 1, 0]


def test_sign_is_two_heavisides_minus_one_and_numpy_has_three_answers() -> None:
    z = np.array([-2.0, -0.001, 0.0, 0.001, 2.0])
    np.testing.assert_array_equal(sign(z), 2 * heaviside(z) - 1)
    assert sorted(set(np.sign(z))) == [-1, 0, 1]


def test_bias_shifts_the_sigmoid_without_bending_it() -> None:
    x = np.linspace(-5, 5, 101)
    for b in (-4.0, 4.0):
        np.testing.assert_allclose(sigmoid((x - b) + b), sigmoid(x), rtol=1e-12)
        assert sigmoid(-b + b) == 0.5
    assert (sigmoid(x + 4) > sigmoid(x)).all()


def test_slope_is_positive_everywhere_and_the_step_is_flat() -> None:
    z = np.array([-20.0, -1.0, 1.0, 20.0])
    assert (sigmoid_derivative(z) > 0).all()
    np.testing.assert_array_equal(heaviside(z + 0.01), heaviside(z - 0.01))
    assert sigmoid_derivative(-1000) == 0


def test_tanh_is_a_stretched_sigmoid() -> None:
    z = np.linspace(-20, 20, 4001)
    np.testing.assert_allclose(np.tanh(z), 2 * sigmoid(2 * z) - 1, atol=1e-15)


@pytest.mark.parametrize(("threshold", "works"), [(1, 0), (1.01, 1), (2, 1), (2.01, 0)])
def test_thresholds_above_1_and_up_to_2_make_an_and(threshold, works) -> None:
    answers = threshold_unit(ROWS, (1, 1), -threshold)
    assert np.array_equal(answers, [0, 0, 0, 1]) == bool(works)


def test_nand_is_and_with_everything_negated() -> None:
    (w1, w2), b = GATES["AND"]
    assert GATES["NAND"] == ((-w1, -w2), -b)


@pytest.mark.settles("xor-needs-no-curve")
def test_one_unit_gets_at_most_three_rows_of_xor() -> None:
    found = rows_right(XOR, GRID)
    assert found.size == 33**3
    assert found.max() == 3
    assert found.min() == 1
    for name in GATES:
        assert (rows_right(gate(name, ROWS), GRID) == 4).sum() >= 500


@pytest.mark.settles("xor-needs-no-curve")
def test_two_lines_suffice_for_xor() -> None:
    inside = (ROWS.sum(axis=1) > 0.5) & (ROWS.sum(axis=1) < 1.5)
    np.testing.assert_array_equal(inside, XOR)
    np.testing.assert_array_equal(xor(ROWS), XOR)
    hidden = np.column_stack([gate("NAND", ROWS), gate("OR", ROWS)])
    np.testing.assert_array_equal(hidden[1], hidden[2])
    assert len(np.unique(hidden, axis=0)) == 3


def test_layers_without_a_step_collapse_into_one() -> None:
    rng = np.random.default_rng(0)
    W1, W2, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(9, 2))
    b1, b2 = rng.normal(size=3), rng.normal()
    np.testing.assert_allclose(
        (X @ W1 + b1) @ W2 + b2, X @ (W1 @ W2) + (b1 @ W2 + b2), rtol=1e-12
    )


def test_a_correction_moves_z_towards_the_wanted_answer() -> None:
    x = np.array([0.7, -1.2])
    history = train_perceptron([x, x], [0, 1], epochs=1)  # wrong both times
    start, lower, higher = history.weights @ x + history.biases
    assert history.mistakes.tolist() == [2]
    assert lower < start
    assert lower < higher


def test_training_run(any_run) -> None:
    run = any_run("perceptron")
    log = run.log("train").splitlines()
    mistakes = [int(line.split()[1]) for line in log[1:]]
    assert mistakes[-1] == 0
    assert sum(mistakes) == run.values["mistakes_total"]
    assert len(mistakes) == run.values["epochs_needed"]


def test_the_mistakes_do_not_fall_steadily_on_the_page(book_run) -> None:
    log = book_run("perceptron").log("train").splitlines()
    mistakes = [int(line.split()[1]) for line in log[1:]]
    assert mistakes != sorted(mistakes, reverse=True)


def test_in_many_orders_they_do_not(any_run) -> None:
    assert any_run("perceptron").values["count_unsteady"] > 10


def test_bound_holds_over_the_orders(any_run) -> None:
    values = any_run("perceptron").values
    assert values["mistakes_most"] <= values["bound"] / 10
    assert values["mistakes_fewest"] < values["mistakes_most"] / 2
    assert values["gap_least"] < values["gap_median"] < values["gap_true"]
    assert values["gap_true"] > 0.15


def test_bound_does_not_depend_on_the_order_or_the_number() -> None:
    X, t = np.array([[2.0, 1.0], [-1.0, 0.5], [0.5, -2.0]]), np.array([1, 0, 1])
    w, b = np.array([1.0, -0.2]), 0.2
    bound = mistake_bound(X, t, w, b)
    assert math.isclose(mistake_bound(X[::-1], t[::-1], w, b), bound)
    twice = mistake_bound(np.vstack([X, X]), np.append(t, t), w, b)
    assert math.isclose(twice, bound)


def test_rule_walks_in_circles_on_xor() -> None:
    history = train_perceptron(ROWS, XOR, epochs=1000)
    ends = np.cumsum(history.mistakes)[1:]
    assert len(history.mistakes) == 1000
    assert (history.mistakes[2:] == 4).all()
    assert (history.weights[ends] == history.weights[ends[0]]).all()
    assert (history.biases[ends] == history.biases[ends[0]]).all()
    assert np.abs(history.weights).max() == 1


def test_no_unit_on_the_way_gets_more_than_two_rows_of_xor() -> None:
    history = train_perceptron(ROWS, XOR, epochs=1000)
    units = zip(history.weights, history.biases, strict=True)
    right = [(threshold_unit(ROWS, w, b) == XOR).sum() for w, b in units]
    assert max(right) == 2
    assert right[-1] == 2  # though the last epoch counted four mistakes
    assert history.mistakes[-1] == 4


def test_one_wrong_label_and_it_never_settles(any_run) -> None:
    run = any_run("perceptron")
    assert run.values["mistakes_stuck"] > 0
    assert run.values["epochs_stuck"] == 200
    counts = re.findall(r"\d+", run.log("mislabelled"))
    assert min(map(int, counts)) >= run.values["mistakes_stuck"]


def test_without_a_bias_and_gets_two_rows() -> None:
    found = rows_right(gate("AND", ROWS), GRID)[:, :, GRID == 0]
    assert found.max() == 2
    assert threshold_unit([0, 0], GRID[:2], 0.0) == 1


@pytest.mark.settles("xor-needs-no-curve")
def test_a_sigmoid_cut_at_one_half_is_the_same_line() -> None:
    w1, w2, b = np.meshgrid(GRID, GRID, GRID)
    for x1, x2 in ROWS:
        z = x1 * w1 + x2 * w2 + b
        np.testing.assert_array_equal(sigmoid(z) >= 0.5, heaviside(z) == 1)


def test_all_tables_of_two_inputs_but_two_are_separable(book_run) -> None:
    grid = np.arange(-2, 2.25, 0.25)
    tables = product([0, 1], repeat=4)
    missing = [t for t in tables if rows_right(t, grid).max() < 4]
    assert missing == [(0, 1, 1, 0), (1, 0, 0, 1)]
    assert book_run("perceptron_exercises").values["count_separable"] == 14


@pytest.mark.parametrize("seed", [0, 10_000, 20_000])
def test_the_learning_rate_changes_nothing_but_the_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (80, 2))
    t = heaviside(X @ [1.0, -2.0] + 0.3)
    one = train_perceptron(X, t, 1)
    for rate in (0.1, 10):
        other = train_perceptron(X, t, rate)
        assert other.mistakes.tolist() == one.mistakes.tolist()
        np.testing.assert_allclose(other.weights, rate * one.weights, atol=1e-12)


def test_at_least_two_of_three() -> None:
    X = np.array(list(product([0, 1], repeat=3)))
    two = X.sum(axis=1) >= 2
    for threshold, works in [(1, False), (1.01, True), (2, True), (2.01, False)]:
        answers = threshold_unit(X, (1, 1, 1), -threshold)
        assert np.array_equal(answers, two) == works


def test_the_side_of_the_line_of_exercise_2() -> None:
    on_the_line = np.array([[0, -1], [1, 1]])
    np.testing.assert_array_equal(on_the_line @ [2, -1] - 1, 0)
    aside = [[0, 0], [1, 0], [0, -2]]  # the origin; right of the line; below it
    np.testing.assert_array_equal(threshold_unit(aside, (2, -1), -1), [0, 1, 1])


def test_xor_with_two_units_that_see_the_inputs() -> None:
    both = threshold_unit(ROWS, (1, 1), -1.5)
    y = threshold_unit(np.column_stack([ROWS, both]), (1, 1, -2), -0.5)
    np.testing.assert_array_equal(y, XOR)
