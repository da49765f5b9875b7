"""A single threshold unit: what it computes, what it cannot, how it learns."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # inputs of a truth table

GATES = {  # name: ((w1, w2), b)
    "AND": ((1.0, 1.0), -1.5),
    "NAND": ((-1.0, -1.0), 1.5),
    "OR": ((1.0, 1.0), -0.5),
}


def heaviside(z: ArrayLike) -> np.ndarray:
    """Return 1 where `z` is at least 0 and 0 elsewhere; any shape."""
    return np.where(np.asarray(z) >= 0, 1, 0)


def sign(z: ArrayLike) -> np.ndarray:
    """Return +1 where `z` is at least 0 and -1 elsewhere; any shape."""
    return np.where(np.asarray(z) >= 0, 1, -1)


def threshold_unit(
    X: ArrayLike,
    w: ArrayLike,
    b: float,
    step: Callable[[ArrayLike], np.ndarray] = heaviside,
) -> np.ndarray:
    """Weigh the inputs, add the bias, and answer with a step.

    Args:
        X: inputs, shape (..., C).
        w: one weight per input, shape (C,).
        b: bias, the negative of the threshold.
        step: `heaviside` for answers 0 and 1, `sign` for -1 and +1.

    Returns:
        step(X @ w + b), shape (...).

    Raises:
        ValueError: the last axis of X is not as long as w.

    Source: McCulloch and Pitts, 1943; with weights, Rosenblatt, 1958.
    """
    X, w = np.asarray(X), np.asarray(w)
    if w.ndim != 1 or X.shape[-1:] != w.shape:
        raise ValueError(f"inputs {X.shape} do not fit weights {w.shape}")
    return step(X @ w + b)


def gate(name: str, X: ArrayLike) -> np.ndarray:
    """Answer 0 or 1 as the gate of `GATES` with that name: AND, NAND, OR.

    X has shape (..., 2), the answers have shape (...).
    """
    w, b = GATES[name]
    return threshold_unit(X, w, b)


def xor(X: ArrayLike) -> np.ndarray:
    """Compose XOR from three threshold units, which answer 0 or 1.

    X has shape (..., 2), the answers have shape (...).
    """
    hidden = np.stack([gate("NAND", X), gate("OR", X)], axis=-1)  # (..., 2)
    return gate("AND", hidden)


def rows_right(targets: ArrayLike, grid: ArrayLike) -> np.ndarray:
    """Try every unit with w1, w2 and b from a grid on a truth table.

    Args:
        targets: the wanted answers 0 or 1 to `ROWS`, shape (4,).
        grid: the values that w1, w2 and b may take, shape (grid,).

    Returns:
        how many rows each unit gets right, axes w1, w2 and b, shape
            (grid, grid, grid).

    Raises:
        ValueError: targets are not four numbers 0 or 1.
    """
    _, targets = _samples(ROWS, targets)
    w1, w2, b = np.meshgrid(grid, grid, grid, indexing="ij")
    w = np.stack([w1, w2], axis=-1)  # (grid, grid, grid, 2)
    z = w @ ROWS.T + b[..., None]  # (grid, grid, grid, 4)
    right: np.ndarray = (heaviside(z) == targets).sum(axis=-1)
    return right


class PerceptronHistory(NamedTuple):
    """Keep what the perceptron rule did; each mistake is an update.

    Attributes:
        weights: before any update and after each, (updates + 1, C).
        biases: before any update and after each, (updates + 1,).
        mistakes: in each epoch, (epochs,); the last is 0 if it settled.
    """

    weights: np.ndarray  # (updates + 1, C)
    biases: np.ndarray  # (updates + 1,)
    mistakes: np.ndarray  # (epochs,)


def train_perceptron(
    X: ArrayLike, t: ArrayLike, lr: float = 1.0, epochs: int = 100
) -> PerceptronHistory:
    """Learn from mistakes, sample by sample, until an epoch has none.

    Args:
        X: samples, shape (N, C).
        t: labels 0 or 1, shape (N,).
        lr: the learning rate, that is the size of an update.
        epochs: how many passes over the samples there may be.

    Returns:
        the weights and biases after each update, the mistakes per epoch.

    Raises:
        ValueError: the shapes do not fit, or a label is neither 0 nor 1.

    Source: Rosenblatt, 1958.
    """
    X, t = _samples(X, t)
    w, b = np.zeros(X.shape[1]), 0.0
    path, mistakes = [(w, b)], []
    for _ in range(epochs):
        before = len(path)
        for x, target in zip(X, t, strict=True):
            error = target - threshold_unit(x, w, b)  # -1, 0 or 1
            if error != 0:
                w, b = w + lr * error * x, b + lr * error
                path.append((w, b))
        mistakes.append(len(path) - before)
        if mistakes[-1] == 0:
            break
    weights, biases = map(np.array, zip(*path, strict=True))
    return PerceptronHistory(weights, biases, np.array(mistakes))


def mistake_bound(X: ArrayLike, t: ArrayLike, w: ArrayLike, b: float) -> float:
    """Bound the mistakes of the perceptron rule on samples it can separate.

    Every sample gets a last coordinate of 1, for the bias. Then R is the
    length of the longest, and γ the distance of (w, b) from the nearest.

    Args:
        X: samples, shape (N, C).
        t: labels 0 or 1, shape (N,).
        w: weights of a unit that separates the samples, shape (C,).
        b: its bias.

    Returns:
        (R / γ)², whatever the order of the samples.

    Raises:
        ValueError: (w, b) leaves a sample on the wrong side or on its line.

    Source: Novikoff, 1962, with the bias as the weight of a constant 1.
    """
    X, t = _samples(X, t)
    X1 = np.column_stack([X, np.ones(len(X))])  # (N, C + 1)
    u = np.append(w, b)  # (C + 1,)
    margins = (2 * t - 1) * (X1 @ u) / np.linalg.norm(u)  # (N,)
    if margins.min() <= 0:
        missed = int((margins <= 0).sum())
        raise ValueError(f"(w, b) misses {missed} of {len(X)} samples")
    radius = np.linalg.norm(X1, axis=1).max()
    return float((radius / margins.min()) ** 2)


def _samples(X: ArrayLike, t: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    X, t = np.asarray(X, dtype=np.float64), np.asarray(t)
    if X.ndim != 2 or t.shape != X.shape[:1] or not len(X):
        raise ValueError(
            f"X {X.shape} and t {t.shape} are not (N, C) and (N,)"
        )
    if not np.isin(t, [0, 1]).all():
        raise ValueError(f"labels must be 0 or 1, got {np.unique(t).tolist()}")
    return X, t.astype(np.int64)
