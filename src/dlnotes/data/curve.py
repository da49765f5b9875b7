"""Curves seen through noise, and the features to fit polynomials with."""

import torch
from torch import Tensor


def bump(x: Tensor) -> Tensor:
    """Return 2 exp(-4(x - 0.2)²): a bump of height 2 that is no polynomial."""
    return 2 * torch.exp(-4 * (x - 0.2) ** 2)


def noisy_bump(
    size: tuple[int, ...], sigma: float = 0.3
) -> tuple[Tensor, Tensor]:
    """Draw y = bump(x) + ε with ε ~ N(0, sigma²), in double precision.

    x is the cosine of a uniform angle: it lies between -1 and 1 and is
    denser near the ends, where polynomials are hardest to hold. Both x
    and y are `size`.
    """
    x = torch.cos(torch.pi * torch.rand(size, dtype=torch.float64))
    return x, bump(x) + sigma * torch.randn(size, dtype=torch.float64)


def wave(x: Tensor) -> Tensor:
    """Return 2 sin x + x^0.8, for x that are not negative."""
    return 2 * torch.sin(x) + x**0.8


def noisy_wave(N: int, sigma: float = 0.5) -> tuple[Tensor, Tensor]:
    """Draw N points of y = wave(x) + ε with ε ~ N(0, sigma²).

    x lies uniformly between 0 and 5, in rising order.

    Source: Zhang, Lipton, Li and Smola, Dive into deep learning, 2021,
    first version, section 10.2.
    """
    x = (5 * torch.rand(N)).sort().values
    return x, wave(x) + sigma * torch.randn(N)


def chebyshev(x: Tensor, degree: int) -> Tensor:
    """Return the Chebyshev polynomials T₁ .. T_degree at x in [-1, 1].

    x (...) becomes (..., degree). Together with a constant they can be
    weighted into every polynomial of that degree, as the powers of x can,
    but stay well apart from one another.
    """
    k = torch.arange(1, degree + 1)
    return torch.cos(k * torch.acos(x)[..., None])


def polynomial(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return b + Σ wₖ Tₖ(x), with the weights of `chebyshev` features.

    For x (N,), w (C,) and a scalar b it is (N,). For the w (B, C) and b
    (B,) of B fits it is (B, N): x (N,) serves all of them, and x (B, N)
    has other points for each.
    """
    features = chebyshev(x, w.shape[-1])  # (..., N, C)
    return (features @ w[..., None])[..., 0] + b[..., None]


def nodes(n: int = 400) -> Tensor:
    """Return the n points (n,) for means over x as `noisy_bump` draws it.

    A mean over them is the mean over x for every polynomial of a degree
    below 2n, and for a smooth function nearly so.

    Source: Chebyshev-Gauss quadrature.
    """
    return torch.cos(torch.pi * (torch.arange(n).double() + 0.5) / n)
