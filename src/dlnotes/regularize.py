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
    """Return the w (d,) that minimises ‖Xw − y‖² / (2N) + strength · ½‖w‖².

    X is (N, d) and y (N,), both centred, so that no bias is needed.
    """
    N, d = X.shape
    A = X.T @ X / N + strength * torch.eye(d, dtype=X.dtype)
    return torch.linalg.solve(A, X.T @ y / N)


def soft_threshold(w: Tensor, amount: float) -> Tensor:
    """Move every entry towards 0 by `amount`, and stop it there."""
    return w.sign() * (w.abs() - amount).clamp(min=0)


def lasso(X: Tensor, y: Tensor, strength: float, steps: int = 2000) -> Tensor:
    """Return the w (d,) that minimises ‖Xw − y‖² / (2N) + strength · Σ|w|.

    X is (N, d) and y (N,), both centred. A step of gradient descent on the
    first term is followed by a soft threshold for the second.

    Source: Daubechies, Defrise and De Mol, An iterative thresholding
    algorithm, 2004.
    """
    N, d = X.shape
    A, c = X.T @ X / N, X.T @ y / N
    rate = 1 / torch.linalg.eigvalsh(A)[-1].item()
    w = torch.zeros(d, dtype=X.dtype)
    for _ in range(steps):
        w = soft_threshold(w - rate * (A @ w - c), rate * strength)
    return w


def decayed(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups for an optimizer: weights decay, biases not.

    Parameters of fewer than two axes count as biases.
    """
    weights = [p for p in model.parameters() if p.ndim >= 2]
    biases = [p for p in model.parameters() if p.ndim < 2]
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
    if not 0 <= p < 1:
        raise ValueError(f"p is {p}: a probability below 1 is needed")
    kept = torch.rand_like(X) >= p
    return X * kept / (1 - p)


class Dropout(nn.Module):
    """Apply `dropout` while training, nothing while evaluating."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, X: Tensor) -> Tensor:
        return dropout(X, self.p) if self.training else X
