"""GPT: it predicts each next token, and remembers keys and values."""

from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.multi_head import Attention
from dlnotes.position import Learned
from dlnotes.regularize import Dropout
from dlnotes.transformer.block import EncoderBlock
from dlnotes.transformer.cache import Cache, length
from dlnotes.transformer.norm import LayerNorm

State = tuple[Cache, ...] | None  # one of each block; None before any token


class GPT(nn.Module):
    """Predict each next token from those before it, from at most T of them.

    The blocks are those of an encoder, under a causal mask, with the norm
    first, a last norm behind them, and GELU between dense layers of C and
    4 · C units. The output layer is the table of the embeddings.

    Args:
        V: the size of the vocabulary.
        T: the context, for each of whose positions a vector is learned.
        C: the channels of a token.
        heads: of each attention.
        layers: the number of blocks.
        dropout: the probability, while training, of an entry of the
            embeddings, and of what the blocks drop.
        attention: what each head does.

    Raises:
        ValueError: the heads do not divide the channels, or the dropout is
            no probability below 1.

    Source: Radford et al., Language models are unsupervised multitask
    learners, 2019, section 2.3 (GPT-2).
    """

    blocks: Any  # an nn.ModuleList of EncoderBlocks

    def __init__(
        self,
        V: int,
        T: int,
        C: int,
        heads: int,
        layers: int,
        dropout: float = 0.0,
        attention: Attention = fused_attention,
    ) -> None:
        super().__init__()
        self.T = T
        self.embedding = nn.Embedding(V, C)
        self.position = Learned(T, C)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            gpt_block(C, heads, dropout, attention) for _ in range(layers)
        )
        self.norm = LayerNorm(C)
        start_small(self, layers)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids (B, T), or fewer, to logits (B, T, V) of what comes next.

        Raises:
            ValueError: there are more tokens than the context has.
        """
        mask = causal_mask(ids.shape[1], ids.device)
        X = self.dropout(self.position(self.embedding(ids)))  # (B, T, C)
        for block in self.blocks:
            X, _ = block(X, mask)
        return self.logits(X)

    def logits(self, X: Tensor) -> Tensor:
        """Score X (B, T, C) by the vector of each token: (B, T, V)."""
        normed: Tensor = self.norm(X)
        return normed @ self.embedding.weight.T

    def extend(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Map ids (B, T), or fewer, to logits, and to a state for the next.

        They come behind the tokens of the state, whose keys and values are
        not computed again. The logits are those that `forward` would give.

        Raises:
            ValueError: there are more tokens, with those of the state, than
                the context has.
        """
        offset = length(state[0]) if state else 0
        check_room(offset + ids.shape[1], self.T)
        X = self.dropout(self.position(self.embedding(ids), offset))
        caches = []
        for n, block in enumerate(self.blocks):
            X, cache = block.step(X, state[n] if state else None)
            caches.append(cache)
        return self.logits(X), tuple(caches)

    def read_prompt(self, prompt: Tensor) -> tuple[State, Tensor]:
        """Return where to go on from prompts (N, T): `state` and `start`.

        That is the state after all their tokens but the last, and these
        last ones, (N,), for decoding by `step`.

        Raises:
            ValueError: the prompts are not (N, T), have no token, or do not
                fit into the context.
        """
        if prompt.ndim != 2 or not prompt.shape[1]:
            raise ValueError(
                f"prompts have shape {tuple(prompt.shape)}: "
                "(N, T) with at least one token is needed"
            )
        if prompt.shape[1] == 1:
            return None, prompt[:, 0]
        with torch.no_grad():
            _, state = self.extend(prompt[:, :-1], None)
        return state, prompt[:, -1]

    def step(
        self, tokens: Tensor, state: State = None
    ) -> tuple[Tensor, State]:
        """Map tokens (N,) and a state to log p (N, V) and the next state.

        Raises:
            ValueError: the context is full: the state has all its T tokens.
        """
        logits, state = self.extend(tokens[:, None], state)
        return logits[:, 0].log_softmax(-1), state

    def reread(
        self, tokens: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Do what `step` does, by reading the last T tokens anew.

        The state is the tokens so far: prompt[:, :-1] for prompts (N, T).
        There is no end to it. Once the context is full, it slides: each
        token moves to the position before, so that no key or value of the
        step before could be used again.
        """
        ids = tokens[:, None]
        if state is not None:
            ids = torch.cat([state, ids], dim=1)[:, -self.T :]
        return self(ids)[:, -1].log_softmax(-1), ids


def gpt_block(
    C: int, heads: int, dropout: float, attention: Attention
) -> EncoderBlock:
    """Return a block as `GPT` has them."""
    sizes = C, heads, 4 * C, dropout
    return EncoderBlock(
        *sizes, norm_first=True, activation=gelu, attention=attention
    )


def start_small(model: nn.Module, layers: int) -> None:
    """Draw the weights from N(0, 0.02²), and let biases be 0, in place.

    Of what adds to X, twice in each of the blocks, the deviation is smaller
    by √(2 · layers), so that the sum does not grow with their number.

    Source: Radford et al., 2019, section 2.3.
    """
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif name.endswith(("out_proj.weight", "linear2.weight")):
            nn.init.normal_(parameter, std=0.02 / sqrt(2 * layers))
        elif parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.02)


def check_room(tokens: int, T: int) -> None:
    """Refuse more tokens than a context has positions.

    Raises:
        ValueError: there are more than T.
    """
    if tokens > T:
        raise ValueError(
            f"token {tokens} of a context of {T}: the positions end there. "
            f"Decode by `reread`, which reads the last {T} tokens anew, or "
            "stop before"
        )
