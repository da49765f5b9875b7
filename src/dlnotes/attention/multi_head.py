"""Several heads: attention side by side, in parts of the channels."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from dlnotes.attention.score import attention
from dlnotes.regularize import check_dropout

# From Q, K, V and a mask to the output and the weights, if it has any. To
# train with dropout it takes the probability p as well.
Attention = Callable[..., tuple[Tensor, Tensor | None]]


def split_heads(X: Tensor, heads: int) -> Tensor:
    """Cut the channels of X (..., T, C) into heads: (..., h, T, d)."""
    parts: Tensor = X.unflatten(-1, (heads, -1))  # (..., T, h, d)
    return parts.transpose(-3, -2)


def join_heads(X: Tensor) -> Tensor:
    """Put the heads of X (..., h, T, d) side by side: (..., T, h · d)."""
    return X.transpose(-3, -2).flatten(-2)


class MultiHeadAttention(nn.Module):
    """Attend with several heads, and mix what they found.

    The parameters have the names, shapes and first values of those of
    PyTorch's MultiheadAttention, which differs in its masks (there true
    forbids) and returns the mean of the weights over the heads.

    Args:
        C: the channels of the queries and of the output.
        heads: each has C / heads of them.
        dropout: the probability, while training, of a weight.
        bias: whether the projections have biases.
        kdim: the channels of the keys, if not C.
        vdim: the channels of the values, if not C.
        attention: what each head does with its Q, K, V and the mask.

    Raises:
        ValueError: the heads do not divide the channels, or the dropout is
            no probability below 1.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.2.2.
    """

    in_proj_bias: Tensor | None

    def __init__(
        self,
        C: int,
        heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        attention: Attention = attention,
    ) -> None:
        super().__init__()
        check_heads(C, heads)
        check_dropout(dropout)
        self.heads, self.dropout, self.attention = heads, dropout, attention
        key = C if kdim is None else kdim
        value = C if vdim is None else vdim
        self.sizes = C, key, value
        self.out_proj = nn.Linear(C, C, bias)
        for name, shape in self.shapes().items():
            W = nn.init.xavier_uniform_(torch.empty(shape))
            self.register_parameter(name, nn.Parameter(W))
        b = nn.Parameter(torch.zeros(3 * C)) if bias else None
        self.register_parameter("in_proj_bias", b)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Return the shapes of the matrices: one if all have C channels."""
        C, key, value = self.sizes
        if key == value == C:
            return {"in_proj_weight": (3 * C, C)}
        sizes = zip("qkv", self.sizes, strict=True)
        return {f"{name}_proj_weight": (C, size) for name, size in sizes}

    def matrices(self) -> list[Tensor]:
        """Return W_q (C, C), W_k (C, kdim) and W_v (C, vdim)."""
        W, *others = (self.get_parameter(name) for name in self.shapes())
        return [W, *others] if others else list(W.chunk(3))

    def biases(self) -> list[Tensor | None]:
        """Return the biases of these three, (C,) each, or None."""
        b = self.in_proj_bias
        return [None] * 3 if b is None else list(b.chunk(3))

    def queries(self, query: Tensor) -> Tensor:
        """Return Q (B, h, T, d) of a query (B, T, C)."""
        W, b = self.matrices()[0], self.biases()[0]
        return split_heads(linear(query, W, b), self.heads)

    def keys_values(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Return K and V, (B, h, S, d) each."""
        (_, W_k, W_v), (_, b_k, b_v) = self.matrices(), self.biases()
        K, V = linear(key, W_k, b_k), linear(value, W_v, b_v)
        return split_heads(K, self.heads), split_heads(V, self.heads)

    def project(
        self, query: Tensor, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return Q (B, h, T, d), K and V (B, h, S, d)."""
        return self.queries(query), *self.keys_values(key, value)

    def attend(
        self, Q: Tensor, K: Tensor, V: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Attend in each head, and return what `forward` does."""
        if mask is not None and mask.ndim == 3:
            mask = mask[:, None]  # one for all heads
        p = [self.dropout] if self.training and self.dropout else []
        output, weights = self.attention(Q, K, V, mask, *p)
        return self.join(output), weights

    def join(self, output: Tensor) -> Tensor:
        """Mix the outputs of the heads (B, h, T, d): (B, T, C)."""
        mixed: Tensor = self.out_proj(join_heads(output))
        return mixed

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the output (B, T, C) and the weights (B, h, T, S), or None.

        The query is (B, T, C), the key (B, S, kdim), the value (B, S,
        vdim). The mask is true where a key may be looked at, and expands
        to (B, T, S), for all heads, or to (B, h, T, S).

        Raises:
            TypeError: the mask is not of true and false.
            ValueError: a shape does not suit the others.
        """
        check_sequences((query, key, value), self.sizes)
        return self.attend(*self.project(query, key, value), mask)


def check_heads(C: int, heads: int) -> None:
    """Refuse a number of heads that cannot share the channels.

    Raises:
        ValueError: it is not positive, or does not divide them.
    """
    if heads < 1 or C < 1 or C % heads:
        raise ValueError(
            f"{C} channels cannot be shared by {heads} heads: "
            "choose a number that divides them"
        )


def check_sequences(
    inputs: tuple[Tensor, Tensor, Tensor], sizes: tuple[int, int, int]
) -> None:
    """Refuse query, key and value that do not go together.

    Raises:
        ValueError: one has not three axes, or not its number of channels;
            or the rows differ in number, or the keys and values.
    """
    names = "query", "key", "value"
    for name, X, size in zip(names, inputs, sizes, strict=True):
        if X.ndim != 3 or X.shape[-1] != size:
            raise ValueError(
                f"the {name} has shape {tuple(X.shape)}: rows, steps and "
                f"{size} channels are needed"
            )
    query, key, value = (tuple(X.shape[:2]) for X in inputs)
    if query[0] != key[0] or key != value:
        raise ValueError(
            f"rows and steps are {query} for the query, {key} for the key "
            f"and {value} for the value: all need the same rows, and each "
            "key a value"
        )
