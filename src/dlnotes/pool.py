"""Pooling: one number for each window, without parameters."""

from math import inf

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from dlnotes.conv import Size, pair, windows


def max_pool2d(
    X: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Tensor:
    """Return the largest entry of each window: (..., H, W) to (..., H', W').

    Windows lie side by side unless there is a stride; padding never wins.
    Of equal entries the first one receives the gradient.

    Raises:
        ValueError: a window does not fit, or the padding exceeds half of it.
    """
    patches = padded_windows(X, kernel_size, stride, padding, -inf)
    return patches.flatten(-2).max(dim=-1).values


def avg_pool2d(
    X: Tensor, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Tensor:
    """Return the mean of each window: (..., H, W) to (..., H', W').

    Windows lie side by side unless there is a stride; the zeros of the
    padding count.

    Raises:
        ValueError: a window does not fit, or the padding exceeds half of it.
    """
    patches = padded_windows(X, kernel_size, stride, padding, 0.0)
    return patches.mean(dim=(-2, -1))


def global_avg_pool2d(X: Tensor) -> Tensor:
    """Return the mean of each channel: (..., C, H, W) to (..., C).

    Source: Lin, Chen and Yan, Network in network, 2013, section 3.2.
    """
    return X.mean(dim=(-2, -1))


def adaptive_avg_pool2d(X: Tensor, output_size: Size) -> Tensor:
    """Return means of windows that share X (..., H, W) out: (..., h, w).

    The windows are as equal as they can be, and overlap where h does not
    divide H, or w does not divide W.
    """
    h, w = pair(output_size)
    rows, columns = shares(X.shape[-2], h), shares(X.shape[-1], w)
    return rows.to(X) @ X @ columns.to(X).T


def shares(n: int, size: int) -> Tensor:
    """Return the matrix (size, n) that averages n entries into `size`.

    Row i takes the entries from ⌊i n / size⌋ up to ⌈(i + 1) n / size⌉, the
    last one excluded, with equal weights.
    """
    k, i = torch.arange(n), torch.arange(size)[:, None]
    inside = (k >= i * n // size) & (k < ((i + 1) * n + size - 1) // size)
    return inside / inside.sum(dim=1, keepdim=True, dtype=torch.float64)


def padded_windows(
    X: Tensor,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    value: float,
) -> Tensor:
    """Surround X (..., H, W) by a value, and return its windows.

    Raises:
        ValueError: a window does not fit, or the padding exceeds half of
            it, so that a window could see nothing else.
    """
    (h, w), (p_h, p_w) = pair(kernel_size), pair(padding, least=0)
    if 2 * p_h > h or 2 * p_w > w:
        raise ValueError(
            f"the padding {p_h} × {p_w} exceeds half of the window {h} × {w}"
        )
    X = pad(X, (p_w, p_w, p_h, p_h), value=value)
    return windows(X, (h, w), (h, w) if stride is None else stride)


class Pool(nn.Module):
    """Check the sizes of windows once, and keep them as pairs."""

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = pair(kernel_size), pair(padding, 0)
        self.stride = self.kernel_size if stride is None else pair(stride)


class MaxPool2d(Pool):
    """Apply `max_pool2d`."""

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., H, W) to (..., H', W')."""
        return max_pool2d(X, self.kernel_size, self.stride, self.padding)


class AvgPool2d(Pool):
    """Apply `avg_pool2d`."""

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., H, W) to (..., H', W')."""
        return avg_pool2d(X, self.kernel_size, self.stride, self.padding)


class AdaptiveAvgPool2d(nn.Module):
    """Apply `adaptive_avg_pool2d`, whose size it checks and keeps."""

    def __init__(self, output_size: Size) -> None:
        super().__init__()
        self.output_size = pair(output_size)

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., H, W) to (..., h, w)."""
        return adaptive_avg_pool2d(X, self.output_size)
