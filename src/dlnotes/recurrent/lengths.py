"""Sequences of several lengths in one batch, padded at their ends.

Inside the layers time comes first, (T, B, ...), so that a step is one
piece of memory.
"""

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


def flipped(X: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Turn X (T, B, ...) around in time; the padding stays at the end.

    Row b of the batch ends after lengths[b] steps, or with the others.
    """
    if lengths is None:
        return X.flip(0)
    t = torch.arange(len(X), device=X.device)[:, None]  # (T, 1)
    source = torch.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return X[source, torch.arange(X.shape[1], device=X.device)]


def last(states: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return what states (T, B, ...) are where each row ends: (B, ...)."""
    if lengths is None:
        return states[-1]
    return states[
        lengths - 1, torch.arange(len(lengths), device=states.device)
    ]


def padding(T: int, lengths: Tensor) -> Tensor:
    """Return which of T steps lie behind the end of each row: (T, B)."""
    return torch.arange(T, device=lengths.device)[:, None] >= lengths


def check_lengths(X: Tensor, lengths: Tensor) -> Tensor:
    """Return the lengths (B,) of the rows of X (B, T, C), on its device.

    Raises:
        ValueError: they are not B whole numbers from 1 to T.
    """
    B, T, _ = X.shape
    if lengths.shape != (B,) or lengths.is_floating_point():
        raise ValueError(
            f"lengths are {tuple(lengths.shape)} of {lengths.dtype}: "
            f"a whole number for each of the {B} rows is needed"
        )
    if (lengths < 1).any() or (lengths > T).any():
        raise ValueError(
            f"lengths go from {int(lengths.min())} to {int(lengths.max())}: "
            f"the rows of X have 1 to {T} steps"
        )
    return lengths.to(X.device)


def unpacked(X: PackedSequence) -> tuple[Tensor, Tensor]:
    """Return the rows (B, T, C) of a packed batch, and their lengths."""
    return pad_packed_sequence(X, batch_first=True)


def packed_like(
    Y: Tensor, lengths: Tensor, X: PackedSequence
) -> PackedSequence:
    """Pack Y (B, T, C) as X is, in whose order the rows come again."""
    Y, lengths = Y.transpose(0, 1), lengths.to(Y.device)
    if X.sorted_indices is not None:
        Y, lengths = Y[:, X.sorted_indices], lengths[X.sorted_indices]
    data = Y[~padding(len(Y), lengths)]
    return X._replace(data=data)
