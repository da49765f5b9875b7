"""Losses: how far predictions are from targets, as one number."""

import math

import torch
from torch import Tensor

from dlnotes.reduction import (
    check_class_weights,
    check_labels,
    check_probabilities,
    floating,
    reduce_loss,
    unequal,
)


def mae(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the absolute error of tensors of one shape, as `mse` does."""
    if prediction.shape != target.shape:
        raise unequal(prediction, target)
    errors = floating(prediction) - target
    return reduce_loss(errors.abs(), reduction, weight)


def mse(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the squared error of tensors of one shape.

    `reduction` is "mean" (a scalar: the mean over all elements, not over
    the batch), "sum" (a scalar) or "none" (one value per element). Weights
    are one per element; the mean is then Σwl / Σw.

    Raises:
        ValueError: the shapes differ, or the reduction is none of these.
        TypeError: the predictions are integers.
    """
    if prediction.shape != target.shape:
        raise unequal(prediction, target)
    errors = floating(prediction) - target
    return reduce_loss(errors**2, reduction, weight)


def rmse(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the root of `mse`, in the unit of the target.

    The root comes last: of the mean, of the sum, or of each square. Where
    it is of zero its gradient is not a number.
    """
    return mse(prediction, target, reduction, weight).sqrt()


def huber(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    delta: float = 1.0,
) -> Tensor:
    """Return e²/2 for errors |e| <= delta, delta·(|e| - delta/2) beyond.

    As in PyTorch the weighted mean is Σwl / n. delta must be positive.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.
    """
    if prediction.shape != target.shape:
        raise unequal(prediction, target)
    if delta <= 0:
        raise ValueError(f"delta must be positive, not {delta}")
    size = (floating(prediction) - target).abs()
    near = size.clamp(max=delta)
    losses = near * (size - near / 2)
    return reduce_loss(losses, reduction, weight, per_weight=False)


def nll(
    log_p: Tensor,
    labels: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return minus the log probability that log_p gives each label.

    log_p is (C,) or (N, C, d1, ...), the integer labels () or
    (N, d1, ...). Weights are one per class; the mean is then Σwl / Σw,
    each w that of a sample's label.
    """
    axis = min(1, log_p.ndim - 1)
    check_labels(labels, floating(log_p), axis)
    labels = labels.long()
    losses = -log_p.gather(axis, labels.unsqueeze(axis)).squeeze(axis)
    if weight is not None:
        check_class_weights(weight, classes=log_p.shape[axis])
        weight = weight[labels]
    return reduce_loss(losses, reduction, weight)


def log_softmax(logits: Tensor, axis: int) -> Tensor:
    """Return log(exp(z) / Σexp(z)) along an axis, for logits of any size."""
    shifted = logits - logits.amax(axis, keepdim=True).detach()
    return shifted - shifted.exp().sum(axis, keepdim=True).log()


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return `nll` of the softmax of logits (C,) or (N, C, d1, ...).

    The target may also be floating: probabilities in the shape of the
    logits. The loss then is -Σ w·t·log p over the classes, its mean Σl / n.
    """
    axis = min(1, logits.ndim - 1)
    log_p = log_softmax(floating(logits), axis)
    if not target.is_floating_point():
        return nll(log_p, target, reduction, weight)
    if logits.shape != target.shape:
        raise unequal(logits, target)
    losses = -(target * log_p).movedim(axis, -1)  # (N, d1, ..., C)
    if weight is not None:
        check_class_weights(weight, classes=logits.shape[axis])
        losses = losses * weight
    return reduce_loss(losses.sum(-1), reduction)


def bce(
    p: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of probabilities p and targets.

    As in PyTorch logarithms end at -100, and the weighted mean is Σwl / n.
    """
    if p.shape != target.shape:
        raise unequal(p, target)
    check_probabilities(floating(p), "prediction")
    check_probabilities(target, "target")
    x = p.detach()
    log_p, log_q = x.log().clamp(min=-100), (-x).log1p().clamp(min=-100)
    losses = -(target * log_p + (1 - target) * log_q)
    # log 0 has no slope, so the gradient is written out, and bounded
    slope = (x - target) / (x * (1 - x)).clamp(min=1e-12)
    losses = losses + slope * (p - x)
    return reduce_loss(losses, reduction, weight, per_weight=False)


def bce_with_logits(
    logits: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return `bce` of the sigmoid of logits z, for z of any size.

    log σ(z) is -log(1 + exp(-z)), and log(1 - σ(z)) is log σ(-z).
    pos_weight multiplies what targets of 1 add, one weight per column.
    """
    if logits.shape != target.shape:
        raise unequal(logits, target)
    check_probabilities(target, "target")
    zero = torch.zeros_like(floating(logits))
    losses = target * torch.logaddexp(zero, -logits)
    if pos_weight is not None:
        losses = losses * pos_weight.expand_as(logits)
    losses = losses + (1 - target) * torch.logaddexp(zero, logits)
    return reduce_loss(losses, reduction, weight, per_weight=False)


def gaussian_nll(prediction: Tensor, target: Tensor, sigma: float) -> Tensor:
    """Return the mean negative log likelihood, in nats per element.

    The targets are taken to be N(prediction, sigma²); sigma > 0.
    """
    constant = math.log(sigma) + math.log(2 * math.pi) / 2
    return mse(prediction, target) / (2 * sigma**2) + constant


def laplace_nll(prediction: Tensor, target: Tensor, b: float) -> Tensor:
    """Return the same for Laplace noise of scale b > 0: exp(-|e|/b) / 2b."""
    return mae(prediction, target) / b + math.log(2 * b)
