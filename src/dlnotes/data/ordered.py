"""Strings of which only the order tells the label."""

import torch
from torch import Tensor

SYMBOLS = "abcdefghXY"
FIRST, SECOND = 8, 9  # the ids of X and Y, once each in a string


def comes_before(ids: Tensor) -> Tensor:
    """Return 1 where X comes before Y, or 0, for strings (N, T): (N,)."""
    x, y = ((ids == symbol).int().argmax(1) for symbol in (FIRST, SECOND))
    return (x < y).long()


def draw_ordered(
    N: int, T: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Draw N strings of T symbols with one X and one Y, and their labels.

    X and Y have any two places, and letters from a to h all others, all
    equally likely. How often a symbol comes says nothing of the label.

    Returns:
        ids (N, T) and labels (N,), as `comes_before` has them.

    Raises:
        ValueError: a string has no place for both.
    """
    if T < 2:
        raise ValueError(f"T is {T}: X and Y need at least 2 places")
    ids = torch.randint(FIRST, (N, T), generator=generator)
    order = torch.rand(N, T, generator=generator).argsort(dim=1)
    pair = torch.tensor([FIRST, SECOND]).expand(N, 2)
    ids.scatter_(1, order[:, :2], pair)
    return ids, comes_before(ids)
