"""Hooks: what a training run does besides its four lines."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from dlnotes.stability import clip_norm
from dlnotes.train.history import History
from dlnotes.train.loop import Hook


def every(steps: int, hook: Hook) -> Hook:
    """Call `hook` after each `steps` steps: `len(batches)` make an epoch."""

    def sometimes(history: History) -> bool | None:
        return hook(history) if history.step % steps == 0 else None

    return sometimes


def schedule_lr(
    optimizer: torch.optim.Optimizer, schedule: Callable[[int], float]
) -> RemovableHandle:
    """Multiply each group's own rate by `schedule(step)` before every step.

    Steps are counted from 0, in the optimizer's groups, and so in its
    state: a run that goes on from a checkpoint has the rates it would have
    had. Ask once for each optimizer; `remove()` ends it, and a schedule
    asked for after that goes on counting.
    """

    def set_rates(*_: Any) -> None:
        for group in optimizer.param_groups:
            lr = group.setdefault("initial_lr", group["lr"])
            step = group.setdefault("scheduled_steps", 0)
            group["lr"] = lr * schedule(step)
            group["scheduled_steps"] = step + 1

    return optimizer.register_step_pre_hook(set_rates)


def clip_gradients(
    optimizer: torch.optim.Optimizer, threshold: float
) -> RemovableHandle:
    """Have `optimizer` clip the gradients' common norm before every step.

    `remove()` ends it.

    Raises:
        ValueError: at a step, if the threshold is not positive, or if no
            parameter has a gradient.
    """

    def clip_all(*_: Any) -> None:
        groups = optimizer.param_groups
        parameters = [p for group in groups for p in group["params"]]
        gradients = [p.grad for p in parameters if p.grad is not None]
        clip_norm(gradients, threshold)

    return optimizer.register_step_pre_hook(clip_all)
