"""Normalization of each token by itself: the mean and variance of its row."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def layer_norm(
    X: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5
) -> Tensor:
    """Normalize each row of X (..., C), then scale and shift it.

    Its mean and variance are those of its own C numbers, while training
    and evaluating alike; gamma and beta are (C,).

    Raises:
        ValueError: gamma is not (C,).

    Source: Ba, Kiros and Hinton, Layer normalization, 2016, eq. 4.
    """
    check_rows(X, gamma)
    mean = X.mean(dim=-1, keepdim=True)  # (..., 1)
    var = (X - mean).square().mean(dim=-1, keepdim=True)
    X_hat = (X - mean) / (var + eps).sqrt()
    return gamma * X_hat + beta


def rms_norm(X: Tensor, gamma: Tensor, eps: float = 1e-5) -> Tensor:
    """Divide each row of X (..., C) by its root mean square, and scale it.

    The mean stays in it, and there is no shift; gamma is (C,).

    Raises:
        ValueError: gamma is not (C,).

    Source: Zhang and Sennrich, Root mean square layer normalization, 2019,
    eq. 4.
    """
    check_rows(X, gamma)
    mean_square = X.square().mean(dim=-1, keepdim=True)  # (..., 1)
    return gamma * X / (mean_square + eps).sqrt()


class Normalized(Function):
    """X̂ of `layer_norm` as one operation, with its gradient written out."""

    @staticmethod
    def forward(ctx: Any, X: Tensor, eps: float) -> Tensor:
        """Return X̂, like X (..., C): each row of mean 0 and variance 1."""
        X_hat = X - X.mean(dim=-1, keepdim=True)
        var = mean_product(X_hat, X_hat)  # (..., 1)
        inverse = (var + eps).rsqrt()
        X_hat *= inverse
        ctx.save_for_backward(X_hat, inverse)
        return X_hat

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dX_hat: Tensor) -> tuple[Tensor, None]:
        """Return dX: what moves the mean or the variance of a row is lost."""
        X_hat, inverse = ctx.saved_tensors
        dX = dX_hat - dX_hat.mean(dim=-1, keepdim=True)
        dX.addcmul_(X_hat, mean_product(dX_hat, X_hat), value=-1)
        return dX.mul_(inverse), None


def mean_product(X: Tensor, Y: Tensor) -> Tensor:
    """Return the mean (..., 1) of x · y over the C numbers of each row."""
    products: Tensor = torch.linalg.vecdot(X, Y)  # (...)
    return products[..., None] / X.shape[-1]


class LayerNorm(nn.Module):
    """Apply what `layer_norm` says, with factors and shifts that are learned.

    The parameters are those of torch.nn.LayerNorm. There are no second
    derivatives: the function `layer_norm` has them.
    """

    def __init__(
        self, C: int, eps: float = 1e-5, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(C))
        self.bias = nn.Parameter(torch.zeros(C)) if bias else None

    def forward(self, X: Tensor) -> Tensor:
        """Normalize X (..., C).

        Raises:
            ValueError: X has another number of channels.
        """
        check_rows(X, self.weight)
        X_hat: Tensor = Normalized.apply(X, self.eps)
        if self.bias is None:
            return self.weight * X_hat
        return torch.addcmul(self.bias, self.weight, X_hat)


class RMSNorm(nn.Module):
    """Apply `rms_norm`, with factors that are learned."""

    def __init__(self, C: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(C))

    def forward(self, X: Tensor) -> Tensor:
        """Normalize X (..., C).

        Raises:
            ValueError: X has another number of channels.
        """
        return rms_norm(X, self.weight, self.eps)


def check_rows(X: Tensor, gamma: Tensor) -> None:
    """Refuse factors that are not one to a channel.

    Raises:
        ValueError: gamma is not as long as the rows of X.
    """
    if gamma.shape != X.shape[-1:]:
        raise ValueError(
            f"X has shape {tuple(X.shape)}, gamma {tuple(gamma.shape)}: "
            "(..., C) and (C,) are needed"
        )
