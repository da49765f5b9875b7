"""Pairs of sentences in padded batches, and the loss that skips padding."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from dlnotes.losses import cross_entropy

SPECIALS = "<pad>", "<start>", "<end>"  # the first three of a vocabulary
PAD, START, END = 0, 1, 2
GROUP = 20  # batches, among whose sentences those of like length are sought


class PairBatches:
    """Cut N pairs of sentences into batches: source, target_in, target.

    Of the tokens w of a translation, target_in is (START, w…), which the
    decoder reads, and target (w…, END), which it shall write. Going through
    all once is one epoch, in a new order each time, and a batch is padded to
    the longest sentences in it: source (B, S), the others (B, T). To keep
    them alike, pairs are sorted within every `GROUP` batches, by the length
    of the target, then of the source. The random numbers come from a
    generator of their own, seeded with `seed` or else as PyTorch's was.

    Args:
        sources: the tokens of each sentence, integers of shape (length,).
        targets: the tokens of their translations.
        batch_size: the number of pairs.
        seed: of the order of the pairs.

    Raises:
        ValueError: there are no pairs, or not as many sources as targets,
            or a source has no token, or a batch no pair.
    """

    def __init__(
        self,
        sources: Sequence[Tensor],
        targets: Sequence[Tensor],
        batch_size: int,
        seed: int | None = None,
    ) -> None:
        check_pairs(sources, targets, batch_size)
        start, end = torch.tensor([START]), torch.tensor([END])
        whole = [torch.cat([start, target, end]) for target in targets]
        self.batch_size = batch_size
        self.sources = pad_rows(sources)
        self.targets = pad_rows(whole)
        S, T = [[len(row) for row in rows] for rows in (sources, whole)]
        self.lengths = torch.tensor([S, T])  # (2, N)
        seed = torch.initial_seed() if seed is None else seed
        self.generator = torch.Generator().manual_seed(seed)

    def __repr__(self) -> str:
        n = len(self.sources)
        return f"PairBatches({n:,} pairs, batch_size={self.batch_size})"

    def __len__(self) -> int:
        return -(-len(self.sources) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for chosen in self.order():
            S, T = self.lengths[:, chosen].amax(dim=1).tolist()
            target = self.targets[chosen, :T]
            yield self.sources[chosen, :S], target[:, :-1], target[:, 1:]

    def order(self) -> Iterator[Tensor]:
        """Yield the pairs of each batch of one epoch."""
        N, g = len(self.sources), self.generator
        shuffled = torch.randperm(N, generator=g)
        for group in shuffled.split(GROUP * self.batch_size):
            for lengths in self.lengths:  # those of the targets decide
                group = group[lengths[group].argsort(stable=True)]
            batches = group.split(self.batch_size)
            for k in torch.randperm(len(batches), generator=g).tolist():
                yield batches[k]


def pad_rows(rows: Sequence[Tensor]) -> Tensor:
    """Return rows of tokens, (length,) each, padded to the longest."""
    return pad_sequence(list(rows), batch_first=True, padding_value=PAD)


def masked_cross_entropy(
    logits: Tensor,
    target: Tensor,
    pad: int = PAD,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the mean cross-entropy over the tokens that are no padding.

    Logits are (B, T, V), the target (B, T). What the logits are where the
    target is `pad` changes neither the loss nor its gradients. All tokens
    of the vocabulary share `label_smoothing` of each target equally.
    """
    V = logits.shape[-1]
    return cross_entropy(
        logits.reshape(-1, V),
        target.reshape(-1),
        ignore_index=pad,
        label_smoothing=label_smoothing,
    )


def check_pairs(
    sources: Sequence[Tensor], targets: Sequence[Tensor], batch_size: int
) -> None:
    """Refuse what `PairBatches` cannot cut.

    Raises:
        ValueError: as `PairBatches` says.
    """
    if len(sources) != len(targets):
        raise ValueError(
            f"{len(sources)} sources and {len(targets)} targets: "
            "give each sentence one translation"
        )
    if not len(sources):
        raise ValueError("the data set is empty: there are no pairs")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: at least 1 pair")
    empty = [n for n, row in enumerate(sources) if not len(row)]
    if empty:
        raise ValueError(f"source {empty[0]} has no tokens: leave it out")
