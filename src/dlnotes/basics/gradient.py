"""Gradients by finite differences, a check by them, and descent."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

ArrayFunction = Callable[[np.ndarray], np.ndarray]


def forward_difference(f: ArrayFunction, x: ArrayLike, h: float) -> np.ndarray:
    """Estimate the derivative of f at x with one step of size h upwards.

    f works entry by entry: x has any shape, and the result has it too. Both
    are computed in the precision of x. The error is of order h.
    """
    x = np.asarray(x)
    return (f(x + h) - f(x)) / h


def central_difference(f: ArrayFunction, x: ArrayLike, h: float) -> np.ndarray:
    """Estimate the derivative of f at x with a step h up and a step h down.

    f works entry by entry: x has any shape, and the result has it too. Both
    are computed in the precision of x. The error is of order h².
    """
    x = np.asarray(x)
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """Estimate the gradient of f at x by a central difference per entry.

    x has any shape and stays as it is; the gradient has the shape of x.

    Raises:
        TypeError: x is not floating-point; integers would drop the step h.
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

    Gradient, reference and result have one shape. References smaller than
    `floor` count as `floor`, so that the rounding noise of a numerical
    gradient near 0 does not look like a large error.

    Raises:
        ValueError: the two shapes differ.
    """
    gradient, reference = np.asarray(gradient), np.asarray(reference)
    if gradient.shape != reference.shape:
        raise ValueError(
            f"a gradient of shape {gradient.shape} cannot be compared "
            f"with a reference of shape {reference.shape}"
        )
    size = np.maximum(np.abs(reference), floor)
    error: np.ndarray = np.abs(gradient - reference) / size
    return error


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


def gradient_descent(
    gradient: ArrayFunction,
    start: ArrayLike,
    lr: float | np.ndarray,
    steps: int,
) -> np.ndarray:
    """Step against the gradient, again and again, and return the whole path.

    start has any shape, such as (2,) for a point of the plane or (points, 2)
    for many at once, and `gradient` keeps it. lr is the learning rate; an
    array such as (points, 1) gives each point its own.

    Returns:
        the points in order, the start first, (steps + 1, *start.shape).

    Raises:
        ValueError: a gradient has another shape, and would broadcast.
    """
    x = np.array(start, dtype=float)
    path = [x]
    for _ in range(steps):
        slope = gradient(x)
        if np.shape(slope) != x.shape:
            raise ValueError(
                f"the gradient has shape {np.shape(slope)}, x has {x.shape}"
            )
        x = x - lr * slope
        path.append(x)
    return np.array(path)


def hessian(
    gradient: ArrayFunction, x: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """Estimate all second derivatives by central differences of a gradient.

    x is a point or many, (..., variables), and gradient(x) has its shape.
    Row i of the result, (..., variables, variables), holds the derivatives
    of all the slopes along variable i.
    """
    x = np.asarray(x, dtype=float)[..., np.newaxis, :]  # (..., 1, variables)
    nudges = h * np.eye(x.shape[-1])  # (variables, variables)
    return (gradient(x + nudges) - gradient(x - nudges)) / (2 * h)
