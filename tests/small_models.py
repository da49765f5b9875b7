"""Random models of four tokens to decode from, and all that they can say."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import torch
from torch import Tensor

from compared import numbers
from dlnotes.decode.step import Step

V, END = 4, 3


class Markov:
    """Remember, in each row, a table of its own and the last two tokens.

    `tables` (N, V, V, V) are the log probabilities of the next token; the state is a
    nest, as that of a large model.
    """

    def __init__(self, rows: int, seed: int, sharpness: float = 1.5) -> None:
        logits = sharpness * numbers(rows, V, V, V, seed=seed)
        self.tables = logits.log_softmax(-1)
        self.start = torch.arange(rows) % (V - 1)
        self.calls = 0

    def state(self, *, rows: slice = slice(None)) -> Any:
        before = torch.zeros_like(self.start[rows])
        return {"tables": self.tables[rows], "before": [(before,), None]}

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        self.calls += 1
        tables, before = state["tables"], state["before"][0][0]
        assert tokens.shape == before.shape == tables.shape[:1]
        rows = torch.arange(len(tokens))
        return tables[rows, before, tokens], {
            "tables": tables,
            "before": [(tokens,), None],
        }

    def log_p(self, row: int, tokens: tuple[int, ...]) -> float:
        """Return the log probability of a sequence, by the definition."""
        total, before, last = 0.0, 0, int(self.start[row])
        for token in tokens:
            total += self.tables[row, before, last, token].item()
            before, last = last, token
        return total


def all_sequences(limit: int) -> Iterator[tuple[int, ...]]:
    """Yield what ends in END with at most `limit` tokens, or has `limit` without."""
    others = [token for token in range(V) if token != END]
    for length in range(limit):
        for tokens in product(others, repeat=length):
            yield (*tokens, END)
    yield from product(others, repeat=limit)


def complete(tokens: list[int]) -> tuple[int, ...]:
    """Return a row of decoded tokens up to its END, that one included."""
    at = tokens.index(END) + 1 if END in tokens else len(tokens)
    assert set(tokens[at:]) <= {END}
    return tuple(tokens[:at])


def one_row(model: Markov, row: int) -> tuple[Step, Any, Tensor]:
    rows = slice(row, row + 1)
    return model.step, model.state(rows=rows), model.start[rows]
