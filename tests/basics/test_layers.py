from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.basics.gradient import gradient_check
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)

SIZES = st.integers(1, 4)
SEEDS = st.integers(0, 10_000)


def network(
    rng: np.random.Generator, sizes: list[int]
) -> tuple[list[Dense | Sigmoid], np.ndarray, np.ndarray]:
    B, *widths = sizes
    layers: list[Dense | Sigmoid] = []
    for fan_in, fan_out in pairwise(widths):
        W, b = rng.normal(size=(fan_out, fan_in)), rng.normal(size=fan_out)
        layers += [Dense(W, b), Sigmoid()]
    return layers, rng.normal(size=(B, widths[0])), rng.uniform(size=(B, widths[-1]))


def backpropagate(
    layers: list[Dense | Sigmoid], X: np.ndarray, T: np.ndarray
) -> tuple[float, np.ndarray]:
    error = HalfSquaredError()
    loss = error.forward(forward_pass(layers, X), T)
    return loss, backward_pass(layers, error.backward())


def dense(layers: list[Dense | Sigmoid]) -> list[Dense]:
    return [layer for layer in layers if isinstance(layer, Dense)]


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.lists(SIZES, min_size=4, max_size=4))
def test_equals_torch(seed: int, sizes: list[int]) -> None:
    layers, X, T = network(np.random.default_rng(seed), sizes)
    loss, dX = backpropagate(layers, X, T)

    A = inputs = torch.tensor(X, requires_grad=True)
    parameters = []
    for layer in dense(layers):
        W = torch.tensor(layer.W, requires_grad=True)
        b = torch.tensor(layer.b, requires_grad=True)
        A = torch.sigmoid(torch.nn.functional.linear(A, W, b))
        parameters.append((W, b))
    theirs = 0.5 * ((torch.tensor(T) - A) ** 2).sum()
    theirs.backward()

    assert loss == pytest.approx(theirs.item(), rel=1e-12)
    np.testing.assert_allclose(dX, inputs.grad, rtol=1e-9, atol=1e-14)
    for layer, (W, b) in zip(dense(layers), parameters, strict=True):
        np.testing.assert_allclose(layer.dW, W.grad, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(layer.db, b.grad, rtol=1e-9, atol=1e-14)


def test_passes_the_gradient_check() -> None:
    layers, X, T = network(np.random.default_rng(0), [5, 3, 4, 2])
    _, dX = backpropagate(layers, X, T)
    error = HalfSquaredError()

    def loss_at(layer: Dense, name: str, values: np.ndarray) -> float:
        kept = getattr(layer, name)
        setattr(layer, name, values)
        loss = error.forward(forward_pass(layers, X), T)
        setattr(layer, name, kept)
        return loss

    for layer in dense(layers):
        dW, db = layer.dW, layer.db
        for name, gradient in (("W", dW), ("b", db)):
            values = getattr(layer, name)
            assert (
                gradient_check(
                    lambda v, layer=layer, name=name: loss_at(layer, name, v),  # type: ignore[misc]
                    values,
                    gradient,
                )
                < 1e-6
            )
    check = gradient_check(lambda X: error.forward(forward_pass(layers, X), T), X, dX)
    assert check < 1e-6


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(2, 5))
def test_a_batch_adds_up_its_samples(seed: int, B: int) -> None:
    layers, X, T = network(np.random.default_rng(seed), [B, 3, 4, 2])
    loss, _ = backpropagate(layers, X, T)
    whole = [(layer.dW, layer.db) for layer in dense(layers)]
    losses, parts = [], []
    for i in range(B):
        losses.append(backpropagate(layers, X[i : i + 1], T[i : i + 1])[0])
        parts.append([(layer.dW, layer.db) for layer in dense(layers)])
    assert loss == pytest.approx(sum(losses))
    for number, (dW, db) in enumerate(whole):
        np.testing.assert_allclose(sum(p[number][0] for p in parts), dW, atol=1e-12)
        np.testing.assert_allclose(sum(p[number][1] for p in parts), db, atol=1e-12)


def test_dense_owns_float_copies() -> None:
    W, b = np.array([[1, 2]]), [3]
    layer = Dense(W, b)
    layer.W += 0.5
    layer.b += 0.5
    assert layer.W.tolist() == [[1.5, 2.5]]
    assert layer.b.tolist() == [3.5]
    assert W.tolist() == [[1, 2]]
    assert b == [3]


def test_dense_refuses_a_single_vector() -> None:
    with pytest.raises(ValueError, match=r"X must have shape \(B, in\), not \(2,\)"):
        Dense(np.eye(2), np.zeros(2)).forward(np.ones(2))


@pytest.mark.parametrize("targets", [(3,), (3, 3), (1, 3)])
def test_error_refuses_to_broadcast(targets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"outputs \(3, 1\), but targets"):
        HalfSquaredError().forward(np.ones((3, 1)), np.ones(targets))


def test_learns_xor() -> None:
    rng = np.random.default_rng(0)
    layers = [
        Dense(rng.normal(size=(4, 2)), np.zeros(4)),
        Sigmoid(),
        Dense(rng.normal(size=(1, 4)), np.zeros(1)),
        Sigmoid(),
    ]
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    T = np.array([[0], [1], [1], [0]], dtype=float)
    start, _ = backpropagate(layers, X, T)
    for _ in range(3_000):
        loss, _ = backpropagate(layers, X, T)
        for layer in dense(layers):
            layer.W -= 2.0 * layer.dW
            layer.b -= 2.0 * layer.db
    assert start > 0.4
    assert loss < 0.01
    assert (forward_pass(layers, X).round() == T).all()
