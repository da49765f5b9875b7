"""Masks: which keys a query may look at."""

from collections.abc import Sequence

import torch
from torch import Tensor


def causal_mask(T: int, device: torch.device | None = None) -> Tensor:
    """Return (T, T), true where a key does not come after its query."""
    return torch.ones(T, T, dtype=torch.bool, device=device).tril()


def padding_mask(tokens: Tensor, pad: int) -> Tensor:
    """Return (B, 1, S), true where tokens (B, S) are not `pad`."""
    return (tokens != pad)[:, None]


def check_mask(mask: Tensor, shape: Sequence[int]) -> None:
    """Refuse what does not say of each key whether it may be looked at.

    Raises:
        TypeError: the mask is not of true and false.
        ValueError: it does not expand to the shape of the scores.
    """
    if mask.dtype != torch.bool:
        raise TypeError(
            f"the mask is {mask.dtype}: make it torch.bool, true where a key "
            "may be looked at"
        )
    try:
        mask.expand(*shape)
    except RuntimeError:
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)}, the scores "
            f"{tuple(shape)}: give one value for each query and key, or 1 "
            "along an axis where all are alike"
        ) from None
