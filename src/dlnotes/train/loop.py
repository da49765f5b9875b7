"""The training loop and evaluation. They know no model and no task."""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from dlnotes.train.batches import Batch, Count, Stream, epochs, rows
from dlnotes.train.checkpoint import Checkpoint
from dlnotes.train.history import History

LossFunction = Callable[[Any, Tensor], Tensor]
Metric = Callable[[Any, Tensor], Tensor | float]
Hook = Callable[[History], bool | None]


class Stepper(Protocol):
    """Be an optimizer as far as `train` asks for one."""

    def zero_grad(self) -> None:
        """Forget the gradients."""

    def step(self) -> Any:
        """Move the parameters."""


def train(
    model: nn.Module,
    loss_function: LossFunction,
    optimizer: Stepper,
    batches: Iterable[Batch],
    steps: int,
    hooks: Sequence[Hook] = (),
    checkpoint: Checkpoint | None = None,
    count: Count = rows,
) -> History:
    """Take steps until there are `steps`, or until a hook returns True.

    A batch is what the model takes and, last, the target; its loss is a
    mean over `count(target)` rows or tokens. After every step the hooks
    are called with the history and then the checkpoint, from whose file
    the run goes on if there is one. What belongs between backward and
    step is registered with `optimizer.register_step_pre_hook`. A model in
    evaluation mode is put into training mode.
    """
    stream, history = start(batches, checkpoint)
    criterion = Criterion(loss_function, count, history)
    wake(model)
    for epoch, (*inputs, target) in history.until(steps, stream):
        optimizer.zero_grad()
        prediction = model(*inputs)
        loss = criterion(prediction, target)
        loss.backward()
        optimizer.step()
        history.record(criterion.value, epoch, criterion.counted)
        if hooks:
            history.ask(hooks)
        if checkpoint:
            checkpoint(history)
    return history


def start(
    batches: Iterable[Batch], checkpoint: Checkpoint | None
) -> tuple[Stream, History]:
    """Return the batches, epoch after epoch, and the history so far.

    With a checkpoint both are where the run was left.
    """
    stream = epochs(batches)
    return checkpoint.resume(stream) if checkpoint else (stream, History())


def wake(model: nn.Module) -> None:
    """Put a model that is in evaluation mode into training mode.

    If one of its innermost modules trains, the others are as they shall
    be, frozen; what is wrapped around them does not tell.
    """
    innermost = (m for m in model.modules() if not list(m.children()))
    if not any(m.training for m in innermost):
        model.train()


class Criterion:
    """Call a loss function, and keep the last value and what it counted.

    This is the one place where a step waits for the device, and a loss that
    is not finite ends the run here, before it can do harm.
    """

    def __init__(
        self, loss_function: LossFunction, count: Count, history: History
    ) -> None:
        self.loss_function, self.count = loss_function, count
        self.history, self.value, self.counted = history, 0.0, 0

    def __call__(self, prediction: Any, target: Tensor) -> Tensor:
        """Return the loss, a scalar, as the loss function has it."""
        loss = self.loss_function(prediction, target)
        self.value, self.counted = fetch(loss, self.count(target))
        check_finite(self.value, self.history)
        return loss


def fetch(value: Tensor | float, count: Tensor | int) -> tuple[float, int]:
    """Return both as Python's numbers, brought from a device in one go."""
    if isinstance(value, Tensor):
        if isinstance(count, int):
            return value.item(), count
        count = torch.as_tensor(count, device=value.device)
        value, count = torch.stack([value.detach(), count.float()]).tolist()
    return float(value), int(count)


def check_finite(loss: float, history: History) -> None:
    """Stop at a loss, of the step to come, that is infinite or no number.

    Raises:
        FloatingPointError: it is.
    """
    if not isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss} at step {history.step + 1}: "
            "learning rate too large, data not finite, or nothing to count?"
        )


def evaluate(
    model: nn.Module,
    metric: Metric,
    batches: Iterable[Batch],
    count: Count = rows,
) -> float:
    """Return the mean of `metric(prediction, target)`, a loss or an accuracy.

    The metric of each batch, a mean over `count(target)`, weighs as much.
    A data set in one piece is a batch: `[digits.val]`. The model is in
    evaluation mode meanwhile (no dropout), and no gradient is kept; then
    every module is in the mode it was in.

    Raises:
        TypeError: a batch is a tensor, as those of `digits.val` would be.
        ValueError: there is no batch, or nothing that counts.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    total, n = 0.0, 0
    try:
        with torch.no_grad():
            for *inputs, target in map(check_batch, batches):
                found = metric(model(*inputs), target)
                value, weight = fetch(found, count(target))
                if weight:  # a mean over nothing is no number
                    total, n = total + value * weight, n + weight
    finally:
        for module, training in modes.items():
            module.training = training
    if not n:
        raise ValueError("there is nothing to evaluate: no batch, or no row")
    return total / n


def check_batch(batch: Batch) -> Batch:
    """Return a batch, or refuse a tensor in its place.

    Raises:
        TypeError: it is a tensor.
    """
    if isinstance(batch, Tensor):
        raise TypeError(
            "a batch is inputs and a target, not a tensor: a data set in one "
            "piece is one batch, as in evaluate(model, metric, [digits.val])"
        )
    return batch
