"""Strings with brackets that may be closed later, or never."""

import torch
from torch import Tensor

SYMBOLS = "abcdef()"
OPEN, CLOSE = 6, 7  # the ids of the brackets


def enclosed(row: list[int]) -> list[int]:
    """Return 1 where a closed pair of brackets begins, lasts or ends, or 0.

    A bracket that is never closed encloses nothing, and one that closes
    none is a symbol like any other.
    """
    labels, waiting = [0] * len(row), []
    for t, symbol in enumerate(row):
        if symbol == OPEN:
            waiting.append(t)
        elif symbol == CLOSE and waiting:
            first = waiting.pop()
            labels[first : t + 1] = [1] * (t + 1 - first)
    return labels


def draw_brackets(
    N: int, T: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Draw N strings of T symbols, all eight equally likely.

    Returns:
        ids and labels, (N, T) both: a label is 1 in a closed pair, its
            brackets included.
    """
    ids = torch.randint(len(SYMBOLS), (N, T), generator=generator)
    rows: list[list[int]] = ids.tolist()
    labels = torch.tensor([enclosed(row) for row in rows], dtype=ids.dtype)
    return ids, labels.reshape(N, T)


def closing(T: int) -> Tensor:
    """Return q (T,): a bracket that waits is closed by r symbols, q[r].

    It is the innermost one; those that open after it are closed first.
    """
    p = 1 / len(SYMBOLS)
    q, closed = torch.zeros(T), torch.zeros(T + 2)
    closed[0] = 1  # by number of brackets that must be closed
    for r in range(T):
        q[r] = closed[1]
        moved = p * (closed[:-2] + closed[2:])
        closed[1:-1] = moved + (1 - 2 * p) * closed[1:-1]
    return q


def doubt(T: int) -> Tensor:
    """Return δ (T,): the probability that a label is in doubt.

    It is while a bracket waits, unless the symbol itself closes one.
    """
    p = 1 / len(SYMBOLS)
    delta, waiting = torch.zeros(T), torch.zeros(T + 2)
    waiting[0] = 1  # by number of brackets that wait
    for t in range(T):
        delta[t] = (1 - p) * waiting[1:].sum() + p * waiting[0]
        moved = (1 - 2 * p) * waiting
        moved[0] += p * waiting[0]  # a bracket that closes none
        moved[1:] += p * waiting[:-1]
        moved[:-1] += p * waiting[1:]
        waiting = moved
    return delta


def forward_ceiling(T: int) -> Tensor:
    """Return the best accuracy (T,) of guesses that read no later symbol."""
    q, delta = closing(T).flip(0), doubt(T)
    return 1 - delta * torch.minimum(q, 1 - q)
