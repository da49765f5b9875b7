"""What the chapter on scores of attention says in words."""

from collections.abc import Callable
from math import e, log, sqrt
from statistics import mean

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from containers import held
from dlnotes.attention.attending import AttendingDecoder
from dlnotes.attention.score import Additive, attention
from dlnotes.book.store import Run
from dlnotes.data.dates import load_dates
from dlnotes.data.translation import load_translation
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.pairs import PAD

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]
SIZES = (16, 64, 512)


class TestScores:
    def test_a_pair_by_itself_and_the_module_agree(self, vision_run: Runs) -> None:
        values = vision_run("attention_scoring").values
        assert values["difference_pair"] < 1e-6
        assert values["difference_module"] < 1e-6

    def test_pytorch_returns_the_same(self, vision_run: Runs) -> None:
        assert vision_run("attention_scoring").values["difference_torch"] < 1e-14

    def test_values_take_no_part_in_the_weights(self) -> None:
        torch.manual_seed(0)
        Q, K = torch.randn(2, 4), torch.randn(5, 4)
        _, weights = attention(Q, K, torch.randn(5, 3))
        _, others = attention(Q, K, torch.randn(5, 7))
        assert torch.equal(weights, others)

    def test_a_query_of_zeros_gets_the_plain_mean(self) -> None:
        V = torch.tensor([[9.0], [14.0], [7.0]])
        output, _ = attention(torch.zeros(1, 2), torch.randn(3, 2), V)
        torch.testing.assert_close(output, V.mean(dim=0, keepdim=True))


class TestTheRoot:
    @pytest.mark.settles("score-is-scaled")
    def test_without_it_the_variance_is_about_d(self, vision_run: Runs) -> None:
        run = vision_run("attention_scoring")
        for d in SIZES:
            for raw in held(run, "variance_raw")[d]:
                assert raw == pytest.approx(d, rel=0.06)  # four standard errors
            for scaled in held(run, "variance_scaled")[d]:
                assert scaled == pytest.approx(1, rel=0.06)

    def test_the_means_on_the_page(self, book_run: Runs) -> None:
        run = book_run("attention_scoring")
        for d in SIZES:
            raw = mean(held(run, "variance_raw")[d])
            assert run.values[f"variance_{d}"] == pytest.approx(raw)

    def test_a_variance_of_10_000_pairs_is_known_to_1_4_percent(self) -> None:
        assert sqrt(2 / 10_000) == pytest.approx(0.014, abs=2e-4)

    @pytest.mark.settles("score-is-scaled")
    def test_flat_queries_grow_with_d_without_it_and_there_are_none_with_it(
        self, vision_run: Runs
    ) -> None:
        saturated = held(vision_run("attention_scoring"), "saturated")
        flat = [[row[2] for row in saturated["q · k", d]] for d in SIZES]
        assert max(flat[0]) < 0.03
        assert 0.1 < min(flat[1]) <= max(flat[1]) < 0.25
        assert 0.5 < min(flat[2]) <= max(flat[2]) < 0.65
        for d in SIZES:
            for row in saturated["q · k / √d", d]:
                assert row[2:] == [0, 0]

    def test_with_it_the_numbers_do_not_depend_on_d(self, vision_run: Runs) -> None:
        saturated = held(vision_run("attention_scoring"), "saturated")
        rows = [mean(r[0] for r in saturated["q · k / √d", d]) for d in SIZES]
        assert max(rows) - min(rows) < 0.02
        medians = [mean(r[1] for r in saturated["q · k / √d", d]) for d in SIZES]
        assert max(medians) - min(medians) < 0.02

    def test_fewer_are_flat_at_the_query_but_many_still_are(
        self, vision_run: Runs
    ) -> None:
        saturated = held(vision_run("attention_scoring"), "saturated")
        for row in saturated["q · k", 512]:
            assert 0.35 < row[3] < row[2]

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_other_gradients_are_larger_without_it(self, seed: int) -> None:
        torch.manual_seed(seed)
        Q, K = torch.randn(2000, 1, 512), torch.randn(2000, 10, 512)
        norms = []
        for scale in (1.0, sqrt(512)):
            a = (Q @ K.mT / scale).softmax(dim=2)[:, 0]
            J = torch.diag_embed(a) - a[:, :, None] * a[:, None]
            norms.append((J @ K / scale).flatten(1).norm(dim=1))
        raw, scaled = norms
        assert raw[raw >= 1e-3].mean() > 2 * scaled.mean()
        assert raw[raw >= 1e-3].median() > scaled.median()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_jacobian_is_what_autograd_finds(self, seed: int) -> None:
        torch.manual_seed(seed)
        scores = torch.randn(10)
        a = scores.softmax(dim=0)
        J = torch.autograd.functional.jacobian(lambda s: s.softmax(dim=0), scores)
        torch.testing.assert_close(J, torch.diag(a) - torch.outer(a, a))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_additive_scores_begin_small(self, seed: int) -> None:
        torch.manual_seed(seed)
        for size in (64, 512):
            Q, K = torch.randn(500, 1, size), torch.randn(500, 10, size)
            assert Additive(size, size, size)(Q, K).var() < 0.3


class TestMasks:
    def test_nothing_moves_with_the_mask_and_much_without(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_scoring")
        change, slope = held(run, "difference_masked"), held(run, "slope_masked")
        assert change["with the mask"] == slope["with the mask"] == 0
        assert change["without"] > 10
        assert slope["without"] > 0.05

    def test_true_in_pytorchs_two_functions_means_the_opposite(self) -> None:
        torch.manual_seed(0)
        X = torch.randn(1, 3, 4)
        seen = torch.tensor([[True, True, False]])
        layer = nn.MultiheadAttention(4, 1, batch_first=True)
        _, weights = layer(X, X, X, key_padding_mask=~seen)
        assert (weights[..., 2] == 0).all()
        assert (weights[..., :2] > 0).all()
        V = torch.tensor([[[1.0], [1.0], [100.0]]])
        output = scaled_dot_product_attention(X, X, V, attn_mask=seen)
        torch.testing.assert_close(output, torch.ones(1, 3, 1))


class TestTheTranslator:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_its_context_does_not_see_padding(self, seed: int) -> None:
        torch.manual_seed(seed)
        encoder = Encoder(9, 4, 6, bidirectional=True)
        decoder = AttendingDecoder(9, 4, 6, encoder.size)
        source = torch.tensor([[4, 5, 6], [7, 8, PAD]])
        longer = torch.nn.functional.pad(source, (0, 4), value=PAD)
        tokens = torch.tensor([[1, 3, 5], [1, 4, 4]])
        first, _ = decoder(tokens, decoder.start(encoder(source)))
        second, _ = decoder(tokens, decoder.start(encoder(longer)))
        torch.testing.assert_close(first, second)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_gradient_reaches_a_word_in_one_step_of_attention(
        self, seed: int
    ) -> None:
        torch.manual_seed(seed)
        encoder = Encoder(9, 4, 6)
        decoder = AttendingDecoder(9, 4, 6, encoder.size)
        encoded = encoder(torch.randint(4, 9, (1, 40)))
        outputs = encoded.outputs.detach().requires_grad_()
        state = decoder.start(encoded._replace(outputs=outputs))
        logits, _ = decoder(torch.tensor([[1]]), state)
        logits.square().sum().backward()
        norms = outputs.grad[0].norm(dim=1)
        assert norms.min() > norms.max() / 10


class TestDates:
    def test_the_sets_are_what_the_page_says(self) -> None:
        splits = load_dates()
        assert [len(part) for part in splits] == [5500, 500, 500]
        days = [{pair.chinese.partition("星期")[0] for pair in part} for part in splits]
        assert not days[0] & days[1] | days[0] & days[2] | days[1] & days[2]

    def test_each_rate_is_bracketed_by_worse_ones(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_dates")
        best = held(run, "rate_best")
        for kind, row in held(run, "accuracy_val").items():
            assert min(row) < best[kind] < max(row), kind
            others = [share for rate, share in row.items() if rate != best[kind]]
            assert row[best[kind]] > max(others), kind

    def test_attention_gets_nearly_all_right_and_one_vector_few(
        self, any_run: Runs
    ) -> None:
        values = any_run("attention_scoring_dates").values
        assert min(values["accuracy_additive"], values["accuracy_scaled"]) > 0.94
        assert values["accuracy_vector"] < 0.2

    def test_which_score_is_ahead_depends_on_the_seed(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        ahead = [
            run.values["accuracy_additive"] > run.values["accuracy_scaled"]
            for run in runs
        ]
        assert ahead == [False, True, True]

    def test_they_like_other_rates(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_dates")
        best, values = held(run, "rate_best"), run.values
        assert best["additive"] == best["scaled dot product"] == 0.03
        assert values["accuracy_scaled_slow"] > values["accuracy_additive_slow"] + 0.03
        assert values["accuracy_additive_fast"] > values["accuracy_scaled_fast"] + 0.5

    def test_it_mostly_looks_at_the_part_that_it_writes(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_dates")
        for kind, shares in held(run, "share_part").items():
            year, month, day, weekday = shares
            assert min(year, month) > 0.95, kind
            assert min(day, weekday) > 0.75, kind


class TestSentences:
    def test_its_rate_is_bracketed_by_worse_ones(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        row = held(run, "bleu_val")["attention"]
        best = run.values["rate_best"]
        assert min(row) < best < max(row)
        assert row[best] == max(row.values())

    def test_the_vector_is_trained_as_in_its_chapter(self, book_run: Runs) -> None:
        values = book_run("attention_scoring_translation").values
        assert values["steps_vector"] == 300 > values["steps_attention"]
        assert values["RATE"] == 0.025

    def test_attention_is_ahead_in_each_set_and_at_each_length(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        bleu, exact = held(run, "bleu"), held(run, "exact")
        for name in ("test", "unseen combinations", "longer sentences"):
            assert bleu["attention", name] > bleu["one vector", name] + 10
            assert exact["attention", name] > exact["one vector", name]
        lengths = held(run, "bleu_by_length")
        for length, found in lengths["attention"].items():
            assert found > lengths["one vector"][length] + 5

    def test_from_7_to_10_words_its_curve_stays_level(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        curve = held(run, "bleu_by_length")["attention"]
        assert abs(curve["9–10"] - curve["7–8"]) < 3

    def test_beyond_the_dotted_line_both_fall(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        for row in held(run, "bleu_by_length").values():
            seen, *beyond = [row[n] for n in ("11–12", "13–14", "15–16", "17+")]
            assert [seen, *beyond] == sorted([seen, *beyond], reverse=True)
            assert beyond[-1] < seen - 20

    def test_the_measure_words_are_those_of_the_grammar(self) -> None:
        both = load_translation().test
        assert sum("一杯" in pair.chinese for pair in both) > 5

    def test_most_measure_words_look_at_their_noun(self, any_run: Runs) -> None:
        values = any_run("attention_scoring_translation").values
        assert values["share_measure"] > 0.5
        assert values["share_measure"] > 4 * values["share_chance"]
        assert values["count_measure"] > 250

    def test_hiding_the_noun_costs_measure_words_and_another_word_does_not(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        plain, other, hidden = held(run, "accuracy_hidden")["measure word"]
        assert abs(plain - other) < 0.02
        assert 0.5 < hidden < plain - 0.12

    def test_second_characters_do_not_need_the_noun_they_look_at(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        plain, other, hidden = held(run, "accuracy_hidden")["noun, second"]
        assert min(plain, other) > 0.96
        assert hidden > 0.93
        assert run.values["share_second"] > 0.25


class TestExercises:
    def test_they_say_what_the_page_says(self, vision_run: Runs) -> None:
        run = vision_run("attention_scoring_exercises")
        assert run.values["difference_output"] < 1e-6
        assert run.values["difference_weights"] < 1e-6
        assert run.values["same"] is True
        assert run.values["number_ratio"] == 64
        variance = held(run, "variance_of")
        assert variance["standard deviation 2"] == pytest.approx(1024, rel=0.06)
        assert variance["mean 1, variance 1"] == pytest.approx(192, rel=0.06)
        assert variance["q = k"] == pytest.approx(128, rel=0.06)
        largest = held(run, "weight_largest")
        assert largest[0.1] > 0.999
        assert largest[10.0] < 0.4
        assert log(3) == pytest.approx(1.10, abs=0.002)

    def test_weights_of_the_first(self) -> None:
        q, K = torch.tensor([[1.0, 0, 1, 0]]), torch.eye(4)[:3] * 2
        K[2] = q
        _, weights = attention(q, K, K)
        assert weights[0, 1].item() == pytest.approx(1 / (2 * e + 1))

    def test_long_queries_and_keys_are_flat_in_spite_of_the_root(
        self, vision_run: Runs
    ) -> None:
        flat = held(vision_run("attention_scoring_exercises"), "share_flat")
        assert flat[0.5] == flat[1.0] == 0
        assert 0 < flat[2.0] < 0.05
        assert flat[4.0] > 0.3
