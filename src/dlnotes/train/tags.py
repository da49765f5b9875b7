"""Train a network that labels tokens, and say how many labels are right."""

from collections.abc import Iterable

import torch
from torch import nn

from dlnotes.losses import IGNORE
from dlnotes.recurrent.tagger import tag_accuracy, tag_loss
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

    The optimizer's rate rises for a tenth of the steps to what it is, and
    falls from there to 0 along a cosine; the optimizer is to be a new one.
    Labels that are `IGNORE` do not count.
    """
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    return train(
        model, tag_loss, optimizer, batches, steps, count=tokens(IGNORE)
    )


def score_tags(model: nn.Module, batches: Iterable[Batch]) -> float:
    """Return the share of labels that a tagger gets right.

    Labels that are `IGNORE` do not count.

    Raises:
        ValueError: there are no others.
    """
    return evaluate(model, tag_accuracy, batches, tokens(IGNORE))
