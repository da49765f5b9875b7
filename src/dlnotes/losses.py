"""Losses: how far predictions are from targets, as one number."""

import math

from torch import Tensor


def mse(prediction: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Return the squared error of tensors of one shape.

    `reduction` is "mean" (a scalar: the mean over all elements, not over
    the batch), "sum" (a scalar) or "none" (one value per element).

    Raises:
        ValueError: the shapes differ, or the reduction is none of these.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"predictions have shape {tuple(prediction.shape)}, "
            f"targets {tuple(target.shape)}: make them equal"
        )
    squares = (prediction - target) ** 2
    match reduction:
        case "mean":
            return squares.mean()
        case "sum":
            return squares.sum()
        case "none":
            return squares
    raise ValueError(f"unknown reduction: {reduction!r}")


def gaussian_nll(prediction: Tensor, target: Tensor, sigma: float) -> Tensor:
    """Return the mean negative log likelihood, in nats per element.

    The targets are taken to be N(prediction, sigma²); sigma > 0.
    """
    constant = math.log(sigma) + math.log(2 * math.pi) / 2
    return mse(prediction, target) / (2 * sigma**2) + constant
