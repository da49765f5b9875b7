"""Activation functions of one number, applied to every entry of an array."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def sigmoid(z: ArrayLike) -> NDArray[np.float64]:
    """Squash every entry of `z` into the interval from 0 to 1.

    The exponent is never positive, so that no entry can overflow.

    Args:
        z: weighted inputs, any shape, no unit.

    Returns:
        1 / (1 + exp(-z)), the shape of `z`.

    Source: the logistic function; Verhulst, 1838.
    """
    z = np.asarray(z, dtype=np.float64)
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_derivative(z: ArrayLike) -> NDArray[np.float64]:
    """Return the slope of the sigmoid at every entry of `z`.

    Args:
        z: weighted inputs (not the sigmoid's outputs), any shape.

    Returns:
        sigmoid(z) * (1 - sigmoid(z)), the shape of `z`, at most 1/4.
    """
    z = np.asarray(z, dtype=np.float64)
    return sigmoid(z) * sigmoid(-z)  # sigmoid(-z) is 1 - sigmoid(z)
