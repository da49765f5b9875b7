"""Hooks: what a training run does besides its four lines."""

from collections.abc import Callable

import torch

from dlnotes.train.history import History
from dlnotes.train.loop import Hook


def every(steps: int, hook: Hook) -> Hook:
    """Call `hook` after each `steps` steps: `len(batches)` make an epoch."""

    def sometimes(history: History) -> bool | None:
        return hook(history) if history.step % steps == 0 else None

    return sometimes


def follow(optimizer: torch.optim.Optimizer, schedule: Callable[[int], float]) -> Hook:
    """Set the rate of every step, counted from 0, to `schedule(step)`.

    The rate of step 0 is set at once, the others by the hook returned.
    """

    def set_rate(step: int) -> None:
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)

    set_rate(0)
    return lambda history: set_rate(history.step)
