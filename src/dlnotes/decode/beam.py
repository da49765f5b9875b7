"""Beam search: several hypotheses at a time for each of N rows."""

from typing import Any

import torch
from torch import Tensor, arange

from dlnotes.decode.step import (
    Decoded,
    Step,
    check_request,
    check_step,
    take_rows,
)


@torch.no_grad()
def beam_search(
    step: Step,
    state: Any,
    start: Tensor,
    end: int,
    width: int,
    limit: int,
    length_penalty: float = 0.0,
) -> Decoded:
    """Return, for each row, the best hypothesis that `width` beams find.

    A hypothesis is complete with `end`, or at `limit` tokens; then its score
    is log p / length^length_penalty, where `end` counts. The search goes on
    while any other could still get a better one. A single beam finds what
    `greedy` finds, and unlimited ones find the best of all sequences.

    Raises:
        ValueError: the start or the limit is none, the width is below 1 or
            the penalty below 0, or the step gives no log probabilities.

    Source: Wu et al., Google's neural machine translation system, 2016,
    section 7 (the penalty is the first that they name).
    """
    check_request(start, limit)
    check_beams(width, length_penalty)
    beams = Beams(start, end, width, limit, length_penalty)
    rows = arange(len(start), device=start.device)
    state = take_rows(state, rows.repeat_interleave(width))
    while not beams.decided():
        log_q, state = step(beams.last, state)  # (N · width, V)
        if not beams.length:
            check_step(log_q, len(beams.last))
        state = take_rows(state, beams.extend(log_q))
    return beams.result()


class Beams:
    """Hold `width` hypotheses for each of N rows, and the best complete one.

    What is complete, or no hypothesis at all, has the log probability −∞:
    as at first all but one of each row.
    """

    def __init__(
        self, start: Tensor, end: int, width: int, limit: int, penalty: float
    ) -> None:
        self.end, self.limit, self.penalty = end, limit, penalty
        self.length = 0
        self.last = start.repeat_interleave(width)  # (N · width,)
        self.tokens = start.new_full((len(start), width, limit), end)
        self.log_p = torch.zeros(len(start), width, device=start.device)
        self.log_p[:, 1:] = -torch.inf
        self.best = self.tokens[:, 0]  # (N, limit)
        self.best_log_p = torch.full_like(self.log_p[:, 0], -torch.inf)
        self.best_score = self.best_log_p  # (N,)

    def extend(self, log_q: Tensor) -> Tensor:
        """Keep the most probable of all continuations by one token.

        log_q is (N · width, V). Return of which rows they are, (N · width,).
        """
        (N, width), V = self.log_p.shape, log_q.shape[1]
        total = self.log_p[..., None] + log_q.view(N, width, V)
        self.log_p, index = total.flatten(1).topk(width)  # (N, width)
        first = width * arange(N, device=index.device)[:, None]
        parents = (first + index // V).flatten()
        self.last = (index % V).flatten()
        self.tokens = self.tokens.flatten(0, 1)[parents].view(N, width, -1)
        self.tokens[..., self.length] = self.last.view(N, width)
        self.length += 1
        self.complete()
        return parents

    def complete(self) -> None:
        """Take out what is complete, and keep it where it is the best."""
        last = self.tokens[..., self.length - 1]  # (N, width)
        done = (last == self.end) | (self.length == self.limit)
        log_p = self.log_p.where(done, -torch.inf)
        score, k = (log_p / self.length**self.penalty).max(dim=1)
        rows = arange(len(k), device=k.device)
        better = score > self.best_score
        found = self.tokens[rows, k]  # (N, limit)
        self.best = found.where(better[:, None], self.best)
        self.best_log_p = log_p[rows, k].where(better, self.best_log_p)
        self.best_score = score.where(better, self.best_score)
        self.log_p = self.log_p.masked_fill(done, -torch.inf)

    def decided(self) -> bool:
        """Say whether no hypothesis can still become better than the best.

        A score is below log p / limit^penalty, for log p only falls.
        """
        bound = self.log_p.amax(dim=1) / self.limit**self.penalty
        return bool((bound <= self.best_score).all())

    def result(self) -> Decoded:
        """Return the best hypotheses, up to the end of the longest."""
        longest = int((self.best != self.end).sum(dim=1).max()) + 1
        return Decoded(self.best[:, :longest], self.best_log_p)


def check_beams(width: int, length_penalty: float) -> None:
    """Refuse no beams, and a penalty that shortens.

    Raises:
        ValueError: the width is below 1, or the penalty below 0.
    """
    if width < 1:
        raise ValueError(f"width is {width}: at least 1 beam")
    if length_penalty < 0:
        raise ValueError(
            f"length_penalty is {length_penalty}: 0 compares log p alone, 1 "
            "compares the mean over the tokens; nothing below 0"
        )
