"""One model trained by several processes, its ranks, each on a shard."""

from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed


class MeanOverRanks:
    """Turn a loss that sums over a rank's shard into the mean over the batch.

    Its value is the mean over `count(target)` rows, or tokens, of all ranks
    and the same on each. Its gradients are such that their average, which
    DistributedDataParallel takes, is the gradient of that mean, also where
    shards differ in size. If the loss of one rank is not a number, or fails
    with an exception, it is not a number on all: none waits for another. An
    exception elsewhere, as in the model, ends the process, and so the group.
    """

    def __init__(
        self,
        loss_sum: Callable[[Any, Tensor], Tensor],
        count: Callable[[Tensor], int | Tensor],
    ) -> None:
        self.loss_sum, self.count = loss_sum, count

    def __call__(self, prediction: Any, target: Tensor) -> Tensor:
        """Return the mean loss, a scalar, once every rank has its sum."""
        float64, device = torch.float64, target.device
        totals = torch.full((2,), nan, dtype=float64, device=device)
        try:
            loss = self.loss_sum(prediction, target)
            n = torch.as_tensor(self.count(target), device=device)
            totals = torch.stack([loss.detach().double(), n.double()])
        finally:  # a rank that fails takes part
            distributed.all_reduce(totals)
        total, n = totals
        share: Tensor = loss * (distributed.get_world_size() / n)
        mean: Tensor = total / n
        return (mean + (share - share.detach())).to(loss.dtype)


def agree(hook: Callable[[Any], bool | None]) -> Callable[[Any], bool]:
    """Have all ranks stop a run if the hook says so on one of them.

    They agree on the CPU. With GPUs, `init_process_group` is to be given
    a backend for each: "cpu:gloo,cuda:nccl".

    Raises:
        RuntimeError: on the others, if the hook fails on one of them.
    """

    def ask(history: Any) -> bool:
        answer = torch.tensor(2)
        try:
            answer = torch.tensor(int(bool(hook(history))))
        finally:
            op = distributed.ReduceOp.MAX
            distributed.all_reduce(answer, op)
        if answer == 2:
            raise RuntimeError(f"{hook!r} failed on another rank")
        return bool(answer)

    return ask


def check_ranks(path: Path, step: int) -> None:
    """Refuse checkpoints of several ranks that do not fit together.

    Raises:
        ValueError: two ranks have one path, or files of different steps.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, (str(path.resolve()), step))
    paths, steps = zip(*found, strict=True)
    if len(set(paths)) < len(paths):
        raise ValueError(f"ranks share {path}: give each a file of its own")
    if len(set(steps)) > 1:
        raise ValueError(
            f"the ranks' checkpoints are of steps {steps}: "
            "they do not fit together; delete them all to start afresh"
        )
