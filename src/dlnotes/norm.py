"""Normalization: of the features of a data set, and inside a network."""

import torch
from torch import Tensor, nn


def min_max(X: Tensor) -> Tensor:
    """Map each feature of X (N, C) to [0, 1]; a constant one becomes 0.

    A feature that does not vary tells nothing, whatever its value is.
    """
    low, high = X.amin(dim=0), X.amax(dim=0)
    scaled = (X - low) / (high - low)
    return torch.where(low == high, 0.0, scaled)


def z_score(X: Tensor) -> Tensor:
    """Give each feature of X (N, C) mean 0 and variance 1.

    The variance is Σ(x − mean)² / N. A constant feature becomes 0.
    """
    constant = X.amin(dim=0) == X.amax(dim=0)
    scaled = (X - X.mean(dim=0)) / X.std(dim=0, correction=0)
    return torch.where(constant, 0.0, scaled)


def batch_norm(
    X: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize each channel of X (B, C, ...), then scale and shift it.

    While training, the mean and variance are those of the batch, and the
    running ones, (C,), move towards them by `momentum`; the variance that
    they keep is divided by n − 1. While evaluating, the running ones are
    used and stay. Return Y, like X, and the two new running statistics.

    Raises:
        ValueError: training, and the batch has less than two values for
            each channel.

    Source: Ioffe and Szegedy, Batch normalization, 2015, algorithms 1, 2.
    """
    mean, var = running_mean, running_var
    if training:
        n = values_per_channel(X)
        axes = [0, *range(2, X.ndim)]  # all but the channels
        mean, var = X.mean(dim=axes), X.var(dim=axes, correction=0)
        unbiased = var.detach() * n / (n - 1)
        keep = 1 - momentum
        running_mean = keep * running_mean + momentum * mean.detach()
        running_var = keep * running_var + momentum * unbiased
    axis = -1, *[1] * (X.ndim - 2)  # (C, 1, ...), to go with (B, C, ...)
    X_hat = (X - mean.view(axis)) / (var + eps).sqrt().view(axis)
    Y = gamma.view(axis) * X_hat + beta.view(axis)
    return Y, running_mean, running_var


def values_per_channel(X: Tensor) -> int:
    """Return how many values X (B, C, ...) has for each channel.

    Raises:
        ValueError: there are less than two, whose variance says nothing.
    """
    n = X[:, 0].numel()
    if n < 2:
        raise ValueError(
            f"a batch of shape {tuple(X.shape)} has {n} value(s) for each "
            "channel: training needs at least two, so use a larger batch, "
            "or model.eval()"
        )
    return n


class BatchNorm(nn.Module):
    """Apply `batch_norm`, and keep what it learns and measures.

    A momentum of None averages over all batches so far. The state has the
    names of torch.nn.BatchNorm1d and 2d.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
    ) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, X: Tensor) -> Tensor:
        """Normalize X (B, C, ...), and keep the running statistics."""
        momentum = self.momentum
        if momentum is None:  # the average of the batches so far
            momentum = 1 / (self.num_batches_tracked.item() + 1)
        state = self.running_mean, self.running_var, self.training
        Y, mean, var = batch_norm(
            X, self.weight, self.bias, *state, momentum, self.eps
        )
        if self.training:
            self.running_mean.copy_(mean)
            self.running_var.copy_(var)
            self.num_batches_tracked += 1
        return Y


class BatchNorm1d(BatchNorm):
    """Normalize rows of features (B, C), or sequences (B, C, T).

    Raises:
        ValueError: X has another shape.
    """

    def forward(self, X: Tensor) -> Tensor:
        """Normalize X (B, C) or (B, C, T)."""
        check_shape(X, len(self.weight), "(B, C) or (B, C, T)", (2, 3))
        return super().forward(X)


class BatchNorm2d(BatchNorm):
    """Normalize images (B, C, H, W).

    Raises:
        ValueError: X has another shape.
    """

    def forward(self, X: Tensor) -> Tensor:
        """Normalize X (B, C, H, W)."""
        check_shape(X, len(self.weight), "(B, C, H, W)", (4,))
        return super().forward(X)


def check_shape(
    X: Tensor, channels: int, axes: str, ndims: tuple[int, ...]
) -> None:
    """Refuse inputs that a layer does not expect.

    Raises:
        ValueError: the number of axes or of channels is another one.
    """
    if X.ndim not in ndims or X.shape[1] != channels:
        raise ValueError(
            f"X has shape {tuple(X.shape)}: "
            f"{axes} with C = {channels} is needed"
        )
