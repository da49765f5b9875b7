"""Blocks: attention between the tokens, then dense layers in each."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import relu

from dlnotes.attention.multi_head import Attention, MultiHeadAttention
from dlnotes.attention.score import attention
from dlnotes.regularize import Dropout
from dlnotes.transformer.cache import Cache, attend_across, attend_back
from dlnotes.transformer.feed_forward import (
    Activation,
    FeedForward,
    rename_on_loading,
)
from dlnotes.transformer.norm import LayerNorm

# From X to what attention makes of it, and something more that it returns.
Attend = Callable[[Tensor], tuple[Tensor, Any]]
Weights = Tensor | None  # (B, h, T, S), unless the attention keeps none


class EncoderBlock(nn.Module):
    """Let each token look at all, or at those that a mask allows.

    What a sublayer makes of X is added to X: the norm comes after that, as
    in the paper, or before the sublayer. It also loads the weights of a
    torch.nn.TransformerEncoderLayer.

    Args:
        C: the channels of a token.
        heads: of the attention.
        hidden: the units of the feed-forward layers.
        dropout: the probability, while training, of a weight of the
            attention, of a hidden unit, and of what a sublayer adds.
        norm_first: whether the norm comes before the sublayer.
        activation: of the hidden units.
        bias: whether projections, dense layers and norms have biases.
        attention: what each head does.

    Raises:
        ValueError: the heads do not divide the channels, or the dropout is
            no probability below 1.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.1;
    Xiong et al., On layer normalization in the Transformer architecture,
    2020, table 1 (the norm first).
    """

    def __init__(
        self,
        C: int,
        heads: int,
        hidden: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        *,
        activation: Activation = relu,
        bias: bool = True,
        attention: Attention = attention,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = MultiHeadAttention(
            C, heads, dropout, bias, attention=attention
        )
        self.feed_forward = FeedForward(C, hidden, dropout, activation, bias)
        self.norm1 = LayerNorm(C, bias=bias)
        self.norm2 = LayerNorm(C, bias=bias)
        self.dropout = Dropout(dropout)
        rename_on_loading(self)

    def forward(
        self, X: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Weights]:
        """Map X (B, T, C) to the same shape, and return the weights, too.

        The mask and the weights are those of `MultiHeadAttention`.
        """
        return self.sublayers(X, lambda X: self.self_attn(X, X, X, mask))

    def sublayers(self, X: Tensor, attend: Attend) -> tuple[Tensor, Any]:
        """Add both sublayers to X, and return what else attend gives."""
        drop = self.dropout
        if self.norm_first:
            Y, found = attend(self.norm1(X))
            X = X + drop(Y)
            X = X + drop(self.feed_forward(self.norm2(X)))
        else:
            Y, found = attend(X)
            X = self.norm1(X + drop(Y))
            X = self.norm2(X + drop(self.feed_forward(X)))
        return X, found

    def step(self, X: Tensor, past: Cache | None) -> tuple[Tensor, Cache]:
        """Map tokens X (B, T, C) that come behind those of the cache.

        None of them sees what comes behind it. The cache that comes back
        holds the new ones, too.
        """
        return self.sublayers(
            X, lambda X: attend_back(self.self_attn, X, past)
        )


class DecoderBlock(nn.Module):
    """Let each token look at its own sequence, and at what was read.

    It also loads the weights of a torch.nn.TransformerDecoderLayer. The
    arguments, errors and sources are those of `EncoderBlock`.
    """

    def __init__(
        self,
        C: int,
        heads: int,
        hidden: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        *,
        activation: Activation = relu,
        bias: bool = True,
        attention: Attention = attention,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        sizes = C, heads, dropout, bias
        self.self_attn = MultiHeadAttention(*sizes, attention=attention)
        self.multihead_attn = MultiHeadAttention(*sizes, attention=attention)
        self.feed_forward = FeedForward(C, hidden, dropout, activation, bias)
        self.norm1 = LayerNorm(C, bias=bias)
        self.norm2 = LayerNorm(C, bias=bias)
        self.norm3 = LayerNorm(C, bias=bias)
        self.dropout = Dropout(dropout)
        rename_on_loading(self)

    def forward(
        self,
        X: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Weights, Weights]]:
        """Map X (B, T, C), with a memory (B, S, C), to the shape of X.

        The mask is that of the tokens, (T, T) and causal as a rule; that of
        the memory expands to (B, T, S). Return the weights of both, too.
        """
        own, across = self.self_attn, self.multihead_attn
        return self.sublayers(
            X,
            lambda X: own(X, X, X, mask),
            lambda X: across(X, memory, memory, memory_mask),
        )

    def sublayers(
        self, X: Tensor, attend: Attend, attend_memory: Attend
    ) -> tuple[Tensor, tuple[Any, Any]]:
        """Add the sublayers to X, and return what else attention gives."""
        drop = self.dropout
        if self.norm_first:
            Y, found = attend(self.norm1(X))
            X = X + drop(Y)
            Y, across = attend_memory(self.norm2(X))
            X = X + drop(Y)
            X = X + drop(self.feed_forward(self.norm3(X)))
        else:
            Y, found = attend(X)
            X = self.norm1(X + drop(Y))
            Y, across = attend_memory(X)
            X = self.norm2(X + drop(Y))
            X = self.norm3(X + drop(self.feed_forward(X)))
        return X, (found, across)

    def start(self, memory: Tensor) -> tuple[Cache | None, Cache]:
        """Return the caches before the first token: no past, the memory's."""
        return None, self.multihead_attn.keys_values(memory, memory)

    def step(
        self,
        X: Tensor,
        caches: tuple[Cache | None, Cache],
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Cache, Cache]]:
        """Map tokens X (B, T, C) that come behind those of the caches."""
        past, memory = caches
        own, across = self.self_attn, self.multihead_attn
        return self.sublayers(
            X,
            lambda X: attend_back(own, X, past),
            lambda X: attend_across(across, X, memory, memory_mask),
        )
