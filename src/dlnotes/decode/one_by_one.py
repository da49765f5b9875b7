"""Decoding token by token: the most probable one, or one drawn at random."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dlnotes.decode.step import Decoded, Step, check_request, check_step


def greedy(
    step: Step, state: Any, start: Tensor, end: int, limit: int
) -> Decoded:
    """Take the most probable token each time, until `end` or `limit` tokens.

    `start` (N,) are the tokens before the first one, one for each row. An
    `end` that is no token, as −1, lets every row go on to the limit.

    Raises:
        ValueError: the start or the limit is none, or the step gives no log
            probabilities.
    """
    return decode(step, state, start, end, limit, lambda q: q.argmax(dim=1))


def sample(
    step: Step,
    state: Any,
    start: Tensor,
    end: int,
    limit: int,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> Decoded:
    """Draw each token from its probabilities, changed as `tempered` says.

    The rest is as in `greedy`. The random numbers are PyTorch's, and the log
    probabilities are those of the model, whatever the temperature is.
    """

    def draw(log_q: Tensor) -> Tensor:
        p = tempered(log_q, temperature, top_k)
        return torch.multinomial(p, 1)[:, 0]

    return decode(step, state, start, end, limit, draw)


def tempered(
    log_q: Tensor, temperature: float = 1.0, top_k: int | None = None
) -> Tensor:
    """Return probabilities (N, V) ∝ q^(1/temperature) of the k largest q.

    A low temperature makes what is probable more so; a high one makes all
    tokens alike. The tokens behind the first k get the probability 0.

    Raises:
        ValueError: the temperature is not above 0, or k is below 1.

    Source: Fan, Lewis and Dauphin, Hierarchical neural story generation,
    2018, section 5 (the k most probable).
    """
    if temperature <= 0:
        raise ValueError(
            f"the temperature is {temperature}: choose one above 0, or "
            "`greedy`, to which it leads as it falls to 0"
        )
    if top_k is not None:
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}: keep at least 1 token")
        kept, index = log_q.topk(min(top_k, log_q.shape[1]))
        log_q = torch.full_like(log_q, -torch.inf).scatter(1, index, kept)
    return (log_q / temperature).softmax(dim=1)


@torch.no_grad()
def decode(
    step: Step,
    state: Any,
    start: Tensor,
    end: int,
    limit: int,
    choose: Callable[[Tensor], Tensor],
) -> Decoded:
    """Go on from `start` by the tokens (N,) that choose(log_q (N, V)) gives.

    A row that has come to its `end` takes nothing but `end` from then on,
    which costs it nothing.
    """
    check_request(start, limit)
    tokens: list[Tensor] = []
    token, log_p = start, torch.zeros(len(start), device=start.device)
    ended = torch.zeros_like(start, dtype=torch.bool)
    while len(tokens) < limit and not ended.all():
        log_q, state = step(token, state)  # (N, V)
        if not tokens:
            check_step(log_q, len(start))
        token = choose(log_q).masked_fill(ended, end)
        gain = log_q.gather(1, token[:, None])[:, 0]
        log_p = log_p + gain.masked_fill(ended, 0)
        tokens.append(token)
        ended = ended | (token == end)
    return Decoded(torch.stack(tokens, dim=1), log_p)
