"""What decoding asks of a model, a single step, and what it gives back."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dlnotes.language.model import LanguageModel, rows_second
from dlnotes.nested import map_tensors

# From the last tokens (N,) and the state before them to the log
# probabilities (N, V) of the next token and the state after them. A state
# is a tensor or a nest of tensors whose first axis are the N rows, or None.
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


class Decoded(NamedTuple):
    """Hold N sequences, and the log probability of each.

    The tokens (N, T) come without the first one, `start`, and with `end`,
    which also fills up what is shorter than the longest. `log_p` (N,) is
    the model's for all tokens up to the first `end`, that one included.
    """

    tokens: Tensor
    log_p: Tensor

    def until(self, end: int) -> list[list[int]]:
        """Return the tokens of each sequence before its first `end`."""
        rows: list[list[int]] = self.tokens.tolist()
        return [[*row, end][: [*row, end].index(end)] for row in rows]


def read_prompt(model: LanguageModel, prompt: Tensor) -> tuple[Any, Tensor]:
    """Return where a language model goes on from prompts (N, T).

    That is the state after all their tokens but the last, and these last
    ones, (N,): the `state` and `start` of decoding by `model.step`.

    Raises:
        ValueError: the prompts are not (N, T), or have no token.
    """
    if prompt.ndim != 2 or not prompt.shape[1]:
        raise ValueError(
            f"prompts have shape {tuple(prompt.shape)}: "
            "(N, T) with at least one token is needed"
        )
    if prompt.shape[1] == 1:
        return None, prompt[:, 0]
    with torch.no_grad():
        _, state = model(prompt[:, :-1], None)
    return map_tensors(rows_second, state), prompt[:, -1]


def take_rows(state: Any, rows: Tensor) -> Any:
    """Return the state of the rows with these indices, in this order."""
    return map_tensors(lambda x: x[rows], state)


def check_request(start: Tensor, limit: int) -> None:
    """Refuse a start that is not one token to a row, and no room for more.

    Raises:
        ValueError: the start is not (N,) integers, or the limit is below 1.
    """
    if start.ndim != 1 or start.is_floating_point() or not len(start):
        raise ValueError(
            f"start is {start.dtype} of shape {tuple(start.shape)}: give the "
            "first token of each of the N rows, integers of shape (N,)"
        )
    if limit < 1:
        raise ValueError(f"limit is {limit}: allow at least 1 token")


def check_step(log_q: Tensor, rows: int) -> None:
    """Refuse what a step gave if it is no log probability for each row.

    Raises:
        ValueError: the shape is not (rows, V), or the probabilities of a
            row do not sum to 1.
    """
    if log_q.ndim != 2 or len(log_q) != rows:
        raise ValueError(
            f"the step gave {tuple(log_q.shape)} for {rows} rows: (N, V) is "
            "needed, and the first axis of all tensors of the state is N"
        )
    total = log_q.float().exp().sum(1)
    if not ((total - 1).abs() < 0.05).all():  # bfloat16 is as coarse
        raise ValueError(
            f"the probabilities of a row sum to {total[0].item():.3g}, not 1: "
            "a step gives log probabilities, such as log_softmax(logits, 1)"
        )
