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
        ids and labels, (N, T) both: a label is 1 inside a closed pair.
    """
    ids = torch.randint(len(SYMBOLS), (N, T), generator=generator)
    rows: list[list[int]] = ids.tolist()
    return ids, torch.tensor([enclosed(row) for row in rows])


def forward_ceiling(T: int) -> Tensor:
    """Return the best accuracy (T,) without a look at later symbols.

    A label is in doubt only while a bracket waits to be closed: then the
    best guess is what is likelier in the symbols that are left.
    """
    p = 1 / len(SYMBOLS)
    closes, reached = [], torch.zeros(T + 2)
    reached[0] = 1  # by number of brackets that must be closed
    for _ in range(T):
        closes.append(reached[1].item())
        moved = p * (reached[:-2] + reached[2:])
        reached[1:-1] = moved + (1 - 2 * p) * reached[1:-1]
    waiting, accuracy = torch.zeros(T + 2), torch.zeros(T)
    waiting[0] = 1  # by number of brackets that wait
    for t in range(T):
        closed = p * waiting[1:]
        opened = p * waiting[:-1]
        waiting = (1 - 2 * p) * waiting
        waiting[1:] += opened
        waiting[0] += 1 - waiting.sum() - closed.sum()  # closed nothing
        doubt = waiting[1:].sum()
        likely = closes[T - 1 - t]
        accuracy[t] = 1 - doubt * min(likely, 1 - likely)
        waiting[:-1] += closed
    return accuracy
