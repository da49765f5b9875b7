"""Functions of two variables on which to watch a descent, with gradients.

Points are (..., 2), values (...) and gradients (..., 2).
"""

import numpy as np


def double_well(point: np.ndarray) -> np.ndarray:
    """Return x²/2 + y⁴/4 − y²/2: minima at (0, ±1), a saddle at (0, 0)."""
    x, y = np.moveaxis(point, -1, 0)
    return x**2 / 2 + y**4 / 4 - y**2 / 2


def double_well_gradient(point: np.ndarray) -> np.ndarray:
    """Return its two partial derivatives: x, and y³ − y."""
    x, y = np.moveaxis(point, -1, 0)
    return np.stack([x, y**3 - y], axis=-1)


def camel(point: np.ndarray) -> np.ndarray:
    """Return the height of the six-hump camel, which has six minima.

    Source: Dixon and Szegö, Towards Global Optimisation 2, 1978.
    """
    x, y = np.moveaxis(point, -1, 0)
    return 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4


def camel_gradient(point: np.ndarray) -> np.ndarray:
    """Return its partial derivatives, each with the other variable held."""
    x, y = np.moveaxis(point, -1, 0)
    along_x = 8 * x - 8.4 * x**3 + 2 * x**5 + y
    along_y = x - 8 * y + 16 * y**3
    return np.stack([along_x, along_y], axis=-1)
