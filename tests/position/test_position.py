"""Positions by their formulas, and the laws for which they are chosen."""

import math
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from compared import assert_same, numbers
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.attention.score import attention, dot_product
from dlnotes.position import (
    Learned,
    Sinusoidal,
    frequencies,
    rotary,
    rotary_attention,
    sinusoidal,
)

HALVES = st.integers(1, 8)  # pairs of channels
STEPS = st.integers(0, 500)


@pytest.fixture
def double() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class TestFrequencies:
    @pytest.mark.parametrize("C", [2, 4, 6, 64])
    def test_are_those_of_the_paper(self, C: int) -> None:
        expected = [1 / 10_000 ** (2 * i / C) for i in range(C // 2)]
        assert frequencies(C).tolist() == pytest.approx(expected, rel=1e-14)
        assert frequencies(C).dtype == torch.float64

    @pytest.mark.parametrize("C", [0, 1, 3, -2])
    def test_come_in_pairs(self, C: int) -> None:
        with pytest.raises(ValueError, match=f"^{C} channels: a sine and a cosine sha"):
            frequencies(C)
        if C > 0:
            with pytest.raises(ValueError, match="choose an even number"):
                sinusoidal(3, C)
            with pytest.raises(ValueError, match="choose an even number"):
                rotary(torch.ones(3, C))


class TestSinusoidal:
    @pytest.mark.parametrize(("T", "C"), [(1, 2), (5, 6), (700, 16)])
    def test_is_the_formula(self, T: int, C: int) -> None:
        rows = [
            [
                (math.cos if c % 2 else math.sin)(t / 10_000 ** ((c - c % 2) / C))
                for c in range(C)
            ]
            for t in range(T)
        ]
        expected = torch.tensor(rows, dtype=torch.float64)
        found = sinusoidal(T, C)
        assert found.dtype == torch.float32
        # rounded once: an angle of 32 bits would be wrong by 1e-5 at t = 700
        torch.testing.assert_close(found, expected.float(), rtol=0, atol=6e-8)

    @pytest.mark.usefixtures("double")
    @given(STEPS, STEPS, HALVES)
    def test_later_is_a_rotation_of_now(self, t: int, k: int, half: int) -> None:
        """PE(t + k) is PE(t), each pair turned back by k · ω, whatever t is."""
        P = sinusoidal(t + k + 1, 2 * half)
        sin, cos = P[t].view(half, 2).T
        a = k * frequencies(2 * half)
        later = [
            sin * a.cos() + cos * a.sin(),
            cos * a.cos() - sin * a.sin(),
        ]
        torch.testing.assert_close(
            P[t + k], torch.stack(later, 1).flatten(), rtol=0, atol=1e-12
        )

    @pytest.mark.usefixtures("double")
    def test_products_depend_on_the_distance(self) -> None:
        P = sinusoidal(40, 12)
        products = P @ P.T
        for k in range(40):
            diagonal = products.diagonal(k)
            torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
        assert products[0].tolist()[0] == pytest.approx(6)  # sin² + cos², six times
        assert products[0, 1:].max() < 6

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_is_added(self, dtype: torch.dtype) -> None:
        X = numbers(2, 3, 5, 4).to(dtype)
        module = Sinusoidal()
        P = sinusoidal(9, 4).to(dtype)
        assert torch.equal(module(X), X + P[:5])
        assert torch.equal(module(X, 4), X + P[4:])
        assert module(X).dtype == dtype
        assert list(module.parameters()) == []


class TestLearned:
    def test_is_added(self) -> None:
        module = Learned(6, 4).double()
        X = numbers(2, 5, 4)
        torch.testing.assert_close(module(X), X + module.weight[:5])
        torch.testing.assert_close(module(X, 1), X + module.weight[1:])
        parts = [module(X[:, t : t + 1], t) for t in range(5)]
        torch.testing.assert_close(torch.cat(parts, 1), module(X))
        module(X, 1).sum().backward()
        assert module.weight.grad is not None
        assert module.weight.grad.tolist() == [[0] * 4, *[[2] * 4] * 5]

    def test_is_drawn_small(self) -> None:
        torch.manual_seed(0)
        W = Learned(1_000, 50).weight
        assert W.shape == (1_000, 50)
        assert W.std().item() == pytest.approx(0.02, rel=0.02)
        assert W.mean().item() == pytest.approx(0, abs=4e-4)

    def test_refuses_what_is_longer(self) -> None:
        module = Learned(6, 4)
        assert module(torch.ones(6, 4)).shape == (6, 4)
        words = r"^a sequence of 7 steps, and 6 learned positions: cut it, or learn"
        with pytest.raises(ValueError, match=words):
            module(torch.ones(7, 4))
        with pytest.raises(ValueError, match=words):
            module(torch.ones(3, 4), 4)


class TestRotary:
    @pytest.mark.parametrize("offset", [0, 3])
    def test_is_a_product_of_complex_numbers(self, offset: int) -> None:
        def theirs(X: Tensor) -> Tensor:
            z = torch.view_as_complex(X.unflatten(-1, (-1, 2)))
            t = torch.arange(5, dtype=torch.float64)[:, None] + offset
            turn = torch.polar(torch.ones(5, 3).double(), t * frequencies(6))
            return torch.view_as_real(z * turn).flatten(-2)

        def ours(X: Tensor) -> Tensor:
            return rotary(X, offset) if offset else rotary(X)

        assert_same(ours, theirs, numbers(2, 3, 5, 6))

    @given(STEPS, STEPS, STEPS, HALVES)
    def test_scores_depend_on_the_distance_alone(
        self, t: int, s: int, shift: int, half: int
    ) -> None:
        q, k = numbers(2, 1, 2 * half)
        here = dot_product(rotary(q, t), rotary(k, s))
        there = dot_product(rotary(q, t + shift), rotary(k, s + shift))
        torch.testing.assert_close(here, there, rtol=0, atol=1e-10)

    @given(STEPS, HALVES)
    def test_keeps_lengths(self, t: int, half: int) -> None:
        x = numbers(3, 1, 2 * half)
        torch.testing.assert_close(rotary(x, t).norm(dim=-1), x.norm(dim=-1))
        assert torch.equal(rotary(x), x)  # nothing is turned at t = 0

    def test_distances_differ(self) -> None:
        X = numbers(1, 4).expand(9, 4)
        scores = dot_product(rotary(X), rotary(X))
        assert len(scores[0].unique()) == 9
        assert torch.equal(scores.argmax(1), torch.arange(9))

    def test_keeps_the_type(self) -> None:
        assert rotary(torch.ones(3, 4)).dtype == torch.float32
        assert rotary(torch.ones(3, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


class TestRotaryAttention:
    Q, K, V = numbers(3, 2, 5, 4)

    def test_turns_queries_and_keys_and_not_values(self) -> None:
        mask = causal_mask(5)
        turned = rotary(self.Q), rotary(self.K)
        for more in ([], [None], [mask]):
            expected = attention(*turned, self.V, *more)
            found = rotary_attention(self.Q, self.K, self.V, *more)
            torch.testing.assert_close(found, expected)

    def test_the_last_queries_are_those_of_all(self) -> None:
        whole, weights = rotary_attention(self.Q, self.K, self.V)
        for T in (1, 3):
            found = rotary_attention(self.Q[:, -T:], self.K, self.V)
            torch.testing.assert_close(found, (whole[:, -T:], weights[:, -T:]))

    def test_drops_weights(self) -> None:
        torch.manual_seed(0)
        found = rotary_attention(self.Q, self.K, self.V, None, 0.5)
        torch.manual_seed(0)
        turned = rotary(self.Q), rotary(self.K)
        torch.testing.assert_close(found, attention(*turned, self.V, None, 0.5))
        plain = rotary_attention(self.Q, self.K, self.V)
        assert not torch.allclose(found[0], plain[0])

    def test_shifted_sequences_get_equal_outputs(self) -> None:
        """Rows in front that are masked shift all positions, and change nothing."""
        expected, _ = rotary_attention(self.Q, self.K, self.V)
        more = numbers(3, 2, 7, 4, seed=1)
        Q, K, V = (
            torch.cat([front, back], 1)
            for front, back in zip(more, (self.Q, self.K, self.V), strict=True)
        )
        found, _ = rotary_attention(Q, K, V, torch.arange(12) >= 7)
        torch.testing.assert_close(found[:, 7:], expected)

    def test_works_in_each_head(self) -> None:
        torch.manual_seed(0)
        module = MultiHeadAttention(8, 2, attention=rotary_attention).double()
        X = numbers(2, 5, 8)
        Q, K, V = module.project(X, X, X)
        expected, weights = attention(rotary(Q), rotary(K), V)
        torch.testing.assert_close(module(X, X, X), (module.join(expected), weights))

    def test_is_for_a_sequence_and_itself(self) -> None:
        for n in (3, 4):
            words = f"^5 queries and {n} keys: rotary positions are for a sequence that"
            with pytest.raises(ValueError, match=words):
                rotary_attention(self.Q, self.K[:, :n], self.V[:, :n])
