"""The training loop. It knows no model, no loss and no task."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from math import isfinite

import torch
from torch import Tensor, nn

from dlnotes.train.history import History

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Hook = Callable[[History], bool | None]


class Batches:
    """Cut X (N, ...) and y (N, ...) into shuffled mini-batches.

    Going through it once is one epoch: every row comes exactly once, in
    a new order each time. The last batch holds what is left over. The
    orders come from a generator of their own, seeded as PyTorch's was, so
    that they do not depend on what else draws random numbers.

    Raises:
        ValueError: there are no rows, or X and y differ in their number.
    """

    def __init__(self, X: Tensor, y: Tensor, batch_size: int) -> None:
        if len(X) != len(y):
            raise ValueError(f"X has {len(X)} rows, y has {len(y)}")
        if len(X) == 0:
            raise ValueError("the data set is empty: X and y have no rows")
        self.X, self.y, self.batch_size = X, y, batch_size
        self.generator = torch.Generator().manual_seed(torch.initial_seed())

    def __len__(self) -> int:
        return -(-len(self.X) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.X), generator=self.generator)
        for rows in order.to(self.X.device).split(self.batch_size):
            yield self.X[rows], self.y[rows]


def passes(batches: Iterable[Batch]) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Go through `batches` again and again; yield (epoch, X, y).

    Raises:
        ValueError: a pass gives no batch.
    """
    for epoch in count():
        empty = True
        for X, y in batches:
            empty = False
            yield epoch, X, y
        if empty:
            raise ValueError(
                f"the data set is empty: epoch {epoch} gave no batch "
                "(an iterator can be gone through only once)"
            )


def finite(loss: Tensor, step: int) -> Tensor:
    """Return the scalar `loss` as it is.

    Raises:
        FloatingPointError: it is infinite or not a number.
    """
    if not isfinite(loss.item()):
        raise FloatingPointError(
            f"the loss is {loss.item()} at step {step}: "
            "learning rate too large, or data not finite?"
        )
    return loss


def train(
    model: nn.Module,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[Batch],
    steps: int,
    hooks: Sequence[Hook] = (),
    history: History | None = None,
) -> History:
    """Take `steps` steps, or fewer if a hook returns True.

    Every hook is called with the history after every step. What belongs
    between backward and step, such as clipping, is registered with
    `optimizer.register_step_pre_hook`. With the history of an earlier run
    the steps it took are skipped, batch by batch, and not taken again.
    """
    history = history or History()
    for epoch, X, y in islice(passes(batches), history.step, steps):
        optimizer.zero_grad()
        prediction = model(X)
        loss = finite(loss_function(prediction, y), history.step + 1)
        loss.backward()
        optimizer.step()
        history.record(loss.item(), epoch, rows=len(y))
        answers = [hook(history) for hook in hooks]
        if any(answers):
            break
    return history
