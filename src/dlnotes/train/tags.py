"""Train a network that labels tokens, and say how many labels are right."""

from collections.abc import Iterable

import torch
from torch import nn

from dlnotes.recurrent.tagger import IGNORE, tag_accuracy, tag_loss
from dlnotes.schedule import cosine, warm_up
from dlnotes.train.batches import Batch, tokens
from dlnotes.train.history import History
from dlnotes.train.hooks import schedule_lr
from dlnotes.train.loop import evaluate, train


def fit_tags(
    model: nn.Module,
    batches: Iterable[Batch],
    optimizer: torch.optim.Optimizer,
    steps: int,
) -> History:
    """Train a tagger on batches of ids and labels, (B, T) both.

    The rate rises for a tenth of the steps and falls along a cosine to 0.
    Labels that are `IGNORE` do not count.
    """
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    return train(
        model, tag_loss, optimizer, batches, steps, count=tokens(IGNORE)
    )


def score_tags(model: nn.Module, batches: Iterable[Batch]) -> float:
    """Return which share of the labels a tagger gets right."""
    return evaluate(model, tag_accuracy, batches, tokens(IGNORE))
