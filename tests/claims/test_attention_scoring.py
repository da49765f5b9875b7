"""What the chapter on scores of attention says in words."""

import re
from collections.abc import Callable
from math import e, log, sqrt
from pathlib import Path
from statistics import mean, stdev

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from containers import held
from dlnotes.attention.attending import AttendingDecoder
from dlnotes.attention.score import Additive, attention
from dlnotes.book.storage.store import Run
from dlnotes.data.dates import load_dates
from dlnotes.data.grammar.words import THINGS
from dlnotes.data.translation import load_translation
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.pairs import PAD

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]
SIZES = (16, 64, 512)
NAMES = ("attention", "one vector")


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

    def test_with_it_the_numbers_hardly_depend_on_d(self, vision_run: Runs) -> None:
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
    def test_half_of_the_other_gradients_are_larger_without_it(self, seed: int) -> None:
        torch.manual_seed(seed)
        Q, K = torch.randn(2000, 1, 512), torch.randn(2000, 10, 512)
        norms = []
        for scale in (1.0, sqrt(512)):
            a = (Q @ K.mT / scale).softmax(dim=2)[:, 0]
            J = torch.diag_embed(a) - a[:, :, None] * a[:, None]
            norms.append((J @ K / scale).flatten(1).norm(dim=1))
        raw, scaled = norms
        others = raw >= 1e-3
        assert 0.45 < (raw > scaled)[others].float().mean() < 0.6
        assert (raw > 3 * scaled)[others].float().mean() > 0.1

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
            module = Additive(size, size, size)
            assert module(Q, K).var() < 0.3
            w_v = module.w_v.weight.abs()
            assert 0.9 / sqrt(size) < w_v.max() <= 1 / sqrt(size)

    def test_certain_weights_have_no_slope(self, vision_run: Runs) -> None:
        values = vision_run("attention_scoring").values
        assert values["norm_certain"] == 0 < values["norm_equal"]


class TestMasks:
    def test_nothing_moves_with_the_mask_and_much_without(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_scoring")
        change, slope = held(run, "difference_masked"), held(run, "slope_masked")
        assert change["with the mask"] == slope["with the mask"] == 0
        assert change["without the mask"] > 10
        assert slope["without the mask"] > 0.05

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
        for kind, row in held(run, "bleu_val").items():
            assert min(row) < best[kind] < max(row), kind
            others = [bleu for rate, bleu in row.items() if rate != best[kind]]
            assert row[best[kind]] > max(others), kind

    def test_attention_gets_nine_of_ten_right_and_one_vector_few(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        for name in ("accuracy_additive", "accuracy_scaled"):
            assert mean(run.values[name] for run in runs) > 0.9
        assert mean(run.values["accuracy_vector"] for run in runs) < 0.2

    def test_the_scores_cannot_be_ranked(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        gaps = [
            r.values["accuracy_additive"] - r.values["accuracy_scaled"] for r in runs
        ]
        assert abs(mean(gaps)) < 2 * stdev(gaps) / sqrt(len(gaps)) + 0.02

    def test_at_three_times_the_best_rate_they_differ(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        for run in runs:
            best = held(run, "rate_best")
            assert best["additive"] == best["scaled dot product"] == 0.03
        gaps = [
            r.values["bleu_additive_fast"] - r.values["bleu_scaled_fast"] for r in runs
        ]
        assert mean(gaps) > 5 + 2 * stdev(gaps) / sqrt(len(gaps))

    def test_additive_errors_are_mostly_in_dates_of_figures(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_dates")
        words, figures = held(run, "accuracy_spelling")["additive"]
        right = run.values["accuracy_additive"]
        share_figures = (words - right) / (words - figures)  # of all dates
        assert share_figures * (1 - figures) > (1 - right) / 2

    def test_states_and_scores_begin_far_below_a_variance_of_1(
        self, any_run: Runs
    ) -> None:
        values = any_run("attention_scoring_dates").values
        assert 0 < values["variance_states"] < 0.1
        assert 0 < values["variance_scores_raw"] < 0.05

    def test_a_sunday_is_a_day_and_a_weekday(self) -> None:
        path = Path(__file__).parents[2] / "snippets/attention_scoring_dates.py"
        pattern = re.search(r'r"(\(\?P<year>.*)"', path.read_text("utf-8"))[1]
        found = re.match(pattern, "1987年11月15日星期日")
        assert found.groups() == ("1987", "11", "15", "日")

    def test_additive_scores_look_at_the_part_that_is_written(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        shares = [held(run, "share_part")["additive"] for run in runs]
        for part in zip(*shares, strict=True):
            assert mean(part) > 0.9

    def test_the_weekday_of_the_scaled_score_depends_on_the_seed(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        shares = [run.values["share_weekday_scaled"] for run in runs]
        assert max(shares) - min(shares) > 0.1

    def test_most_characters_that_look_elsewhere_are_right(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_dates")
        assert mean(run.values["share_elsewhere_right"] for run in runs) > 0.8


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

    def test_one_vector_loses_more_nouns(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = [r.values for r in every_run("attention_scoring_translation")]
        gaps = [r["share_nouns_attention"] - r["share_nouns_vector"] for r in runs]
        assert mean(gaps) > 0.05 + 2 * stdev(gaps) / sqrt(len(gaps))

    def test_the_curves_are_apart_at_5_and_6_words_already(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        attention, vector = [held(run, "bleu_by_length")[n] for n in NAMES]
        assert attention["5–6"] > vector["5–6"] + 10

    def test_the_curve_of_attention_bends_before_the_dotted_line(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        curve = held(run, "bleu_by_length")["attention"]
        assert curve["11–12"] < curve["9–10"] - 2

    def test_its_bleu_on_combinations_differs_by_several_points(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("attention_scoring_translation")
        found = [held(r, "bleu")["attention", "unseen combinations"] for r in runs]
        assert 3 < max(found) - min(found) < 15

    def test_beyond_the_dotted_line_both_fall(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        for row in held(run, "bleu_by_length").values():
            seen, *beyond = [row[n] for n in ("11–12", "13–14", "15–16", "17+")]
            assert [seen, *beyond] == sorted([seen, *beyond], reverse=True)
            assert beyond[-1] < seen - 20

    def test_cups_and_glasses_have_measure_words_in_both_languages(self) -> None:
        left_out = [thing for thing in THINGS.values() if " of " in thing.one]
        assert {"杯", "瓶"} <= {thing.measure for thing in left_out}
        assert sum("一杯" in pair.chinese for pair in load_translation().test) > 5

    def test_measure_words_look_at_their_noun_far_above_chance(
        self, any_run: Runs
    ) -> None:
        values = any_run("attention_scoring_translation").values
        assert values["share_measure"] > 3 * values["share_chance"]
        assert 250 < values["count_measure"] < 300

    def test_hiding_the_noun_costs_measure_words_and_the_rival_does_not(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        plain, other, hidden = held(run, "accuracy_hidden")["measure word"]
        assert plain - other < 0.05
        assert 0.5 < hidden < plain - 0.12

    def test_hiding_the_noun_costs_where_the_map_does_not_point(
        self, any_run: Runs
    ) -> None:
        values = any_run("attention_scoring_translation").values
        gap = values["accuracy_elsewhere"] - values["accuracy_elsewhere_hidden"]
        assert gap > 0.05

    def test_the_noun_was_not_kept_from_an_earlier_look(self, any_run: Runs) -> None:
        values = any_run("attention_scoring_translation").values
        gap = values["accuracy_measure_hidden"] - values["accuracy_measure_before"]
        assert abs(gap) < 0.04

    def test_second_characters_do_not_need_the_noun_they_look_at(
        self, any_run: Runs
    ) -> None:
        run = any_run("attention_scoring_translation")
        cases = held(run, "accuracy_hidden")
        for name in ("noun, second", "… that looks at the noun"):
            plain, other, hidden = cases[name]
            assert min(plain, other) > 0.96
            assert hidden > 0.93
        assert run.values["share_second"] > 0.25

    def test_the_mark_at_the_end_needs_the_english_mark(self, any_run: Runs) -> None:
        run = any_run("attention_scoring_translation")
        plain, _, hidden = held(run, "accuracy_hidden")["mark at the end"]
        assert hidden < plain - 0.05


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
