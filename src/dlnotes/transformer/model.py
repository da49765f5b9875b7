"""The Transformer: an encoder reads, a decoder writes, without recurrence."""

from math import sqrt
from typing import Any

from torch import Tensor, nn

from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.attention.multi_head import Attention
from dlnotes.attention.score import attention
from dlnotes.position import Sinusoidal
from dlnotes.regularize import Dropout
from dlnotes.seq2seq.pairs import PAD
from dlnotes.transformer.block import DecoderBlock, EncoderBlock, Weights
from dlnotes.transformer.cache import length
from dlnotes.transformer.norm import LayerNorm
from dlnotes.transformer.stack import (
    Caches,
    TransformerDecoder,
    TransformerEncoder,
)

State = tuple[Tensor, Caches]


class Transformer(nn.Module):
    """Translate: all tokens of a sentence at once, while training.

    The embeddings are drawn from N(0, 1 / C), so that times √C their
    variance is 1, as that of what comes out of a norm; those of the target
    serve again to score the words. Sources and targets are padded with PAD.

    Args:
        V_source: the size of the source's vocabulary.
        V_target: the size of the target's.
        C: the channels of a token, an even number.
        heads: of each attention.
        layers: blocks of the encoder, and of the decoder.
        hidden: the units of the feed-forward layers.
        dropout: while training, in the blocks and behind the embeddings.
        norm_first: whether the norms come before the sublayers; then one
            more comes behind the last block.
        attention: what each head does.

    Raises:
        ValueError: the heads do not divide the channels, or the dropout is
            no probability below 1.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.
    """

    def __init__(
        self,
        V_source: int,
        V_target: int,
        C: int,
        heads: int,
        layers: int,
        hidden: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        attention: Attention = attention,
    ) -> None:
        super().__init__()
        sizes = C, heads, hidden, dropout, norm_first
        self.source = embeddings(V_source, C)
        self.target = embeddings(V_target, C)
        self.position = Sinusoidal()
        self.dropout = Dropout(dropout)
        self.encoder = TransformerEncoder(
            [EncoderBlock(*sizes, attention=attention) for _ in range(layers)],
            LayerNorm(C) if norm_first else None,
        )
        self.decoder = TransformerDecoder(
            [DecoderBlock(*sizes, attention=attention) for _ in range(layers)],
            LayerNorm(C) if norm_first else None,
        )

    def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
        """Return logits (B, T, V) for sources (B, S) and target_in (B, T).

        A token of the target sees those before it; its own padding is
        behind them.
        """
        memory, mask, _ = self.encode(source)
        Y, _ = self.decode(target_in, memory, mask)
        return self.logits(Y)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor, list[Weights]]:
        """Return the memory (B, S, C), its mask (B, 1, S), and weights."""
        mask = padding_mask(source, PAD)
        memory, weights = self.encoder(self.embed(source, self.source), mask)
        return memory, mask, weights

    def decode(
        self, target_in: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, list[tuple[Weights, Weights]]]:
        """Return what becomes of target_in: (B, T, C), and the weights."""
        X = self.embed(target_in, self.target)
        causal = causal_mask(X.shape[1], X.device)  # (T, T)
        Y, weights = self.decoder(X, memory, causal, mask)
        return Y, weights

    def embed(
        self, tokens: Tensor, embedding: nn.Embedding, offset: int = 0
    ) -> Tensor:
        """Return vectors (B, T, C) of tokens (B, T), their places in them."""
        X = embedding(tokens) * sqrt(embedding.embedding_dim)
        placed: Tensor = self.dropout(self.position(X, offset))
        return placed

    def logits(self, Y: Tensor) -> Tensor:
        """Score each word with its embedding: Y (..., C) to (..., V)."""
        return Y @ self.target.weight.T

    def start(self, source: Tensor) -> State:
        """Return the state from which to decode sources (B, S)."""
        memory, mask, _ = self.encode(source)
        return mask, self.decoder.start(memory)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, Any]:
        """Return log p (N, V) after tokens (N,), and the state: a `Step`."""
        mask, caches = state
        past, _ = caches[0]
        X = self.embed(tokens[:, None], self.target, length(past))
        Y, caches = self.decoder.step(X, caches, mask)  # (N, 1, C)
        return self.logits(Y[:, 0]).log_softmax(dim=1), (mask, caches)


def embeddings(V: int, C: int) -> nn.Embedding:
    """Return V vectors of C numbers, drawn from N(0, 1 / C)."""
    drawn = nn.Embedding(V, C)
    nn.init.normal_(drawn.weight, std=1 / sqrt(C))
    return drawn
