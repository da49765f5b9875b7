"""Losses: how far predictions are from targets, as one number."""

import math

import torch
from torch import Tensor

from dlnotes.reduction import (
    check_class_weights,
    check_pair,
    check_smoothing,
    counted,
    reduce_loss,
    summarize,
)

IGNORE = -100  # as a label: nothing is asked here, PyTorch's ignore_index


def mae(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the absolute error |e| of tensors of one shape.

    Reductions, weights and refusals are those of the squared error, `mse`.
    """
    check_pair(prediction, target)
    return reduce_loss((prediction - target).abs(), reduction, weight)


def mse(
    prediction: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the squared error e² of tensors of one shape.

    `reduction` is "mean" (a scalar: the mean over all elements, not over
    the batch), "sum" (a scalar) or "none" (one value per element). Weights
    are one per element; the mean is then Σwl / Σw.

    Raises:
        ValueError: the shapes differ, or the reduction is none of these.
        TypeError: the predictions are integers.
    """
    check_pair(prediction, target)
    return reduce_loss((prediction - target) ** 2, reduction, weight)


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
    check_pair(prediction, target)
    if delta <= 0:
        raise ValueError(f"delta must be positive, not {delta}")
    e = prediction - target
    near = e.clamp(-delta, delta)
    losses = near * (e - near / 2)
    return reduce_loss(losses, reduction, weight, per_weight=False)


def log_softmax(logits: Tensor, axis: int) -> Tensor:
    """Return log(exp(z) / Σexp(z)) along an axis, for logits of any size."""
    z = logits - logits.amax(axis, keepdim=True).detach()
    return z - z.exp().sum(axis, keepdim=True).log()


def nll(
    log_p: Tensor,
    labels: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    ignore_index: int = -100,
) -> Tensor:
    """Return minus the log probability that log_p gives each label.

    log_p is (K,) or (B, K, ...), the integer labels () or (B, ...).
    Weights are one per class; the mean is then Σwl / Σw, each w that of a
    sample's label. A label equal to `ignore_index` counts as not there.
    """
    axis = min(1, log_p.ndim - 1)
    index, kept, w = counted(log_p, labels, weight, ignore_index)
    losses = -log_p.gather(axis, index.unsqueeze(axis)).squeeze(axis)
    return reduce_loss(losses.where(kept, 0), reduction, w)


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return minus the log probability that logits give their labels.

    Logits are (K,) or (B, K, ...); labels, weights and `ignore_index` are
    as in `nll`. The target may also be probabilities, as in `soft_losses`.
    Of each target all classes share the part `label_smoothing` equally
    (Szegedy et al., Rethinking the Inception architecture, 2016, section 7).
    """
    axis = min(1, logits.ndim - 1)
    check_smoothing(label_smoothing, target, ignore_index)
    if target.is_floating_point():
        losses = soft_losses(logits, target, weight, label_smoothing)
        return summarize(losses, reduction)
    index, kept, w = counted(logits, target, weight, ignore_index)
    z = logits - logits.amax(axis, keepdim=True).detach()
    z_c = z.gather(axis, index.unsqueeze(axis)).squeeze(axis)
    log_sum = z.exp().sum(axis).log()
    losses = w * (log_sum - z_c)
    if label_smoothing:
        K = z.shape[axis]
        share = (z.new_ones(K) if weight is None else weight) / K  # (K,)
        even = share.sum() * log_sum - z.movedim(axis, -1) @ share
        losses = (1 - label_smoothing) * losses + label_smoothing * even
    return summarize(losses.where(kept, 0), reduction, w.sum())


def soft_losses(
    logits: Tensor, t: Tensor, weight: Tensor | None, label_smoothing: float
) -> Tensor:
    """Return -Σ w·t·log p over the classes, for target probabilities t.

    p is the softmax of the logits. Logits and t are (K,) or (B, K, ...),
    the losses () or (B, ...). All classes share `label_smoothing` of t.
    """
    check_pair(logits, t)
    axis = min(1, logits.ndim - 1)
    K = logits.shape[axis]
    check_class_weights(weight, classes=K)
    t = (1 - label_smoothing) * t + label_smoothing / K
    losses = -(t * log_softmax(logits, axis)).movedim(axis, -1)
    return (losses if weight is None else losses * weight).sum(-1)


def gaussian_nll(
    prediction: Tensor, target: Tensor, sigma: float | Tensor
) -> Tensor:
    """Return the mean negative log likelihood, in nats per element.

    The targets are taken to be N(prediction, sigma²) with sigma > 0, one
    for all or one per element, which may be learned.
    """
    sigma = size_of_noise(sigma, prediction)
    constant = sigma.log() + math.log(2 * math.pi) / 2
    e2 = mse(prediction, target, reduction="none")
    return (e2 / (2 * sigma**2) + constant).mean()


def laplace_nll(
    prediction: Tensor, target: Tensor, b: float | Tensor
) -> Tensor:
    """Return the mean negative log likelihood, in nats per element.

    The targets are taken to have Laplace noise around the prediction, with
    density exp(-|e|/b) / 2b and b > 0, one for all or one per element,
    which may be learned.
    """
    b = size_of_noise(b, prediction)
    e = mae(prediction, target, reduction="none")
    return (e / b + (2 * b).log()).mean()


def size_of_noise(size: float | Tensor, prediction: Tensor) -> Tensor:
    """Return a size for each element of the prediction."""
    where = prediction.device
    size = torch.as_tensor(size, dtype=prediction.dtype, device=where)
    return size.expand_as(prediction)
