"""Our modules behind the interfaces of PyTorch's, to be given what those are given."""

from torch import Tensor

from dlnotes.attention.multi_head import MultiHeadAttention


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
