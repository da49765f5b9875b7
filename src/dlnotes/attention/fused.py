"""The same attention as one operation of PyTorch's, without the weights."""

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from dlnotes.attention.masks import check_mask


def fused_attention(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    mask: Tensor | None = None,
    p: float = 0.0,
) -> tuple[Tensor, None]:
    """Return what `attention` does, and None: it keeps no weights.

    The scores of a few queries and keys at a time are made, used, and made
    again on the way back: memory grows with T + S, and not with T · S.

    Raises:
        TypeError: the mask is not of true and false.
        ValueError: it does not expand to the shape of the scores.

    Source: Dao et al., FlashAttention, 2022, section 3.
    """
    if mask is not None:
        check_mask(mask, (*Q.shape[:-1], K.shape[-2]))
    output = scaled_dot_product_attention(Q, K, V, mask, dropout_p=p)
    return output, None
