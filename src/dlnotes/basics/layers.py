"""Layers with a forward and a backward pass (Rumelhart et al., 1986)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlnotes.basics.activations import sigmoid, sigmoid_derivative


class Dense:
    """Compute Z = X Wᵀ + b, from C inputs to K units.

    `backward` takes dL/dZ, keeps dL/dW and dL/db, returns dL/dX.
    Raises ValueError when X is not a matrix with one sample a row.
    """

    def __init__(self, W: ArrayLike, b: ArrayLike) -> None:
        self.W = np.array(W, dtype=float)  # (K, C)
        self.b = np.array(b, dtype=float)  # (K,)

    def forward(self, X: np.ndarray) -> np.ndarray:
        if X.ndim != 2:
            raise ValueError(f"X must have shape (B, C), not {X.shape}")
        self.X = X
        return X @ self.W.T + self.b  # (B, K)

    def backward(self, dZ: np.ndarray) -> np.ndarray:
        self.dW = dZ.T @ self.X  # (K, C)
        self.db = dZ.sum(axis=0)  # (K,)
        return dZ @ self.W  # (B, C)


class Sigmoid:
    """Compute A = σ(Z), any shape; `backward` turns dL/dA into dL/dZ."""

    def forward(self, Z: np.ndarray) -> np.ndarray:
        self.Z = Z
        return sigmoid(Z)

    def backward(self, dA: np.ndarray) -> np.ndarray:
        return dA * sigmoid_derivative(self.Z)


class HalfSquaredError:
    """Compute L = ½ Σ (T − Y)² over all entries of outputs Y and targets T.

    `backward` returns dL/dY. Raises ValueError when the shapes differ.
    """

    def forward(self, Y: np.ndarray, T: np.ndarray) -> float:
        if Y.shape != T.shape:
            raise ValueError(f"outputs {Y.shape}, but targets {T.shape}")
        self.Y, self.T = Y, T
        return 0.5 * float(np.sum((T - Y) ** 2))

    def backward(self) -> np.ndarray:
        return self.Y - self.T


def forward_pass(
    layers: Sequence[Dense | Sigmoid],
    X: np.ndarray,
) -> np.ndarray:
    """Send X (B, C) through the layers, first to last."""
    for layer in layers:
        X = layer.forward(X)
    return X


def backward_pass(
    layers: Sequence[Dense | Sigmoid],
    dY: np.ndarray,
) -> np.ndarray:
    """Send dL/dY back through the layers, last to first; return dL/dX."""
    for layer in reversed(layers):
        dY = layer.backward(dY)
    return dY
