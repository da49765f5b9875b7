"""Our modules behind the interfaces of PyTorch's, to be given what those are given."""

from typing import Any

from torch import Tensor
from torch.nn.functional import relu

from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.transformer.block import DecoderBlock, EncoderBlock
from dlnotes.transformer.feed_forward import Activation


def allowed(
    forbidden: Tensor | None, padding: Tensor | None, heads: int
) -> Tensor | None:
    """Return our mask for PyTorch's two, which are true where a key is hidden.

    `forbidden` is (T, S) or (B · h, T, S), `padding` (B, S); the result expands to
    (B, h, T, S).
    """
    if forbidden is not None:
        forbidden = forbidden.view(-1, 1, *forbidden.shape[-2:])
        if len(forbidden) > 1:
            forbidden = forbidden.view(-1, heads, *forbidden.shape[-2:])
    if padding is not None:
        padding = padding[:, None, None]
    masks = [mask for mask in (forbidden, padding) if mask is not None]
    if not masks:
        return None
    return ~masks[0] if len(masks) == 1 else ~(masks[0] | masks[1])


class MultiheadAttention(MultiHeadAttention):
    """Our `MultiHeadAttention`, called as PyTorch's."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout, bias, kdim, vdim)
        self.batch_first = batch_first

    def forward(  # type: ignore[override]
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
    ) -> tuple[Tensor, Tensor]:
        X = [query, key, value]
        if query.ndim == 2:  # a single sequence
            if key_padding_mask is not None:
                key_padding_mask = key_padding_mask[None]
            X = [x[None] for x in X]
        elif not self.batch_first:
            X = [x.transpose(0, 1) for x in X]
        mask = allowed(attn_mask, key_padding_mask, self.heads)
        Y, weights = super().forward(*X, mask)
        assert isinstance(weights, Tensor)
        if average_attn_weights:
            weights = weights.mean(1)
        if query.ndim == 2:
            return Y[0], weights[0]
        return Y if self.batch_first else Y.transpose(0, 1), weights


def batch_first(X: Tensor, is_first: bool) -> Tensor:
    """Return rows first what is a single sequence, or PyTorch's steps first."""
    if X.ndim == 2:
        return X[None]
    return X if is_first else X.transpose(0, 1)


def as_before(Y: Tensor, X: Tensor, is_first: bool) -> Tensor:
    """Undo what `batch_first` did to X in a Y of its shape."""
    if X.ndim == 2:
        return Y[0]
    return Y if is_first else Y.transpose(0, 1)


def rows(padding: Tensor | None) -> Tensor | None:
    """Return the padding (B, S) of a single sequence (S,), too."""
    return padding[None] if padding is not None and padding.ndim == 1 else padding


class Layer:
    """What both layers share: PyTorch's settings, and its names of a state."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = relu,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(  # type: ignore[call-arg]
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            norm_first,
            activation=activation,
            bias=bias,
        )
        self.batch_first, self.heads = batch_first, nhead

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = super().state_dict()  # type: ignore[misc]
        return {name.replace("feed_forward.", ""): x for name, x in state.items()}


class TransformerEncoderLayer(Layer, EncoderBlock):
    """Our `EncoderBlock`, called as PyTorch's layer."""

    def forward(  # type: ignore[override]
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        mask = allowed(src_mask, rows(src_key_padding_mask), self.heads)
        Y, _ = super().forward(batch_first(src, self.batch_first), mask)
        return as_before(Y, src, self.batch_first)


class TransformerDecoderLayer(Layer, DecoderBlock):
    """Our `DecoderBlock`, called as PyTorch's layer."""

    def forward(  # type: ignore[override]
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        X, M = (batch_first(x, self.batch_first) for x in (tgt, memory))
        own = allowed(tgt_mask, rows(tgt_key_padding_mask), self.heads)
        across = allowed(memory_mask, rows(memory_key_padding_mask), self.heads)
        Y, _ = super().forward(X, M, own, across)
        return as_before(Y, tgt, self.batch_first)
