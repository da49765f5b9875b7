"""Batches of a data set, epoch after epoch, and what they count."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

import torch
from torch import Tensor

Batch = Sequence[Tensor]  # what the model takes, and last the target
Stream = Iterator[tuple[int, Batch]]  # a batch and the epoch it is of
Count = Callable[[Tensor], int | Tensor]


def rows(target: Tensor) -> int:
    """Count the rows of a target (B, ...), over which most losses average."""
    return target.shape[0]


def tokens(ignore_index: int) -> Count:
    """Count the entries of a target (B, T) that are not `ignore_index`."""
    return lambda target: (target != ignore_index).sum()


class Batches:
    """Cut tensors of N rows into shuffled mini-batches: X and y, or more.

    Going through it once is one epoch: every row comes exactly once, in
    a new order each time. The last batch holds what is left over, perhaps
    a single row, with which batch normalization cannot train. The orders
    come from a generator of their own, seeded with `seed` or else as
    PyTorch's was, so that they do not depend on what else draws random
    numbers. With `shard` = (rank, ranks) come only this rank's rows of
    each batch, for which all of them need one seed.

    Raises:
        ValueError: there are no rows, the tensors differ in their number,
            a batch or a shard of one would have none, or a shard has no
            seed or no such rank.
    """

    def __init__(
        self,
        *tensors: Tensor,
        batch_size: int,
        seed: int | None = None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        check_rows(tensors, batch_size, ranks=shard[1])
        check_shard(*shard, seed)
        self.tensors, self.batch_size, self.shard = tensors, batch_size, shard
        seed = torch.initial_seed() if seed is None else seed
        self.generator = torch.Generator().manual_seed(seed)

    def __repr__(self) -> str:
        n = len(self.tensors[0])
        return f"Batches({n:,} rows, batch_size={self.batch_size})"

    def __len__(self) -> int:
        return -(-len(self.tensors[0]) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        N, (rank, ranks) = len(self.tensors[0]), self.shard
        order = torch.randperm(N, generator=self.generator)
        order = order.to(self.tensors[0].device, non_blocking=True)
        for chosen in torch.split(order, self.batch_size):
            yield [t[chosen[rank::ranks]] for t in self.tensors]


def check_rows(tensors: Sequence[Tensor], batch_size: int, ranks: int) -> None:
    """Refuse tensors and sizes that `Batches` cannot cut.

    Raises:
        ValueError: as `Batches` says.
    """
    lengths = [len(t) for t in tensors]
    if len(set(lengths)) > 1:
        raise ValueError(f"the tensors have {lengths} rows: make them equal")
    if not sum(lengths):
        raise ValueError("the data set is empty: there are no rows")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: at least 1 row")
    smallest = min(lengths[0] % batch_size or batch_size, lengths[0])
    if smallest < ranks:
        raise ValueError(
            f"a batch has {smallest} rows for {ranks} ranks: "
            "choose a batch_size that leaves one for each"
        )


def check_shard(rank: int, ranks: int, seed: int | None) -> None:
    """Refuse shards of which rows would be missing, or come twice.

    Raises:
        ValueError: as `Batches` says.
    """
    if not 0 <= rank < ranks:
        raise ValueError(f"rank {rank} of {ranks} ranks: they count from 0")
    if ranks > 1 and seed is None:
        raise ValueError("shards need a seed, the same for every rank")


def epochs(batches: Iterable[Batch]) -> Stream:
    """Go through `batches` again and again; yield (epoch, batch).

    Raises:
        ValueError: a pass gives no batch.
    """
    for epoch in count():
        empty = True
        for batch in batches:
            empty = False
            yield epoch, batch
        if empty:
            raise ValueError(
                f"the data set is empty: epoch {epoch} gave no batch "
                "(an iterator can be gone through only once)"
            )
