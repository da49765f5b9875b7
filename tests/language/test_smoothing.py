"""The models of n-grams against the definitions, counted with dictionaries."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dlnotes.language.ngram import NGrams
from dlnotes.language.smoothing import AddK, JelinekMercer, KneserNey, NGramModel

V, ORDER = 4, 4
ids = st.lists(st.integers(0, V - 1), min_size=ORDER, max_size=30).map(torch.tensor)
orders = st.integers(1, ORDER)
Gram = tuple[int, ...]
MODELS: list[Callable[[NGrams, int], NGramModel]] = [
    lambda grams, order: AddK(grams, order, 0.5),
    lambda grams, order: JelinekMercer(grams, order, 0.6),
    KneserNey,
]


def count(tokens: Sequence[int], n: int) -> Counter[Gram]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def after(counts: Counter[Gram], h: Gram) -> dict[int, int]:
    """Return the counts of the tokens after a context."""
    return {gram[-1]: n for gram, n in counts.items() if gram[:-1] == h}


def add_k(tokens: Sequence[int], h: Gram, w: int, k: float) -> float:
    followers = after(count(tokens, len(h) + 1), h)
    return (followers.get(w, 0) + k) / (sum(followers.values()) + k * V)


def jelinek_mercer(tokens: Sequence[int], h: Gram, w: int, weight: float) -> float:
    shorter = jelinek_mercer(tokens, h[1:], w, weight) if h else 1 / V
    followers = after(count(tokens, len(h) + 1), h)
    if not followers:
        return shorter
    frequency = followers.get(w, 0) / sum(followers.values())
    return weight * frequency + (1 - weight) * shorter


def kneser_ney(tokens: Sequence[int], h: Gram, w: int, order: int) -> float:
    n = len(h) + 1
    shorter = kneser_ney(tokens, h[1:], w, order) if h else 1 / V
    counts = count(tokens, n)
    if n < order:
        counts = Counter(gram[1:] for gram in count(tokens, n + 1))
    once, twice = (list(counts.values()).count(n) for n in (1, 2))
    D = once / (once + 2 * twice) if once else 0.5
    followers = after(counts, h)
    if not followers:
        return shorter
    total = sum(followers.values())
    discounted = max(followers.get(w, 0) - D, 0)
    return (discounted + D * len(followers) * shorter) / total


def expected(
    formula: Callable[[Gram, int], float], text: Tensor, order: int
) -> list[float]:
    """Return what a formula gives each token of a text."""
    tokens = text.tolist()
    contexts = [tuple(tokens[max(i - order + 1, 0) : i]) for i in range(len(tokens))]
    return [formula(h, w) for h, w in zip(contexts, tokens, strict=True)]


class TestDefinitions:
    @given(ids, ids, orders, st.sampled_from([0.01, 0.5, 1, 3]))
    def test_add_k(self, text: Tensor, other: Tensor, order: int, k: float) -> None:
        p = AddK(NGrams(text, V, ORDER), order, k).likelihoods(other)
        tokens = text.tolist()
        by_hand = expected(lambda h, w: add_k(tokens, h, w, k), other, order)
        assert p.tolist() == pytest.approx(by_hand, rel=1e-12)

    @given(ids, ids, orders, st.sampled_from([0, 0.3, 0.9, 1]))
    def test_jelinek_mercer(
        self, text: Tensor, other: Tensor, order: int, weight: float
    ) -> None:
        p = JelinekMercer(NGrams(text, V, ORDER), order, weight).likelihoods(other)
        tokens = text.tolist()
        by_hand = expected(
            lambda h, w: jelinek_mercer(tokens, h, w, weight), other, order
        )
        assert p.tolist() == pytest.approx(by_hand, rel=1e-12, abs=1e-15)

    @given(ids, ids, orders)
    def test_kneser_ney(self, text: Tensor, other: Tensor, order: int) -> None:
        p = KneserNey(NGrams(text, V, ORDER), order).likelihoods(other)
        tokens = text.tolist()
        by_hand = expected(lambda h, w: kneser_ney(tokens, h, w, order), other, order)
        assert p.tolist() == pytest.approx(by_hand, rel=1e-12)

    @given(ids, orders)
    def test_without_smoothing_it_is_the_frequency(
        self, text: Tensor, order: int
    ) -> None:
        model = AddK(NGrams(text, V, order), order, 0)
        tokens = text.tolist()
        p = model.likelihoods(text)
        by_hand = expected(lambda h, w: add_k(tokens, h, w, 0), text, order)
        assert p.tolist() == pytest.approx(by_hand, rel=1e-12)

    def test_without_smoothing_what_was_never_seen_is_impossible(self) -> None:
        model = AddK(NGrams(torch.tensor([0, 1, 0, 1]), 3, 2), 2, 0)
        assert model.probabilities(torch.tensor([0])).tolist() == [0, 1, 0]
        assert model.probabilities(torch.tensor([2])).tolist() == [0, 0, 0]
        log_p = model.log_probabilities(torch.tensor([0, 2, 0])).tolist()
        assert log_p == [math.log(0.5), -math.inf, -math.inf]


@pytest.mark.parametrize("make", MODELS)
class TestLaws:
    @given(text=ids, order=orders, contexts=ids)
    def test_probabilities_sum_to_1_after_every_context(
        self,
        make: Callable[[NGrams, int], NGramModel],
        text: Tensor,
        order: int,
        contexts: Tensor,
    ) -> None:
        """All contexts of up to 3 tokens, whether seen or not, and longer ones."""
        model = make(NGrams(text, V, ORDER), order)
        lists = [contexts[:n] for n in (0, 1, 2, 3)]
        lists.append(torch.cartesian_prod(*[torch.arange(V)] * 3))
        lists.append(contexts)
        for h in lists:
            p = model.probabilities(h)
            assert p.shape == (*h.shape[:-1], V)
            assert p.dtype == torch.float64
            assert (p > 0).all()
            torch.testing.assert_close(
                p.sum(-1), torch.ones(h.shape[:-1]).double(), rtol=0, atol=1e-12
            )

    @given(text=ids, order=orders, other=ids)
    def test_are_those_of_the_token_in_a_text(
        self,
        make: Callable[[NGrams, int], NGramModel],
        text: Tensor,
        order: int,
        other: Tensor,
    ) -> None:
        model = make(NGrams(text, V, ORDER), order)
        log_p = model.log_probabilities(other)
        assert log_p.shape == other.shape
        for i, w in enumerate(other.tolist()):
            p = model.probabilities(other[:i])[w]
            assert float(p) == pytest.approx(float(log_p[i].exp()), rel=1e-12)

    @given(text=ids, order=orders, other=ids)
    def test_many_texts_are_one_by_one(
        self,
        make: Callable[[NGrams, int], NGramModel],
        text: Tensor,
        order: int,
        other: Tensor,
    ) -> None:
        model = make(NGrams(text, V, ORDER), order)
        rows = torch.stack([other, other.flip(0)])
        apart = torch.stack([model.likelihoods(row) for row in rows])
        assert torch.equal(model.likelihoods(rows), apart)
        apart = torch.stack([model.probabilities(row) for row in rows])
        assert torch.equal(model.probabilities(rows), apart)

    @pytest.mark.parametrize("order", [0, 4])
    def test_an_order_that_was_not_counted(
        self, make: Callable[[NGrams, int], NGramModel], order: int
    ) -> None:
        message = f"^the order is {order}: n-grams of 1 to 3 tokens were counted$"
        with pytest.raises(ValueError, match=message):
            make(NGrams(torch.arange(4), V, 3), order)
        assert make(NGrams(torch.arange(4), V, 3), 3).order == 3

    def test_an_id_that_is_none(
        self, make: Callable[[NGrams, int], NGramModel]
    ) -> None:
        model = make(NGrams(torch.arange(4), V, 3), 2)
        with pytest.raises(ValueError, match=r"^4 is no id of 4 tokens: they"):
            model.log_probabilities(torch.tensor([4]))


class TestKneserNey:
    def test_a_word_with_one_history_is_not_expected_elsewhere(self) -> None:
        """Francisco (1) is frequent, but comes after San (0) alone."""
        text = torch.tensor([0, 1, 2, 0, 1, 3, 0, 1, 2, 3, 0, 1, 3, 2, 2, 3, 3])
        p = KneserNey(NGrams(text, 5, 2), 2).probabilities(torch.tensor([4]))
        assert p[1] < p[2]
        assert (text == 1).sum() == (text == 2).sum()

    @pytest.mark.parametrize(
        ("text", "D"),
        [([0, 1, 1, 2, 2, 2], 1 / 3), ([0, 1, 2], 1), ([0, 0, 1, 1], 0.5)],
    )
    def test_discount(self, text: list[int], D: float) -> None:
        assert KneserNey(NGrams(torch.tensor(text), 3, 1), 1).D == [D]

    @given(ids, orders)
    def test_discounts_are_shares(self, text: Tensor, order: int) -> None:
        D = KneserNey(NGrams(text, V, order), order).D
        assert len(D) == order
        assert all(0 < share <= 1 for share in D)


class TestRefused:
    def test_a_negative_k(self) -> None:
        with pytest.raises(ValueError, match=r"^k is -0.1: it must be 0 or positive$"):
            AddK(NGrams(torch.arange(4), V, 2), 2, -0.1)

    @pytest.mark.parametrize("weight", [-0.1, 1.1])
    def test_a_weight_that_is_no_share(self, weight: float) -> None:
        message = f"^the weight is {weight}: it is a share, 0 to 1$"
        with pytest.raises(ValueError, match=message):
            JelinekMercer(NGrams(torch.arange(4), V, 2), 2, weight)

    def test_a_model_without_a_formula(self) -> None:
        with pytest.raises(NotImplementedError):
            NGramModel(NGrams(torch.arange(4), V, 2), 2).likelihoods(torch.arange(2))
