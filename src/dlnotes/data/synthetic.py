"""Data drawn from a known rule, so that an estimate can be checked."""

import torch
from torch import Tensor


def noisy_linear(
    size: tuple[int, ...], w: Tensor, b: float, sigma: float
) -> tuple[Tensor, Tensor]:
    """Draw y = Xw + b + ε, with X uniform on [0, 1) and ε ~ N(0, sigma²).

    X is (*size, C) for w (C,), and y is `size`, in the precision of w.
    sigma is the standard deviation, in the unit of y, not the variance.
    """
    X = torch.rand(*size, len(w), dtype=w.dtype)
    noise = sigma * torch.randn(size, dtype=w.dtype)
    return X, X @ w + b + noise


def noisy_line(
    n: int = 256, w: float = 5.0, b: float = 7.0, sigma: float = 0.25
) -> tuple[Tensor, Tensor]:
    """Draw n points of y = wx + b + ε: X is (n, 1), y is (n,)."""
    return noisy_linear((n,), torch.tensor([float(w)]), b, sigma)
