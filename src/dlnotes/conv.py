"""Convolution: by its definition, and as one product of two matrices."""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

Size = int | tuple[int, int]


def cross_correlate(x: Tensor, kernel: Tensor) -> Tensor:
    """Return what a kernel (h, w) answers at every place of an x (H, W).

    The result is (H − h + 1, W − w + 1). Deep learning calls this a
    convolution; that of mathematics turns the kernel by 180° first.

    Raises:
        ValueError: the kernel does not fit into x.

    Source: Goodfellow, Bengio and Courville, Deep Learning, 2016, eq. 9.6.
    """
    (H, W), (h, w) = x.shape, kernel.shape
    check_fit((H, W), (h, w))
    y = torch.zeros(
        (H - h + 1, W - w + 1),
        dtype=torch.result_type(x, kernel),
        device=x.device,
    )
    for i in range(H - h + 1):
        for j in range(W - w + 1):
            y[i, j] = (x[i : i + h, j : j + w] * kernel).sum()
    return y


def windows(
    X: Tensor, kernel_size: Size, stride: Size = 1, dilation: Size = 1
) -> Tensor:
    """Return all windows (..., H', W', h, w) of X (..., H, W), as a view.

    A window starts `stride` rows below the one above it, and takes one row
    of every `dilation`; the columns likewise. Nothing is copied.

    Raises:
        ValueError: a window does not fit into X.
    """
    (h, w), (d_h, d_w) = pair(kernel_size), pair(dilation)
    s_h, s_w = pair(stride)
    span = d_h * (h - 1) + 1, d_w * (w - 1) + 1  # rows, columns
    check_fit(X.shape[-2:], span)
    X = X.unfold(-2, span[0], s_h)[..., ::d_h]  # (..., H', W, h)
    X = X.unfold(-2, span[1], s_w)[..., ::d_w]  # (..., H', W', h, w)
    return X


def conv2d(
    X: Tensor,
    W: Tensor,
    b: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Slide the kernels W over images X, and add the biases b (out,).

    X is (..., C, H, W), W (out, C / groups, h, w), the result
    (..., out, H', W'). A group of kernels sees its share of the channels.

    Raises:
        ValueError: the channels do not suit W, or a kernel does not fit.

    Source: Chellapilla, Puri and Simard, High performance convolutional
    neural networks for document processing, 2006, section 3 (unfolding).
    """
    check_channels(X, W, groups)
    p_h, p_w = pair(padding, least=0)
    X = pad(X, (p_w, p_w, p_h, p_h))
    patches = windows(X, (W.shape[2], W.shape[3]), stride, dilation)
    H_out, W_out = patches.shape[-4:-2]
    patches = patches.movedim((-4, -3), (-2, -1))  # (..., C, h, w, H', W')
    columns = patches.flatten(-2).flatten(-4, -2)  # (..., C·h·w, H'·W')
    columns = columns.unflatten(-2, (groups, -1))
    rows = W.flatten(1).unflatten(0, (groups, -1))  # (groups, out / groups, …)
    Y: Tensor = (rows @ columns).flatten(-3, -2)  # (..., out, H'·W')
    Y = Y.unflatten(-1, (H_out, W_out))
    return Y if b is None else Y + b[:, None, None]


def pair(n: Size, least: int = 1) -> tuple[int, int]:
    """Return a size as (rows, columns).

    Raises:
        ValueError: it is no whole number and no two of them, or is below
            the least.
    """
    both = tuple(n) if isinstance(n, tuple | list) else (n, n)
    whole = all(isinstance(size, int) and size >= least for size in both)
    if len(both) != 2 or not whole:
        raise ValueError(
            f"a size is {n!r}: give a whole number from {least} on, "
            "or two of them, for rows and columns"
        )
    return both


def check_fit(size: tuple[int, ...], span: tuple[int, ...]) -> None:
    """Refuse a window that is larger than the image.

    Raises:
        ValueError: a side of the window is longer than the image's.
    """
    if any(n < k for n, k in zip(size, span, strict=True)):
        raise ValueError(
            f"a window that spans {' × '.join(map(str, span))} does not fit "
            f"into {' × '.join(map(str, size))}, padding included"
        )


def check_channels(X: Tensor, W: Tensor, groups: int) -> None:
    """Refuse images and kernels that do not suit each other.

    Raises:
        ValueError: the axes are too few, the groups do not divide the
            outputs, or the kernels expect other channels.
    """
    if X.ndim < 3 or W.ndim != 4:
        raise ValueError(
            f"X {tuple(X.shape)} and W {tuple(W.shape)}: images "
            "(..., C, H, W) and kernels (out, in / groups, h, w) are needed"
        )
    check_groups(W.shape[1] * groups, W.shape[0], groups)
    if X.shape[-3] != W.shape[1] * groups:
        raise ValueError(
            f"X has {X.shape[-3]} channels, the kernels see {W.shape[1]} "
            f"in each of {groups} group(s)"
        )


def check_groups(inputs: int, outputs: int, groups: int) -> None:
    """Refuse groups that do not share the channels evenly.

    Raises:
        ValueError: the number of groups does not divide both.
    """
    if groups < 1 or inputs % groups or outputs % groups:
        raise ValueError(
            f"{groups} groups cannot share {inputs} input channels "
            f"and {outputs} output channels evenly"
        )


class Conv2d(nn.Module):
    """Apply `conv2d` with kernels and biases that are learned.

    The parameters have the names, shapes and first values of those of
    torch.nn.Conv2d: both uniform in ±1 / √(fan_in).

    Raises:
        ValueError: a size is no whole number, or the groups do not divide
            the channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_groups(in_channels, out_channels, groups)
        self.kernel_size, self.stride = pair(kernel_size), pair(stride)
        self.padding, self.dilation = pair(padding, least=0), pair(dilation)
        self.groups = groups
        W = torch.empty(out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / sqrt(W[0].numel())
        b = torch.empty(out_channels)
        self.weight = nn.Parameter(W.uniform_(-bound, bound))
        self.bias = nn.Parameter(b.uniform_(-bound, bound)) if bias else None

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., C, H, W) to (..., out, H', W')."""
        sizes = self.stride, self.padding, self.dilation, self.groups
        return conv2d(X, self.weight, self.bias, *sizes)
