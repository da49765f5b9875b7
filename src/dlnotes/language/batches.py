"""A text in batches: the next token is the target of each."""

from collections.abc import Iterator

import torch
from torch import Tensor

Windows = tuple[Tensor, Tensor]  # X and y, both (B, T)


class Streams:
    """Cut a text (N,) into B streams, and these into windows of T tokens.

    A batch is X and y (B, T), where y are the tokens after those of X.
    Row b of a batch goes on where row b of the batch before ended, so that
    a recurrent model can carry its state. The last batch is shorter if T
    does not divide the streams; fewer than B tokens at the end of the text
    are left out.

    Raises:
        ValueError: a size is below 1, the text is not (N,), or too short.
    """

    def __init__(self, ids: Tensor, batch_size: int, T: int) -> None:
        check_sizes(ids, batch_size, T, least=batch_size + 1)
        length = (len(ids) - 1) // batch_size
        n = batch_size * length
        self.X = ids[:n].reshape(batch_size, length)
        self.y = ids[1 : n + 1].reshape(batch_size, length)
        self.T = T

    def __repr__(self) -> str:
        B, length = self.X.shape
        return f"Streams({B} streams of {length:,} tokens, T={self.T})"

    def __len__(self) -> int:
        return -(-self.X.shape[1] // self.T)

    def __iter__(self) -> Iterator[Windows]:
        pairs = self.X.split(self.T, dim=1), self.y.split(self.T, dim=1)
        return zip(*pairs, strict=True)


class RandomWindows:
    """Cut a text (N,) into windows of T tokens, and shuffle these.

    A batch is X and y (B, T), where y are the tokens after those of X.
    Going through it once is one epoch: windows lie end to end, from one of
    the first T tokens on, drawn anew each time, so that fewer than 2·T
    tokens are left out. The last batch holds the windows left over. The
    random numbers come from a generator of their own, as in `Batches`.

    Raises:
        ValueError: a size is below 1, the text is not (N,), or too short.
    """

    def __init__(
        self, ids: Tensor, batch_size: int, T: int, seed: int | None = None
    ) -> None:
        check_sizes(ids, batch_size, T, least=2 * T)
        self.ids, self.batch_size, self.T = ids, batch_size, T
        self.count = len(ids) // T - 1  # wherever the first one begins
        seed = torch.initial_seed() if seed is None else seed
        self.generator = torch.Generator().manual_seed(seed)

    def __repr__(self) -> str:
        return f"RandomWindows({self.count:,} windows of {self.T} tokens)"

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __iter__(self) -> Iterator[Windows]:
        start = torch.randint(self.T, (), generator=self.generator).item()
        order = torch.randperm(self.count, generator=self.generator)
        first = int(start) + self.T * order  # the first token of each window
        place = first[:, None] + torch.arange(self.T)  # (windows, T)
        for chosen in place.to(self.ids.device).split(self.batch_size):
            yield self.ids[chosen], self.ids[chosen + 1]


def check_sizes(ids: Tensor, batch_size: int, T: int, least: int) -> None:
    """Refuse what cannot be cut into windows.

    Raises:
        ValueError: as `Streams` and `RandomWindows` say.
    """
    if batch_size < 1 or T < 1:
        raise ValueError(
            f"batch_size is {batch_size} and T is {T}: both from 1 on"
        )
    if ids.ndim != 1 or len(ids) < least:
        raise ValueError(
            f"ids are {tuple(ids.shape)}: a text (N,) of at least {least} "
            "tokens is needed"
        )
