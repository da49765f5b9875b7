"""Hooks: what a training run does besides its four lines."""

from collections.abc import Callable

import torch

from dlnotes.stability import clip
from dlnotes.train.history import History
from dlnotes.train.loop import Hook


def every(steps: int, hook: Hook) -> Hook:
    """Call `hook` after each `steps` steps: `len(batches)` make an epoch."""

    def sometimes(history: History) -> bool | None:
        return hook(history) if history.step % steps == 0 else None

    return sometimes


def follow(
    optimizer: torch.optim.Optimizer, schedule: Callable[[int], float]
) -> Hook:
    """Set the rate of every step, counted from 0, to `schedule(step)`.

    The rate of step 0 is set at once, the others by the hook returned.
    """

    def set_rate(step: int) -> None:
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)

    set_rate(0)
    return lambda history: set_rate(history.step)


def clip_gradients(optimizer: torch.optim.Optimizer, threshold: float) -> None:
    """Have `optimizer` clip the gradients' common norm before every step.

    Raises:
        ValueError: at a step, if the threshold is not positive.
    """

    def clip_all(*_: object) -> None:
        groups = optimizer.param_groups
        parameters = [p for group in groups for p in group["params"]]
        clip([p.grad for p in parameters if p.grad is not None], threshold)

    optimizer.register_step_pre_hook(clip_all)
