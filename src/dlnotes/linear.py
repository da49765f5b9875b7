"""Linear models: regression, its two exact solutions, and classification."""

import torch
from torch import Tensor, nn


def linear(X: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return Xw + b for X (N, d), w (d,) and a scalar b: shape (N,)."""
    return X @ w + b


class LinearRegression(nn.Module):
    """Own the weights w (d,) and the bias b of a linear model."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(features))
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, X: Tensor) -> Tensor:
        return linear(X, self.w, self.b)


class SoftmaxRegression(nn.Module):
    """Own the weights W (d, K) and the biases b (K,) of K classes.

    X (..., d) becomes logits (..., K): any numbers, no probabilities. The
    softmax that turns them into such is part of the loss.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(features, classes))
        self.b = nn.Parameter(torch.zeros(classes))

    def forward(self, X: Tensor) -> Tensor:
        return X @ self.W + self.b


def with_ones(X: Tensor) -> Tensor:
    """Put a column of ones before X (..., N, d): (..., N, 1 + d)."""
    return torch.cat([torch.ones_like(X[..., :1]), X], dim=-1)


def normal_equation(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Solve AᵀAθ = Aᵀy as the textbook writes it; return w and b.

    For X (..., N, d) and y (..., N), w is (..., d) and b is (...).
    Forming AᵀA squares the condition number; `fit` does not.
    """
    A = with_ones(X)
    Aty = A.mT @ y[..., None]
    theta = torch.linalg.solve(A.mT @ A, Aty)[..., 0]  # (..., 1 + d)
    return theta[..., 1:], theta[..., 0]


def fit(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Minimise the squared error of Xw + b through A = QR; return w and b.

    For X (..., N, d) and y (..., N), w is (..., d) and b is (...).

    Raises:
        ValueError: the data do not determine w and b.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, ch. 20.
    """
    A = with_ones(X)
    N, unknowns = A.shape[-2:]
    Q, R = torch.linalg.qr(A)
    left = R.diagonal(dim1=-2, dim2=-1).abs()
    rounding = 10 * N**0.5 * torch.finfo(A.dtype).eps
    if N < unknowns or (left <= rounding * A.norm(dim=-2)).any():
        raise ValueError(
            "w and b are not unique: too few rows, "
            "or features that depend on one another"
        )
    Qty = Q.mT @ y[..., None]
    theta = torch.linalg.solve_triangular(R, Qty, upper=True)[..., 0]
    return theta[..., 1:], theta[..., 0]
