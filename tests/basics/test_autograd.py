import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.basics.autograd import Value, topological_order
from dlnotes.basics.gradient import gradient_check
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)

EXPRESSIONS: dict[str, Callable] = {
    "sum": lambda a, b: a + b,
    "sum with a number": lambda a, b: 2 + a + 3 + b,
    "product": lambda a, b: a * b,
    "product with a number": lambda a, b: 2 * a * 3 * b,
    "difference": lambda a, b: a - b,
    "difference with a number": lambda a, b: (5 - a) * (b - 5),
    "minus": lambda a, b: -a * b,
    "quotient": lambda a, b: a / b,
    "quotient with a number": lambda a, b: (2 / a) * (b / 2),
    "powers": lambda a, b: a**3 + b**-2 + a**0.5 + b**1 + a**0,
    "exp": lambda a, b: (a * b).exp(),
    "log": lambda a, b: (a / b).log(),
    "tanh": lambda a, b: (a - b).tanh(),
    "sigmoid": lambda a, b: (a - 2 * b).sigmoid(),
    "used twice": lambda a, b: a * a + a * b + a,
    "diamond": lambda a, b: (lambda c: c * c.exp() / (c + 1))(a * b),
}
POSITIVE = st.floats(0.1, 3)


@settings(max_examples=10, deadline=None)
@given(POSITIVE, POSITIVE)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_equals_torch(name: str, a: float, b: float) -> None:
    f = EXPRESSIONS[name]
    ours, theirs = [Value(a), Value(b)], torch.tensor([a, b], dtype=torch.float64)
    theirs.requires_grad_(True)
    y = f(*ours)
    y.backward()
    expected = f(*theirs)
    expected.backward()
    assert y.data == pytest.approx(expected.item(), rel=1e-12)
    assert [v.grad for v in ours] == pytest.approx(theirs.grad.tolist(), rel=1e-9)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_passes_the_gradient_check(name: str) -> None:
    f, x = EXPRESSIONS[name], [0.7, 1.3]
    values = [Value(v) for v in x]
    f(*values).backward()
    gradient = [v.grad for v in values]
    check = gradient_check(lambda x: f(Value(x[0]), Value(x[1])).data, x, gradient)
    assert check < 1e-6


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    steps = []
    for number in range(draw(st.integers(1, 12))):
        known = st.integers(0, 1 + number)
        steps.append((draw(st.sampled_from("+-*t")), draw(known), draw(known)))
    return steps


def run(steps: list[tuple[str, int, int]], values: list) -> list:
    for operation, i, j in steps:
        a, b = values[i], values[j]
        values.append(
            {"+": a + b, "-": a - b, "*": a * b, "t": a.tanh()}[operation].tanh()
        )
    return values


@settings(max_examples=60, deadline=None)
@given(programs(), st.floats(-2, 2), st.floats(-2, 2))
def test_any_graph_equals_torch(
    steps: list[tuple[str, int, int]], a: float, b: float
) -> None:
    ours = run(steps, [Value(a), Value(b)])
    theirs = run(
        steps,
        [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (a, b)],
    )
    ours[-1].backward()
    theirs[-1].backward()
    for v, leaf in zip(ours[:2], theirs[:2], strict=True):
        expected = 0.0 if leaf.grad is None else leaf.grad.item()
        assert v.grad == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_order_lists_each_node_once_after_its_parents(
    steps: list[tuple[str, int, int]],
) -> None:
    root = run(steps, [Value(0.5), Value(-0.5)])[-1]
    order = topological_order(root)
    place = {node: number for number, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is root
    for node in order:
        assert all(place[parent] < place[node] for parent in node.parents)


def test_a_value_shows_its_number_and_its_gradient() -> None:
    a = Value(3.0)
    y = a * a + a
    assert repr([a, y]) == "[Value(data=3, grad=0), Value(data=12, grad=0)]"
    y.backward()
    assert repr([a, y]) == "[Value(data=3, grad=7), Value(data=12, grad=1)]"
    assert repr(Value(-1 / 3)) == "Value(data=-0.333333, grad=0)"


def test_the_engine_is_one_class() -> None:
    assert Value.__mro__ == (Value, object)


def test_backward_starts_afresh() -> None:
    a = Value(3.0)
    y = a * a
    y.backward()
    y.backward()
    assert a.grad == 6
    (2 * a).backward()
    assert a.grad == 2


def test_graph_may_be_deep() -> None:
    a = Value(1.0)
    y = a
    for _ in range(100_000):
        y = y + a
    y.backward()
    assert a.grad == 100_001


def test_numpy_numbers_may_stand_on_either_side() -> None:
    a = Value(3.0)
    y = np.float64(2) * a + a * np.float64(5) - np.float64(1)
    assert isinstance(y, Value)
    y.backward()
    assert (y.data, a.grad) == (20, 7)


def test_apply_takes_any_function_with_its_derivative() -> None:
    a = Value(0.5)
    y = (3 * a).apply(math.sin, math.cos)
    y.backward()
    assert y.data == math.sin(1.5)
    assert a.grad == pytest.approx(3 * math.cos(1.5))


def test_fails_where_there_is_no_derivative() -> None:
    with pytest.raises(ZeroDivisionError):
        1 / Value(0.0)
    with pytest.raises(ValueError, match=r"domain|positive"):
        Value(0.0).log()
    with pytest.raises(TypeError, match="unsupported operand"):
        Value(2.0) ** Value(3.0)  # type: ignore[operator]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_a_network_of_values_equals_the_layers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(size=(3, 2)), rng.normal(size=(2, 3))
    x, t = rng.normal(size=2), rng.uniform(size=2)
    layers = [Dense(W1, np.zeros(3)), Sigmoid(), Dense(W2, np.zeros(2)), Sigmoid()]
    error = HalfSquaredError()
    loss = error.forward(forward_pass(layers, x[np.newaxis]), t[np.newaxis])
    backward_pass(layers, error.backward())

    V1, V2 = ([[Value(w) for w in row] for row in W] for W in (W1, W2))
    activations = [Value(v) for v in x]
    for V in (V1, V2):
        activations = [
            sum(w * a for w, a in zip(row, activations, strict=True)).sigmoid()
            for row in V
        ]
    L = sum(
        0.5 * (t_k - y) ** 2 for t_k, y in zip(t.tolist(), activations, strict=True)
    )
    L.backward()
    assert L.data == pytest.approx(loss, rel=1e-12)
    for V, layer in ((V1, layers[0]), (V2, layers[2])):
        ours = [[w.grad for w in row] for row in V]
        np.testing.assert_allclose(ours, layer.dW, rtol=1e-9, atol=1e-15)
