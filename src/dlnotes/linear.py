"""Linear models: regression, its two exact solutions, and classification."""

import torch
from torch import Tensor, nn


def linear(X: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return Xw + b for X (N, C), w (C,) and a scalar b: shape (N,)."""
    return X @ w + b


class LinearRegression(nn.Module):
    """Own the weights w (C,) and the bias b of a linear model."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(features))
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, X: Tensor) -> Tensor:
        """Map X (N, C) to predictions (N,)."""
        return linear(X, self.w, self.b)


class SoftmaxRegression(nn.Module):
    """Own the weights W (K, C) and the biases b (K,) of K classes.

    Its outputs are logits: any numbers, no probabilities. The softmax that
    turns them into such is part of the loss.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(classes, features))
        self.b = nn.Parameter(torch.zeros(classes))

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., C) to logits (..., K)."""
        return X @ self.W.T + self.b


def design_matrix(X: Tensor) -> Tensor:
    """Put a column of ones before X (..., N, C): (..., N, 1 + C)."""
    return torch.cat([torch.ones_like(X[..., :1]), X], dim=-1)


def normal_equation(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Solve AᵀAθ = Aᵀy as the textbook writes it; return w and b.

    For X (..., N, C) and y (..., N), w is (..., C) and b is (...).
    Forming AᵀA squares the condition number; `least_squares` does not.
    """
    A = design_matrix(X)  # (..., N, 1 + C)
    Aty = A.mT @ y[..., None]  # (..., 1 + C, 1)
    theta = torch.linalg.solve(A.mT @ A, Aty)[..., 0]  # (..., 1 + C)
    return theta[..., 1:], theta[..., 0]


def least_squares(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Minimize the squared error of Xw + b through A = QR; return w and b.

    For X (..., N, C) and y (..., N), w is (..., C) and b is (...).

    Raises:
        ValueError: the data do not determine w and b.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, ch. 20.
    """
    A = design_matrix(X)  # (..., N, 1 + C)
    N, unknowns = A.shape[-2:]
    Q, R = torch.linalg.qr(A)  # (..., N, 1 + C), (..., 1 + C, 1 + C)
    left = R.diagonal(dim1=-2, dim2=-1).abs()  # (..., 1 + C)
    rounding = 10 * N**0.5 * torch.finfo(A.dtype).eps
    if N < unknowns or (left <= rounding * A.norm(dim=-2)).any():
        raise ValueError(
            "w and b are not unique: too few rows, "
            "or features that depend on one another"
        )
    Qty = Q.mT @ y[..., None]  # (..., 1 + C, 1)
    theta = torch.linalg.solve_triangular(R, Qty, upper=True)[..., 0]
    return theta[..., 1:], theta[..., 0]
