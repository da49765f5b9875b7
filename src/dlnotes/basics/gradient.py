"""Gradients by finite differences, and a check of other gradients by them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """Estimate the gradient of f at x by central differences.

    x has any shape and stays as it is; the result has the same shape.
    Raises TypeError unless x is floating-point: integers drop the step h.
    """
    x = np.array(x)  # a copy
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(
            f"x holds {x.dtype} and cannot move by {h}: use x.astype(float)"
        )
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + h
        above = f(x)
        x[index] = centre - h
        below = f(x)
        x[index] = centre
        gradient[index] = (above - below) / (2 * h)
    return gradient


def relative_error(
    gradient: ArrayLike, reference: ArrayLike, floor: float = 1e-6
) -> np.ndarray:
    """Divide the error of each entry by the size of its reference.

    References smaller than `floor` count as `floor`, so that the rounding
    noise of a numerical gradient near 0 does not look like a large error.
    Raises ValueError when the two shapes differ.
    """
    gradient, reference = np.asarray(gradient), np.asarray(reference)
    if gradient.shape != reference.shape:
        raise ValueError(
            f"a gradient of shape {gradient.shape} cannot be compared "
            f"with a reference of shape {reference.shape}"
        )
    return np.abs(gradient - reference) / np.maximum(np.abs(reference), floor)


def gradient_check(
    f: Callable[[np.ndarray], float],
    x: ArrayLike,
    gradient: ArrayLike,
    h: float = 1e-5,
) -> float:
    """Return the largest relative error of a gradient of f at x.

    The reference is `numerical_gradient(f, x, h)`. Below 1e-6 a formula
    coded in float64 can be trusted; 1.0 means wrong by 100 %.
    """
    reference = numerical_gradient(f, x, h)
    return float(relative_error(gradient, reference).max())
