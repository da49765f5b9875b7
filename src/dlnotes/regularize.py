"""Regularization: keep a model from using all the freedom it has."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


def l1(weights: Iterable[Tensor]) -> Tensor:
    """Return Σ|w| over all entries of all tensors: the sum, not the mean.

    Source: Tibshirani, Regression shrinkage and selection via the lasso,
    1996.
    """
    return torch.stack([w.abs().sum() for w in weights]).sum()


def l2(weights: Iterable[Tensor]) -> Tensor:
    """Return ½ Σ w² over all entries of all tensors; its gradient is w.

    Source: Hoerl and Kennard, Ridge regression, 1970.
    """
    return torch.stack([w.square().sum() for w in weights]).sum() / 2


def ridge(X: Tensor, y: Tensor, strength: float) -> Tensor:
    """Return the w (C,) that minimizes ‖Xw − y‖² / (2N) + strength · ½‖w‖².

    X is (N, C) and y (N,), both centred, so that no bias is needed.
    """
    N, C = X.shape
    A = X.T @ X / N + strength * torch.eye(C, dtype=X.dtype)  # (C, C)
    w: Tensor = torch.linalg.solve(A, X.T @ y / N)
    return w


def soft_threshold(w: Tensor, amount: float) -> Tensor:
    """Move every entry towards 0 by `amount`, and stop it there."""
    return w.sign() * (w.abs() - amount).clamp(min=0)


def lasso(X: Tensor, y: Tensor, strength: float, steps: int = 2000) -> Tensor:
    """Return the w (C,) that minimizes ‖Xw − y‖² / (2N) + strength · Σ|w|.

    X is (N, C) and y (N,), both centred. A step of gradient descent on the
    first term is followed by a soft threshold for the second.

    Source: Daubechies, Defrise and De Mol, An iterative thresholding
    algorithm, 2004.
    """
    N, C = X.shape
    A, Xty = X.T @ X / N, X.T @ y / N  # (C, C), (C,)
    lr = 1 / torch.linalg.eigvalsh(A)[-1].item()
    w = torch.zeros(C, dtype=X.dtype)
    for _ in range(steps):
        w = soft_threshold(w - lr * (A @ w - Xty), lr * strength)
    return w


def weight_decay_groups(
    model: nn.Module, weight_decay: float
) -> list[dict[str, Any]]:
    """Return two parameter groups for an optimizer: weights decay, biases not.

    Weights are the parameters with two axes or more, and vectors that are
    called `w`. The scales of normalization layers count as biases.

    Raises:
        ValueError: the model has no weights in this sense.
    """
    weights: list[Tensor] = []
    biases: list[Tensor] = []
    for name, p in model.named_parameters():
        is_weight = p.ndim >= 2 or name.split(".")[-1] == "w"
        (weights if is_weight else biases).append(p)
    if not weights:
        raise ValueError(
            "nothing would decay: no parameter has two axes or is called w; "
            "make the groups yourself"
        )
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]


def dropout(X: Tensor, p: float) -> Tensor:
    """Set each entry to 0 with probability p, divide the others by 1 − p.

    For training only: at evaluation X is used as it is.

    Raises:
        ValueError: p is not in [0, 1).

    Source: Srivastava et al., Dropout, 2014, section 10.
    """
    check_dropout(p)
    kept = torch.rand(X.shape, device=X.device) >= p  # in 32 bits, always
    return X * kept / (1 - p)


def check_dropout(p: float) -> None:
    """Refuse what is no probability below 1.

    Raises:
        ValueError: p is not in [0, 1).
    """
    if not 0 <= p < 1:
        raise ValueError(f"p is {p}: a probability below 1 is needed")


class Dropout(nn.Module):
    """Apply `dropout` while training, nothing while evaluating.

    Raises:
        ValueError: p is not in [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        check_dropout(p)
        self.p = p

    def extra_repr(self) -> str:
        """Show p when the module is printed."""
        return f"p={self.p}"

    def forward(self, X: Tensor) -> Tensor:
        """Return X (...) with dropped entries, or as it is."""
        return dropout(X, self.p) if self.training and self.p else X
