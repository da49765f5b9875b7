"""Activation functions and their derivatives, in double precision."""

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
    e: NDArray[np.float64] = np.exp(-np.abs(z))
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


def tanh(z: ArrayLike) -> NDArray[np.float64]:
    """Squash every entry of `z` into the interval from -1 to 1.

    `m` is exp(-2|z|) - 1, accurate near 0 and never above it: small
    entries keep all their digits, large ones cannot overflow.

    Args:
        z: weighted inputs, any shape, no unit.

    Returns:
        (exp(z) - exp(-z)) / (exp(z) + exp(-z)), the shape of `z`.
    """
    z = np.asarray(z, dtype=np.float64)
    m = np.expm1(-2.0 * np.abs(z))
    t: NDArray[np.float64] = np.copysign(m / (2.0 + m), z)
    return t


def tanh_derivative(z: ArrayLike) -> NDArray[np.float64]:
    """Return the slope of tanh at every entry of `z`.

    It is computed as 4 * sigmoid_derivative(2z), because tanh(z) is
    2 * sigmoid(2z) - 1.

    Args:
        z: weighted inputs (not the outputs of tanh), any shape.

    Returns:
        1 - tanh(z)**2, the shape of `z`, at most 1.
    """
    z = np.asarray(z, dtype=np.float64)
    return 4.0 * sigmoid_derivative(2.0 * z)


def relu(z: ArrayLike) -> NDArray[np.float64]:
    """Keep the positive entries of `z` and set the others to 0.

    Args:
        z: weighted inputs, any shape, no unit.

    Returns:
        max(z, 0), the shape of `z`.

    Source: Nair and Hinton, Rectified linear units improve restricted
    Boltzmann machines, 2010.
    """
    return np.maximum(np.asarray(z, dtype=np.float64), 0.0)


def relu_derivative(z: ArrayLike) -> NDArray[np.float64]:
    """Return the slope of relu: 1 where `z` is positive, 0 elsewhere.

    At 0 there is no slope; 0 is the convention, PyTorch's too.

    Args:
        z: weighted inputs, any shape.

    Returns:
        zeros and ones, the shape of `z`.
    """
    return np.heaviside(np.asarray(z, dtype=np.float64), 0.0)


def softplus(z: ArrayLike) -> NDArray[np.float64]:
    """Round off the corner of relu, so that the slope is sigmoid(z).

    Args:
        z: weighted inputs, any shape, no unit.

    Returns:
        log(1 + exp(z)), the shape of `z`, positive until it underflows.

    Source: Dugas et al., Incorporating second-order functional knowledge
    for better option pricing, 2000.
    """
    z = np.asarray(z, dtype=np.float64)
    corner: NDArray[np.float64] = np.log1p(np.exp(-np.abs(z)))
    return relu(z) + corner


def softmax(z: ArrayLike) -> NDArray[np.float64]:
    """Turn the scores of K classes into K positive shares of 1.

    The largest score of each row is taken off first, which changes no
    share: no exponent is positive, and one of them is 0.

    Args:
        z: scores, one row per sample, shape (..., K).

    Returns:
        exp(z) / sum(exp(z)) along the last axis, shape (..., K).

    Source: Bridle, Probabilistic interpretation of feedforward
    classification network outputs, 1990.
    """
    z = np.asarray(z, dtype=np.float64)
    e = np.exp(z - z.max(axis=-1, keepdims=True))  # (..., K)
    p: NDArray[np.float64] = e / e.sum(axis=-1, keepdims=True)
    return p


def softmax_jacobian(z: ArrayLike) -> NDArray[np.float64]:
    """Return how every share of a row moves with every score of the row.

    Entry (i, j) is dp_i/dz_j = p_i * ((1 if i == j else 0) - p_j), with
    p = softmax(z).

    Args:
        z: scores of K classes, one row per sample, shape (..., K).

    Returns:
        the derivatives of K shares along K scores, shape (..., K, K).
    """
    p = softmax(z)
    rows, columns = p[..., :, None], p[..., None, :]
    return rows * (np.eye(p.shape[-1]) - columns)  # (..., K, K)
