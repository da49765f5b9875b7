"""Functions of two variables on which to watch a descent, with gradients."""

import numpy as np


def double_well(point: np.ndarray) -> np.ndarray:
    """Return x²/2 + y⁴/4 − y²/2 at points of shape (..., 2): shape (...).

    The minima lie at (0, ±1), and between them, at (0, 0), a saddle.
    """
    x, y = np.moveaxis(point, -1, 0)
    height: np.ndarray = x**2 / 2 + y**4 / 4 - y**2 / 2
    return height


def double_well_gradient(point: np.ndarray) -> np.ndarray:
    """Return the gradient of x²/2 + y⁴/4 − y²/2: x, and y³ − y.

    Points have the shape (..., 2), and so have their gradients.
    """
    x, y = np.moveaxis(point, -1, 0)
    return np.stack([x, y**3 - y], axis=-1)


def camel(point: np.ndarray) -> np.ndarray:
    """Return the height of the six-hump camel, which has six minima.

    Points have the shape (..., 2), their heights (...).

    Source: Dixon and Szegö, Towards Global Optimisation 2, 1978.
    """
    x, y = np.moveaxis(point, -1, 0)
    height: np.ndarray = (
        4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4
    )
    return height


def camel_gradient(point: np.ndarray) -> np.ndarray:
    """Return the slopes of the six-hump camel along x and along y.

    Points have the shape (..., 2), and so have their gradients.
    """
    x, y = np.moveaxis(point, -1, 0)
    along_x = 8 * x - 8.4 * x**3 + 2 * x**5 + y
    along_y = x - 8 * y + 16 * y**3
    return np.stack([along_x, along_y], axis=-1)
