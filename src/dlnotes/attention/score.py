"""How well a key suits a query, and the mean of the values by these scores."""

from math import sqrt

from torch import Tensor, nn

from dlnotes.attention.softmax import masked_softmax
from dlnotes.regularize import dropout


def dot_product(Q: Tensor, K: Tensor) -> Tensor:
    """Return q · k of queries Q (..., T, d), keys K (..., S, d).

    The scores are (..., T, S).

    Raises:
        ValueError: the queries and keys differ in size.

    Source: Luong, Pham and Manning, Effective approaches to attention-based
    neural machine translation, 2015, section 3.1.
    """
    if Q.shape[-1] != K.shape[-1]:
        raise ValueError(
            f"queries have {Q.shape[-1]} numbers and keys {K.shape[-1]}: "
            "a dot product needs as many, so project them, or use `additive`"
        )
    return Q @ K.mT


def scaled_dot_product(Q: Tensor, K: Tensor) -> Tensor:
    """Return q · k / √d of queries Q (..., T, d), keys K (..., S, d).

    The scores are (..., T, S). If the entries of q and k are independent,
    of mean 0 and variance 1, those of q · k have variance d, these 1.

    Raises:
        ValueError: the queries and keys differ in size.

    Source: Vaswani et al., Attention is all you need, 2017, section 3.2.1.
    """
    d = Q.shape[-1]
    return dot_product(Q, K) / sqrt(d)


def additive(
    Q: Tensor, K: Tensor, W_q: Tensor, W_k: Tensor, w_v: Tensor
) -> Tensor:
    """Return w_v · tanh(W_q q + W_k k), (..., T, S).

    Queries Q are (..., T, query), keys K (..., S, key); W_q is (hidden,
    query), W_k (hidden, key), w_v (hidden,).

    Source: Bahdanau, Cho and Bengio, Neural machine translation by jointly
    learning to align and translate, 2015, appendix A.1.2.
    """
    return score_sums(Q @ W_q.T, K @ W_k.T, w_v)


def score_sums(queries: Tensor, keys: Tensor, w_v: Tensor) -> Tensor:
    """Return w_v · tanh(q + k) of what W_q and W_k have made of both.

    Queries are (..., T, hidden), keys (..., S, hidden), w_v is (hidden,):
    the sums are (..., T, S, hidden), the scores (..., T, S).
    """
    sums = queries[..., :, None, :] + keys[..., None, :, :]
    return sums.tanh() @ w_v


class Additive(nn.Module):
    """Own the weights of `additive`, for queries and keys of any sizes."""

    def __init__(self, query: int, key: int, hidden: int) -> None:
        super().__init__()
        self.W_q = nn.Linear(query, hidden, bias=False)
        self.W_k = nn.Linear(key, hidden, bias=False)
        self.w_v = nn.Linear(hidden, 1, bias=False)

    def forward(self, Q: Tensor, K: Tensor) -> Tensor:
        """Score Q (..., T, query) with K (..., S, key): (..., T, S)."""
        return self.score(Q, self.W_k(K))

    def score(self, Q: Tensor, keys: Tensor) -> Tensor:
        """Score Q with keys (..., S, hidden) that W_k has met already."""
        return score_sums(self.W_q(Q), keys, self.w_v.weight[0])


def attend(
    scores: Tensor, V: Tensor, mask: Tensor | None = None, p: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Return the means of values V (..., S, d) by scores (..., T, S).

    These are (..., T, d), and with them come the weights (..., T, S): the
    softmax of the scores where the mask is true. While a network trains, a
    weight may be dropped from the mean with probability p.

    Raises:
        TypeError, ValueError: as `masked_softmax` says, or p is not in
            [0, 1).
    """
    weights = masked_softmax(scores, mask)
    kept = dropout(weights, p) if p else weights
    return kept @ V, weights


def attention(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    mask: Tensor | None = None,
    p: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return softmax(QKᵀ / √d) V and the weights, (..., T, S).

    Queries Q are (..., T, d), keys K (..., S, d), values V (..., S, d′).

    Raises:
        TypeError, ValueError: as `scaled_dot_product` and `attend` say.

    Source: Vaswani et al., Attention is all you need, 2017, eq. 1.
    """
    return attend(scaled_dot_product(Q, K), V, mask, p)
