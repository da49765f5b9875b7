"""Layers with a forward and a backward pass (Rumelhart et al., 1986)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlnotes.basics.activations import sigmoid, sigmoid_derivative


class Dense:
    """Compute Z = X Wᵀ + b: each output weighs all inputs, and adds a bias.

    Args:
        W: weights, shape (out, in).
        b: biases, shape (out,).
    """

    def __init__(self, W: ArrayLike, b: ArrayLike) -> None:
        self.W = np.array(W, dtype=float)  # (out, in)
        self.b = np.array(b, dtype=float)  # (out,)

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Return Z (B, out) for inputs X (B, in), and keep X.

        Raises:
            ValueError: X is not a matrix with one sample a row.
        """
        if X.ndim != 2:
            raise ValueError(f"X must have shape (B, in), not {X.shape}")
        self.X = X
        Z: np.ndarray = X @ self.W.T + self.b  # (B, out)
        return Z

    def backward(self, dZ: np.ndarray) -> np.ndarray:
        """Return dL/dX (B, in) for dL/dZ (B, out); keep dL/dW and dL/db."""
        self.dW = dZ.T @ self.X  # (out, in)
        self.db = dZ.sum(axis=0)  # (out,)
        dX: np.ndarray = dZ @ self.W  # (B, in)
        return dX


class Sigmoid:
    """Compute A = σ(Z) entry by entry, for Z of any shape."""

    def forward(self, Z: np.ndarray) -> np.ndarray:
        """Return σ(Z), in the shape of Z, and keep Z."""
        self.Z = Z
        return sigmoid(Z)

    def backward(self, dA: np.ndarray) -> np.ndarray:
        """Return dL/dZ for dL/dA, both in the shape of Z."""
        return dA * sigmoid_derivative(self.Z)


class HalfSquaredError:
    """Compute L = ½ Σ (targets − Y)² over all entries of the outputs Y."""

    def forward(self, Y: np.ndarray, targets: np.ndarray) -> float:
        """Return the loss of Y, for targets of the shape of Y.

        Raises:
            ValueError: the two shapes differ.
        """
        if Y.shape != targets.shape:
            raise ValueError(f"outputs {Y.shape}, but targets {targets.shape}")
        self.Y, self.targets = Y, targets
        return 0.5 * float(np.sum((targets - Y) ** 2))

    def backward(self) -> np.ndarray:
        """Return dL/dY = Y − targets, in the shape of Y."""
        dY: np.ndarray = self.Y - self.targets
        return dY


def forward_pass(
    layers: Sequence[Dense | Sigmoid], X: np.ndarray
) -> np.ndarray:
    """Send X, one sample a row, through the layers, first to last."""
    for layer in layers:
        X = layer.forward(X)
    return X


def backward_pass(
    layers: Sequence[Dense | Sigmoid], dY: np.ndarray
) -> np.ndarray:
    """Send dL/dY back through the layers, last to first; return dL/dX.

    dL/dY has the shape of the outputs of the last layer, dL/dX that of the
    inputs of the first.
    """
    for layer in reversed(layers):
        dY = layer.backward(dY)
    return dY
