"""Probabilities of the next token, from the counts of n-grams."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from dlnotes.language.ngram import NGrams


class Counts:
    """Count n-grams, each a context h and the token w after it.

    For each n-gram c(h, w) is its count, by number; for each context h
    C(h) is the sum over w, and `kinds` says how many w there are. Each
    tensor, float64, ends with a 0 for the number −1: never seen.
    """

    def __init__(self, grams: NGrams, n: int, counts: Tensor) -> None:
        h = grams.codes[n] // grams.V
        size = len(grams.codes[n - 1]) + 1
        self.c = pad(counts.double(), (0, 1))
        self.C = torch.bincount(h, counts.double(), size)
        self.kinds = torch.bincount(h, (counts > 0).double(), size)


class NGramModel:
    """Give each token a probability after the n − 1 tokens before it.

    n is `order`; where a text begins, fewer tokens are before. How counts
    become a probability is what the models of this kind differ in: `mix`.

    Raises:
        ValueError: n-grams of this order were not counted.
    """

    def __init__(self, grams: NGrams, order: int) -> None:
        if not 1 <= order <= grams.order:
            raise ValueError(
                f"the order is {order}: n-grams of 1 to {grams.order} tokens "
                "were counted"
            )
        self.grams, self.order, self.V = grams, order, grams.V
        self.levels = [
            Counts(grams, n, self.count(n)) for n in range(1, order + 1)
        ]

    def count(self, n: int) -> Tensor:
        """Return how often each n-gram counts: as often as it occurs."""
        return self.grams.counts[n]

    def mix(
        self, n: int, c: Tensor, C: Tensor, kinds: Tensor, p: Tensor
    ) -> Tensor:
        """Return p(w | h) for contexts h of n − 1 tokens.

        All are (...): the `Counts` of h and w, and the probability p of w
        after one token less, with which n = 1 begins as 1 / V.
        """
        raise NotImplementedError

    def likelihoods(self, ids: Tensor) -> Tensor:
        """Return the probability of each token of ids (..., T), float64.

        Raises:
            ValueError: an id is not below V.
        """
        p = torch.full_like(ids, 1 / self.V, dtype=torch.float64)
        ends = self.grams.find(ids)
        place = torch.arange(ids.shape[-1], device=ids.device)
        for n, level in enumerate(self.levels, start=1):
            start = 0 if n == 1 else -1
            h = pad(ends[n - 1][..., :-1], (1, 0), value=start)
            c, C, kinds = level.c[ends[n]], level.C[h], level.kinds[h]
            longer = self.mix(n, c, C, kinds, p)
            p = torch.where(place >= n - 1, longer, p)
        return p

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """Return the natural logarithms of `likelihoods`."""
        return self.likelihoods(ids).log()

    def probabilities(self, context: Tensor) -> Tensor:
        """Return p (..., V) of the next token after contexts (..., T)."""
        context = context[..., max(context.shape[-1] - self.order + 1, 0) :]
        w = torch.arange(self.V, device=context.device)[:, None]  # (V, 1)
        h = context[..., None, :].expand(*context.shape[:-1], self.V, -1)
        w = w.expand(*h.shape[:-1], 1)
        return self.likelihoods(torch.cat([h, w], dim=-1))[..., -1]


class AddK(NGramModel):
    """Add k to every count: p = (c + k) / (C + k·V).

    k = 0 is maximum likelihood: what was never seen has the probability 0,
    and after a context that was never seen so has everything.

    Raises:
        ValueError: k is negative, or as `NGramModel` says.

    Source: Jurafsky and Martin, Speech and Language Processing, 3rd ed.,
    2025, section 3.6.
    """

    def __init__(self, grams: NGrams, order: int, k: float) -> None:
        if k < 0:
            raise ValueError(f"k is {k}: it must be 0 or positive")
        super().__init__(grams, order)
        self.k = k

    def mix(
        self, n: int, c: Tensor, C: Tensor, kinds: Tensor, p: Tensor
    ) -> Tensor:
        """Return (c + k) / (C + k·V)."""
        return ((c + self.k) / (C + self.k * self.V)).nan_to_num()


class JelinekMercer(NGramModel):
    """Mix with the model of one token less: p = λ·c / C + (1 − λ)·p'.

    After a context that was never seen it is p' alone; `weight` is λ.

    Raises:
        ValueError: λ is not between 0 and 1, or as `NGramModel` says.

    Source: Chen and Goodman, An empirical study of smoothing techniques
    for language modeling, 1999, section 2.3, with one λ.
    """

    def __init__(self, grams: NGrams, order: int, weight: float) -> None:
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight is {weight}: it is a share, 0 to 1")
        super().__init__(grams, order)
        self.weight = weight

    def mix(
        self, n: int, c: Tensor, C: Tensor, kinds: Tensor, p: Tensor
    ) -> Tensor:
        """Return λ·c / C + (1 − λ)·p where the context was seen."""
        mixed = self.weight * c / C + (1 - self.weight) * p
        return torch.where(C > 0, mixed, p)


class KneserNey(NGramModel):
    """Take D off each count, and share that by the model of one token less.

    p = (c − D) / C + D·kinds / C·p'. Only the longest n-grams count as
    often as they occur; shorter ones count the different tokens that come
    before them. D = n1 / (n1 + 2·n2), where n1 n-grams count once and n2
    twice; with none that counts once, of which the formula makes no
    discount at all, D is 1/2. So no probability is 0.

    Source: Kneser and Ney, Improved backing-off for m-gram language
    modeling, 1995; interpolated as in Chen and Goodman, An empirical study
    of smoothing techniques for language modeling, 1999, section 2.7.
    """

    def __init__(self, grams: NGrams, order: int) -> None:
        super().__init__(grams, order)
        self.D = [discount(level.c) for level in self.levels]

    def count(self, n: int) -> Tensor:
        """Return the counts: of occurrences, or of tokens before."""
        if n == self.order:
            return self.grams.counts[n]
        return self.grams.continuations(n)

    def mix(
        self, n: int, c: Tensor, C: Tensor, kinds: Tensor, p: Tensor
    ) -> Tensor:
        """Return (c − D) / C + D·kinds / C·p where the context was seen."""
        D = self.D[n - 1]
        mixed = (c - D).clamp(min=0) / C + D * kinds / C * p
        return torch.where(C > 0, mixed, p)


def discount(counts: Tensor) -> float:
    """Return D = n1 / (n1 + 2·n2), or 1/2 if no count is 1."""
    n1, n2 = (int((counts == n).sum()) for n in (1, 2))
    return n1 / (n1 + 2 * n2) if n1 else 0.5
