"""Positions: attention alone does not know what comes before what."""

import torch
from torch import Tensor, nn

from dlnotes.attention.score import attention


def frequencies(C: int) -> Tensor:
    """Return ω_i = 10000^(−2i / C), in radians per step, for i < C / 2.

    They fall from 1 to almost 1 / 10000, and are of 64 bits, so that the
    angle t · ω is right for large t, too.

    Raises:
        ValueError: C is not even, or below 2.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.5.
    """
    if C < 2 or C % 2:
        raise ValueError(
            f"{C} channels: a sine and a cosine share a frequency, so "
            "choose an even number"
        )
    i = torch.arange(C // 2, dtype=torch.float64)
    return 10_000 ** (-2 * i / C)


def angles(T: int, C: int, offset: int = 0) -> Tensor:
    """Return t · ω (T, C / 2) of T positions t from `offset` on."""
    t = torch.arange(offset, offset + T, dtype=torch.float64)
    return t[:, None] * frequencies(C)


def sinusoidal(T: int, C: int) -> Tensor:
    """Return (T, C): sin tω_i in channel 2i, and cos tω_i behind it.

    Raises:
        ValueError: C is not even, or below 2.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.5.
    """
    theta = angles(T, C)  # (T, C / 2)
    waves = torch.stack([theta.sin(), theta.cos()], dim=-1)
    return waves.flatten(1).to(torch.get_default_dtype())


class Sinusoidal(nn.Module):
    """Add `sinusoidal` positions to X (..., T, C)."""

    def forward(self, X: Tensor, offset: int = 0) -> Tensor:
        """Return X with the positions from `offset` on added to it."""
        T, C = X.shape[-2:]
        return X + sinusoidal(offset + T, C)[offset:].to(X)


class Learned(nn.Module):
    """Add a learned vector for each position, of which there are T.

    The vectors are drawn from N(0, 0.02²).

    Source: Radford et al., Improving language understanding by generative
    pre-training, 2018, section 4.1.
    """

    def __init__(self, T: int, C: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(T, C))

    def forward(self, X: Tensor, offset: int = 0) -> Tensor:
        """Return X with the positions from `offset` on added to it.

        Raises:
            ValueError: X reaches behind the last position.
        """
        end, T = offset + X.shape[-2], len(self.weight)
        if end > T:
            raise ValueError(
                f"a sequence of {end} steps, and {T} learned positions: "
                "cut it, or learn more of them"
            )
        return X + self.weight[offset:end]


def rotary(X: Tensor, offset: int = 0) -> Tensor:
    """Turn each pair of channels of X (..., T, d) by the angle t · ω_i.

    Channels 2i and 2i + 1 are a point of the plane, and `offset` is the
    first t. The dot product of a query at t and a key at s then depends on
    t − s alone.

    Raises:
        ValueError: d is not even.

    Source: Su et al., RoFormer, 2021, eqs. 14 to 16 and 34.
    """
    T, d = X.shape[-2:]
    theta = angles(T, d, offset)  # (T, d / 2)
    cos, sin = theta.cos().to(X), theta.sin().to(X)
    x, y = X.unflatten(-1, (-1, 2)).unbind(dim=-1)  # (..., T, d / 2)
    turned = torch.stack([cos * x - sin * y, sin * x + cos * y], dim=-1)
    return turned.flatten(-2)


def rotary_attention(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    mask: Tensor | None = None,
    p: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return `attention` of turned queries and keys, and its weights.

    The queries Q (..., T, d) stand at the last T of the positions of the
    keys K (..., S, d): T = S, or less where earlier keys are remembered.

    Raises:
        ValueError: there are more queries than keys.
    """
    offset = K.shape[-2] - Q.shape[-2]
    if offset < 0:
        raise ValueError(
            f"{Q.shape[-2]} queries and {K.shape[-2]} keys: rotary positions "
            "are for a sequence that attends to itself"
        )
    return attention(rotary(Q, offset), rotary(K), V, mask, p)
