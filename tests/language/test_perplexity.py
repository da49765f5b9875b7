import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from dlnotes.language.perplexity import (
    bits_per_character,
    gap_and_error,
    perplexity,
)

log_ps = st.lists(st.floats(-20, 0), min_size=1).map(torch.tensor)


class TestPerplexity:
    def test_of_a_perfect_model(self) -> None:
        assert perplexity(torch.zeros(7)) == 1

    @pytest.mark.parametrize("V", [2, 27, 30_000])
    def test_of_a_uniform_model(self, V: int) -> None:
        log_p = torch.full((3, 4), -math.log(V), dtype=torch.float64)
        assert perplexity(log_p) == pytest.approx(V, rel=1e-12)

    def test_of_an_impossible_token(self) -> None:
        assert perplexity(torch.tensor([0, -math.inf])) == math.inf
        assert perplexity(torch.tensor([-1e6])) == math.inf

    def test_is_the_exponential_of_the_cross_entropy(self) -> None:
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(6, 9, generator=generator, dtype=torch.float64)
        labels = torch.randint(9, (6,), generator=generator)
        log_p = logits.log_softmax(-1)[torch.arange(6), labels]
        loss = cross_entropy(logits, labels).item()
        assert perplexity(log_p) == pytest.approx(math.exp(loss), rel=1e-12)

    @given(log_ps)
    def test_is_one_over_the_geometric_mean(self, log_p: Tensor) -> None:
        p = [math.exp(x) for x in log_p.tolist()]
        expected = 1 / math.prod(x ** (1 / len(p)) for x in p)
        assert perplexity(log_p) == pytest.approx(expected, rel=1e-9)

    @given(log_ps, st.floats(-9, 9) | st.just(math.nan))
    def test_what_is_masked_does_not_matter(self, log_p: Tensor, x: float) -> None:
        padded = torch.stack([log_p, torch.full_like(log_p, x)])
        mask = torch.stack([torch.ones_like(log_p), torch.zeros_like(log_p)])
        for kind in (mask, mask.bool(), mask.long()):
            assert perplexity(padded, kind) == perplexity(log_p)

    def test_many_tokens_are_summed_in_double_precision(self) -> None:
        log_p = torch.full((3_000_000,), -1.1)
        expected = math.exp(-float(log_p[0]))
        assert perplexity(log_p) == pytest.approx(expected, rel=1e-12)

    def test_rounding_above_0_is_let_through(self) -> None:
        assert perplexity(torch.tensor([1e-6, -1e-6])) == pytest.approx(1)


class TestBits:
    @pytest.mark.parametrize("letters", [1, 4])
    def test_of_a_uniform_model(self, letters: int) -> None:
        log_p = torch.full((6,), -math.log(8))
        assert bits_per_character(log_p, 6 * letters) == pytest.approx(3 / letters)

    @given(log_ps)
    def test_of_letters_it_is_the_logarithm_of_the_perplexity(
        self, log_p: Tensor
    ) -> None:
        bits = bits_per_character(log_p, len(log_p))
        assert bits == pytest.approx(math.log2(perplexity(log_p)), rel=1e-9, abs=1e-12)

    def test_what_is_masked_costs_none(self) -> None:
        log_p = torch.tensor([-math.log(2), -7, -math.log(4)])
        mask = torch.tensor([True, False, True])
        assert bits_per_character(log_p, 3, mask) == pytest.approx(1)

    @pytest.mark.parametrize("n", [0, -1])
    def test_no_characters(self, n: int) -> None:
        with pytest.raises(ValueError, match=f"^a text of {n} characters: at least 1$"):
            bits_per_character(torch.zeros(1), n)


@pytest.mark.parametrize(
    "function", [perplexity, lambda *a: bits_per_character(a[0], 1, *a[1:])]
)
class TestRefused:
    def test_no_token(self, function: type) -> None:
        message = "^no token counts: the perplexity is not defined$"
        with pytest.raises(ValueError, match=message):
            function(torch.zeros(0))
        with pytest.raises(ValueError, match=message):
            function(torch.zeros(2), torch.zeros(2))

    @pytest.mark.parametrize(
        ("wrong", "named"), [(2.30259, "2.303"), (math.nan, "nan"), (2e-5, "2e-05")]
    )
    def test_no_log_probability(self, function: type, wrong: float, named: str) -> None:
        message = (
            f"^a log p is {named}, and that of a probability is not above 0: is it a "
            "loss[?] Then give −loss$"
        )
        with pytest.raises(ValueError, match=message):
            function(torch.tensor([-1, wrong, 3]))

    def test_a_mask_of_another_shape(self, function: type) -> None:
        with pytest.raises(ValueError, match="mask") as caught:
            function(torch.zeros(2, 3), torch.ones(2))
        assert str(caught.value) == (
            "log p is (2, 3), the mask (2,): each token needs one of both"
        )


class TestGap:
    def test_is_that_of_the_means_of_stretches(self) -> None:
        """Differences 1 and 3, and a rest that does not count."""
        log_p = torch.tensor([0.0, 2, 3, 3, 99])
        gap, error = gap_and_error(log_p - 9, torch.zeros(5) - 9, stretch=2)
        assert gap == 2
        assert error == pytest.approx(math.sqrt(2) / math.sqrt(2))

    def test_of_two_models_the_other_way_round(self) -> None:
        generator = torch.Generator().manual_seed(0)
        one, other = -torch.rand(2, 1200, generator=generator, dtype=torch.float64)
        gap, error = gap_and_error(one, other)
        assert gap_and_error(other, one) == pytest.approx((-gap, error))
        assert gap == pytest.approx((one - other)[:1000].mean().item())

    def test_an_error_falls_with_the_root_of_the_stretches(self) -> None:
        one = torch.tensor([1.0, -1] * 50, dtype=torch.float64)
        _, few = gap_and_error(one[:10], torch.zeros(10), stretch=1)
        assert few == pytest.approx(1 / math.sqrt(9))
        _, many = gap_and_error(one, torch.zeros(100), stretch=1)
        assert many == pytest.approx(1 / math.sqrt(99))

    @pytest.mark.parametrize("N", [999, 4])
    def test_too_short_a_text_is_refused(self, N: int) -> None:
        with pytest.raises(ValueError, match="two stretches of 500 tokens"):
            gap_and_error(torch.zeros(N), torch.zeros(N))

    def test_other_tokens_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"\(1000,\) and \(1001,\)"):
            gap_and_error(torch.zeros(1000), torch.zeros(1001))
