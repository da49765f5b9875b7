"""Measure a model without training it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def evaluate(
    model: nn.Module,
    metric: Callable[[Tensor, Tensor], Tensor | float],
    X: Tensor,
    y: Tensor,
) -> float:
    """Return `metric(model(X), y)`, a loss or an accuracy, as a number.

    The model is in evaluation mode meanwhile (no dropout), and no
    gradient is kept; afterwards it is in the mode it was in.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return float(metric(model(X), y))
    finally:
        model.train(training)
