"""Keys and values of the tokens so far, so that each is computed once."""

import torch
from torch import Tensor

from dlnotes.attention.multi_head import MultiHeadAttention

Cache = tuple[Tensor, Tensor]  # K and V, (B, h, S, d) each


def attend_back(
    attention: MultiHeadAttention, X: Tensor, past: Cache | None
) -> tuple[Tensor, Cache]:
    """Attend from new tokens X (B, T, C) to themselves and those before.

    A new token sees the past and the new ones up to itself. Return the
    output (B, T, C), and the keys and values of past and new tokens.
    """
    Q, K, V = attention.project(X, X, X)
    if past is not None:
        K, V = torch.cat([past[0], K], 2), torch.cat([past[1], V], 2)
    T, S = Q.shape[2], K.shape[2]
    mask = torch.ones(T, S, dtype=torch.bool, device=X.device).tril(S - T)
    output, _ = attention.attend(Q, K, V, None if T == 1 else mask)
    return output, (K, V)


def attend_across(
    attention: MultiHeadAttention,
    X: Tensor,
    memory: Cache,
    mask: Tensor | None = None,
) -> tuple[Tensor, Cache]:
    """Attend from X (B, T, C) to keys and values, and return these, too."""
    output, _ = attention.attend(attention.queries(X), *memory, mask)
    return output, memory


def length(past: Cache | None) -> int:
    """Return how many tokens came before."""
    return 0 if past is None else past[0].shape[2]
