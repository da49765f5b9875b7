"""Train a classifier of images, and say how good it is."""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlnotes.data.images import ImageSet
from dlnotes.metrics import accuracy
from dlnotes.schedule import cosine, warm_up
from dlnotes.train.batches import Batches
from dlnotes.train.full import best_device, unfinished
from dlnotes.train.history import History
from dlnotes.train.hooks import every, schedule_lr
from dlnotes.train.loop import evaluate, train

AT_ONCE = 500  # images, when nothing is to be learned from them


class Curve:
    """A hook that keeps, in `values`, what `measure()` returns each time."""

    def __init__(self, measure: Callable[[], float]) -> None:
        self.measure = measure
        self.values: list[float] = []

    def __call__(self, _: History) -> None:
        """Measure once more."""
        self.values.append(self.measure())

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"values": self.values}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.values[:] = state["values"]


def fit(
    model: nn.Module,
    images: ImageSet,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    curve: Curve | None = None,
    batch_size: int = 32,
) -> History:
    """Train `model`, which maps images (B, 1, H, W) to logits (B, K).

    The optimizer's rate rises for a tenth of the steps to what it is, and
    falls from there to 0 along a cosine. `curve` measures after each epoch.
    """
    batches = prepare(model, images, batch_size)
    n, steps = len(batches), epochs * len(batches)
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    hooks = [every(n, curve)] if curve else []
    checkpoint = None
    if os.environ.get("DLNOTES_SCALE") == "full":
        parts = [part for part in (model, optimizer, curve) if part]
        checkpoint = unfinished(parts, batches.tensors, steps, every=n)
    return train(
        model, cross_entropy, optimizer, batches, steps, hooks, checkpoint
    )


def prepare(model: nn.Module, images: ImageSet, batch_size: int) -> Batches:
    """Put a model and images where it is fast; return the batches.

    At full scale that is the best device, and otherwise the CPU.
    """
    X, y = images.images, images.y
    model.to(memory_format=torch.channels_last)  # for convolutions
    if os.environ.get("DLNOTES_SCALE") == "full":
        model.to(best_device())
        X, y = X.to(best_device()), y.to(best_device())
    return Batches(X, y, batch_size=batch_size)


def score(model: nn.Module, images: ImageSet) -> float:
    """Return the accuracy of a classifier in evaluation mode."""
    device = next(model.parameters()).device
    X, y = images.images.split(AT_ONCE), images.y.split(AT_ONCE)
    parts = zip(X, y, strict=True)
    batches = [(X.to(device), y.to(device)) for X, y in parts]
    return evaluate(model, accuracy, batches)
