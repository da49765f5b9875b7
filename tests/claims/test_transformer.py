"""What the chapter on the Transformer says in words."""

import itertools
from collections.abc import Callable
from math import hypot
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.attention.masks import causal_mask
from dlnotes.book.storage.store import Run
from dlnotes.data.translation import COMBINATIONS, load_translation
from dlnotes.decode.one_by_one import greedy
from dlnotes.losses import cross_entropy
from dlnotes.schedule import inverse_square_root
from dlnotes.seq2seq.pairs import END, PAD, START, masked_cross_entropy
from dlnotes.train.translation import learn_languages
from dlnotes.transformer.block import DecoderBlock, EncoderBlock
from dlnotes.transformer.model import Transformer, embeddings
from dlnotes.transformer.norm import LayerNorm, RMSNorm

Runs = Callable[[str], Run]
Draws = Callable[[str], list[Run]]
DOCS = Path(__file__).parents[2] / "docs"
MODELS = ("seq2seq_training", "transformer_rival", "transformer_training")
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]
LENGTHS = ("5–6", "7–8", "9–10", "11–12", "13–14", "15–16", "17+")
SETS = ("test", "unseen combinations", "longer sentences")


def drawn(draws: Draws, name: str, values: str) -> dict[str, list[Any]]:
    """Join what the three seeds of two draws gave, by name."""
    rows = [held(run, values) for run in draws(name)]
    return {key: [x for row in rows for x in row[key]] for key in rows[0]}


class TestNorms:
    @pytest.mark.settles("layer-norm-per-token")
    def test_one_token_moves_itself_alone_and_in_batch_norm_all(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("transformer").values
        assert (values["count_layer"], values["count_batch"]) == (1, 6)

    @pytest.mark.settles("layer-norm-per-token")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_each_token_gets_mean_0_and_variance_1(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = 5 + 3 * torch.randn(2, 3, 64)
        Y = LayerNorm(64)(X)
        torch.testing.assert_close(Y.mean(2), torch.zeros(2, 3), atol=1e-5, rtol=0)
        torch.testing.assert_close(Y.var(2, correction=0), torch.ones(2, 3))
        training = LayerNorm(64).train()(X)
        assert torch.equal(training, LayerNorm(64).eval()(X))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_rms_norm_keeps_the_mean_and_divides_by_the_size(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = 5 + 3 * torch.randn(2, 3, 64)
        Y = RMSNorm(64)(X)
        torch.testing.assert_close(Y.square().mean(2), torch.ones(2, 3))
        assert Y.mean(2).min() > 0.5

    @pytest.mark.settles("layer-norm-not-normal")
    def test_the_skewness_stays(self, vision_run: Runs) -> None:
        values = vision_run("transformer").values
        assert values["skewness_after"] == pytest.approx(values["skewness_before"])
        assert values["skewness_before"] > 2

    def test_it_equals_pytorchs(self, vision_run: Runs) -> None:
        assert vision_run("transformer").values["difference_norm"] < 1e-14


class TestBlocks:
    def test_dense_layers_treat_each_token_alone(self, vision_run: Runs) -> None:
        assert vision_run("transformer").values["difference_alone"] < 1e-6

    @pytest.mark.settles("residual-adds-input")
    def test_sublayers_that_give_0_leave_the_input(self, vision_run: Runs) -> None:
        assert vision_run("transformer").values["difference_residual"] == 0

    def test_both_equal_pytorchs(self, vision_run: Runs) -> None:
        values = vision_run("transformer").values
        assert values["difference_output"] < 1e-13
        assert values["difference_gradient"] < 1e-13

    def test_step_by_step_is_the_block(self, vision_run: Runs) -> None:
        assert vision_run("transformer").values["difference_block"] == 0

    @pytest.mark.parametrize("seed", SEEDS)
    def test_rows_after_the_norm_have_mean_0_and_variance_1(self, seed: int) -> None:
        torch.manual_seed(seed)
        Y, _ = EncoderBlock(8, 2, 16)(torch.randn(1, 5, 8))
        torch.testing.assert_close(Y.mean(2), torch.zeros(1, 5), atol=1e-6, rtol=0)
        torch.testing.assert_close(
            Y.var(2, correction=0), torch.ones(1, 5), atol=1e-3, rtol=0
        )


class TestMasks:
    @pytest.mark.settles("decoder-is-masked")
    def test_earlier_outputs_do_not_move_and_later_ones_do(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("transformer").values
        assert values["difference_before"] == 0
        assert values["difference_behind"] > 0.1
        assert values["slope_later"] == 0
        assert values["difference_model"] == 0

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("first", [False, True])
    def test_that_is_so_for_any_decoder_block(self, seed: int, first: bool) -> None:
        torch.manual_seed(seed)
        block = DecoderBlock(16, 4, 32, norm_first=first)
        X, memory = torch.randn(2, 6, 16), torch.randn(2, 5, 16)
        other = X.clone()
        other[:, 3:] = torch.randn(2, 3, 16)
        (before, _), (after, _) = (block(Z, memory, causal_mask(6)) for Z in (X, other))
        assert torch.equal(before[:, :3], after[:, :3])

    @pytest.mark.settles("decoder-is-masked")
    def test_padding_is_not_seen_and_a_word_reaches_all(self, vision_run: Runs) -> None:
        values = vision_run("transformer").values
        assert values["difference_padding"] == 0
        assert values["difference_word"] > 0.01

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_padding_of_the_target_needs_no_mask(self, seed: int) -> None:
        torch.manual_seed(seed)
        model = Transformer(20, 20, C=16, heads=2, layers=2, hidden=32).eval()
        source, target_in, target = torch.randint(4, 20, (3, 2, 6))
        target_in[1, 4:] = target[1, 4:] = PAD
        other = target_in.clone()
        other[1, 4:] = torch.randint(4, 20, (2,))
        with torch.no_grad():
            before, after = model(source, target_in), model(source, other)
        assert torch.equal(before[0], after[0])
        assert torch.equal(before[1, :4], after[1, :4])
        assert not torch.equal(before[1, 4:], after[1, 4:])
        losses = [masked_cross_entropy(logits, target) for logits in (before, after)]
        assert torch.equal(*losses)

    @pytest.mark.settles("decoder-is-masked")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_each_decoder_block_reads_the_memory(self, seed: int) -> None:
        torch.manual_seed(seed)
        model = Transformer(20, 20, C=16, heads=2, layers=3, hidden=32).eval()
        read: list[torch.Tensor] = []
        for block in model.decoder.layers:
            block.multihead_attn.register_forward_pre_hook(
                lambda _, inputs: read.extend(inputs[1:3])
            )
        source, target_in = torch.randint(4, 20, (2, 2, 6))
        with torch.no_grad():
            model(source, target_in)
            memory, _, _ = model.encode(source)
        assert len(read) == 2 * 3
        assert all(torch.equal(keys_or_values, memory) for keys_or_values in read)

    def test_the_first_false_of_a_row_is_the_token_to_write(self) -> None:
        ticks = causal_mask(4).tolist()
        for language in ("en", "zh"):
            page = (DOCS / language / "attention" / "transformer.md").read_text()
            start = page.index("| | `<start>`")
            rows = page[start : page.index("\n\n", start)].splitlines()[2:]
            fields = [[x.strip() for x in row.split("|")[1:-1]] for row in rows]
            assert [[x == "✓" for x in row[1:5]] for row in fields] == ticks
            names = [row[0] for row in fields]
            for row, seen in list(zip(fields, ticks, strict=True))[:-1]:
                assert row[5] == names[seen.index(False)]

    def test_more_padding_changes_nothing(self, vision_run: Runs) -> None:
        assert vision_run("transformer").values["difference_padded"] < 1e-5

    def test_pytorchs_masks_say_the_opposite(self) -> None:
        torch.manual_seed(0)
        layer = nn.MultiheadAttention(8, 2, batch_first=True)
        X = torch.randn(1, 3, 8)
        _, weights = layer(X, X, X, attn_mask=~causal_mask(3))
        assert not weights[0].triu(1).any()


class TestEnds:
    def test_the_lengths_of_embeddings_and_positions(self, vision_run: Runs) -> None:
        values = vision_run("transformer").values
        assert values["norm_plain"] == pytest.approx(1, abs=0.05)
        assert values["norm_scaled"] == pytest.approx(8, abs=0.4)
        assert values["norm_position"] == pytest.approx(32**0.5, abs=0.01)

    def test_tying_saves_one_table(self, book_run: Runs) -> None:
        values = book_run("transformer").values
        assert values["parameters_tied"] == 315 * 64
        assert values["parameters_in_all"] == 213_312

    @pytest.mark.parametrize("seed", SEEDS)
    def test_tied_embeddings_give_moderate_logits(self, seed: int) -> None:
        torch.manual_seed(seed)
        Y = LayerNorm(64)(torch.randn(100, 64))
        assert 0.8 < (Y @ embeddings(300, 64).weight.T).std() < 1.2


class TestTraining:
    def test_the_papers_rate(self, book_run: Runs) -> None:
        run = book_run("transformer_warmup")
        assert run.values["rate_top"] == pytest.approx(7e-4, rel=0.01)
        schedule = inverse_square_root(4000)
        for step in (1, 100, 4000, 20_000):
            paper = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)
            ours = schedule(step - 1) / (512 * 4000) ** 0.5
            assert ours == pytest.approx(paper)

    def test_at_a_small_rate_all_four_train(self, vision_run: Runs) -> None:
        found = held(vision_run("transformer_warmup"), "accuracy_of")
        rows = [row for name, row in found.items() if name.endswith(" 0.01")]
        assert len(rows) == 4
        assert min(min(row) for row in rows) > 0.8
        middle = [mean(row) for row in rows]
        assert max(middle) - min(middle) < 0.06

    def test_at_three_times_that_the_norm_after_needs_the_warm_up(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("transformer_warmup"), "accuracy_of")
        assert max(found["after, no warm-up, 0.03"]) < 0.25
        assert min(found["after, warm-up, 0.03"]) > 0.4
        assert min(found["first, no warm-up, 0.03"]) > 0.6
        assert min(found["first, warm-up, 0.03"]) > 0.8
        assert mean(found["first, warm-up, 0.03"]) > mean(found["after, warm-up, 0.03"])

    def test_at_ten_times_that_both_together_alone_get_anywhere(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("transformer_warmup"), "accuracy_of")
        both = found.pop("first, warm-up, 0.1")
        others = [row for name, row in found.items() if name.endswith(" 0.1")]
        constant = vision_run("transformer_warmup").values["accuracy_constant"]
        assert sum(value > constant for value in both) >= 2
        assert max(max(row) for row in others) < 0.25 < constant

    def test_at_ten_times_that_it_is_two_of_the_three_seeds_on_the_page(
        self, book_run: Runs
    ) -> None:
        run = book_run("transformer_warmup")
        both = held(run, "accuracy_of")["first, warm-up, 0.1"]
        constant = run.values["accuracy_constant"]
        assert sum(value > constant for value in both) == 2

    def test_smoothing_is_least_near_nine_tenths(self, book_run: Runs) -> None:
        found = held(book_run("transformer"), "loss_smoothed")
        assert min(found) == found[1]
        log_p = torch.full((1, 300), 0.1 / 300)
        log_p[0, 0] += 0.9
        best = cross_entropy(log_p.log(), torch.tensor([0]), label_smoothing=0.1)
        assert best <= min(found)
        assert found[1] - best < 0.001


class TestTranslation:
    def test_the_rates_are_bracketed(self, book_run: Runs) -> None:
        for name, rate in (
            ("transformer_rates", 0.008),
            ("transformer_rival_rates", 0.025),
        ):
            run = book_run(name)
            (row,) = held(run, "bleu_val").values()
            assert min(row) < max(row, key=row.__getitem__) < max(row), name
            assert run.values["rate_best"] == rate

    def test_attention_is_the_large_step_and_then_there_is_none(
        self, both_draws: Draws
    ) -> None:
        vector, additive, model = (drawn(both_draws, name, "bleu") for name in MODELS)
        for name in SETS:
            assert mean(additive[name]) > mean(vector[name]) + 25
            assert mean(model[name]) > mean(vector[name]) + 25
            assert abs(mean(model[name]) - mean(additive[name])) < 6

    def test_the_rival_is_ahead_on_the_test_set_alone(self, both_draws: Draws) -> None:
        _, additive, model = (drawn(both_draws, name, "bleu") for name in MODELS)
        lead = {}
        for name in SETS:
            error = hypot(*(stdev(row[name]) / 6**0.5 for row in (additive, model)))
            lead[name] = (mean(additive[name]) - mean(model[name])) / error
        assert lead.pop("test") > 2
        assert all(abs(found) < 3 for found in lead.values())

    def test_the_transformer_has_three_fifths_of_the_parameters(
        self, book_run: Runs
    ) -> None:
        own, others = (
            book_run(name).values["parameters_in_all"]
            for name in ("transformer_training", "transformer_rival")
        )
        assert own / others == pytest.approx(0.6, abs=0.02)

    def test_less_than_half_of_the_longer_ones_is_exact(
        self, both_draws: Draws
    ) -> None:
        for name in MODELS[1:]:
            assert mean(drawn(both_draws, name, "exact")["longer sentences"]) < 0.4

    def test_by_length(self, both_draws: Draws) -> None:
        vector, additive, model = (
            drawn(both_draws, name, "bleu_by_length") for name in MODELS
        )
        for found in (additive, model):
            means = [mean(found[name]) for name in LENGTHS]
            assert min(means[:3]) > 85
            assert means[3] < min(means[1:3]) - 2
            assert all(b < a for a, b in itertools.pairwise(means[3:]))
            for name in LENGTHS[:4]:
                assert mean(found[name]) > mean(vector[name]) + 20
        old = [mean(vector[name]) for name in LENGTHS]
        assert all(b < a for a, b in itertools.pairwise(old[3:]))

    def test_what_is_left_at_17_words(self, both_draws: Draws) -> None:
        left = []
        for name in MODELS:
            found = drawn(both_draws, name, "bleu_by_length")
            left.append(mean(found["17+"]) / mean(found["7–8"]))
        assert 0.18 < left[0] < 0.32
        assert min(left[1:]) > 1 / 3

    def test_a_measure_word_looks_at_its_noun(self, vision_run: Runs) -> None:
        run = vision_run("transformer_training")
        assert min(held(run, "count_heads")) >= 1
        assert min(held(run, "weight_largest")) > 0.5

    def test_heads_of_the_last_block_show_the_order(self, book_run: Runs) -> None:
        looked = held(book_run("transformer_training"), "looked_at")
        written = "她昨天在公园里买了一顶红帽子。"
        order = {"她": "she", "昨": "yesterday", "公": "park", "买": "bought"}
        assert any(
            all(row[written.index(sign)] == word for sign, word in order.items())
            for row in looked
        )

    def test_sentences_as_short_as_those_seen_are_mostly_exact(
        self, both_draws: Draws
    ) -> None:
        assert mean(drawn(both_draws, MODELS[2], "exact")["test"]) > 0.6

    def test_the_sentences_of_our_own(self, book_run: Runs) -> None:
        printed = str(book_run("transformer_training").notebook)
        assert "    她昨天在公园里买了一顶红帽子。" in printed
        assert "    桌子下面有三只猫。" in printed
        assert "    玛丽上个星期天喝了两杯茶吗？" in printed
        splits = load_translation()
        languages = learn_languages(splits.train)
        seen = {pair.english for pair in splits.train}
        for text in held(book_run("transformer_training"), "SAID"):
            assert text not in seen
            unknown = [w for w in text.split() if w not in languages.english.tokens]
            assert unknown == (["stayed"] if "stayed" in text else [])
        assert "red hat" in COMBINATIONS
        assert 390 < len(languages.english) < 410


class TestDecoding:
    def test_the_three_ways_agree(self, vision_run: Runs) -> None:
        values = vision_run("transformer_decoding").values
        assert values["same_tokens"]
        assert values["difference_cached"] < 1e-4
        assert values["difference_parallel"] < 1e-4

    @pytest.mark.settles("decoding-is-serial")
    def test_calls_and_tokens(self, vision_run: Runs) -> None:
        run = vision_run("transformer_decoding")
        assert run.values["count_parallel"] == 1
        assert run.values["count_cached"] == 50
        rows = held(run, "rows")
        assert rows["cached"] == {"calls": 50, "tokens": 50}
        assert rows["recomputed"] == {"calls": 50, "tokens": 50 * 51 // 2}
        assert rows["rival"] == {"calls": 50, "tokens": 50}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_batch_with_padding_is_written_as_recomputed(self, seed: int) -> None:
        torch.manual_seed(seed)
        model = Transformer(20, 20, C=16, heads=2, layers=2, hidden=32).eval()
        source = torch.randint(4, 20, (3, 6))
        source[1, 4:] = PAD
        start = torch.full((3,), START)
        found = greedy(model.step, model.start(source), start, END, 12)
        read = torch.cat([start[:, None], found.tokens], dim=1)
        with torch.no_grad():
            expected = model(source, read[:, :-1]).argmax(2)
        ended = (found.tokens == END).cumsum(1) - (found.tokens == END).int() > 0
        assert torch.equal(expected[~ended], found.tokens[~ended])


class TestExercises:
    def test_the_numbers_by_hand(self, vision_run: Runs) -> None:
        values = vision_run("transformer_exercises").values
        assert values["difference_hand"] < 1e-6
        assert values["difference_centred"] < 1e-5
        assert values["difference_not_centred"] > 0.1
        assert values["parameters_encoder"] == 33_472
        assert values["parameters_decoder"] == 50_240
        assert values["share_at_6"] == 0.5
        assert 2 * 16 / (12 * 64 + 2 * 16) < 0.05  # at 16 words, the longest but few

    @pytest.mark.parametrize("heads", [1, 2, 8])
    def test_the_number_of_heads_does_not_matter(self, heads: int) -> None:
        blocks = EncoderBlock(64, heads, 128), DecoderBlock(64, heads, 128)
        found = [sum(W.numel() for W in block.parameters()) for block in blocks]
        assert found == [33_472, 50_240]

    def test_without_the_sums_tokens_become_the_same(self, vision_run: Runs) -> None:
        run = vision_run("transformer_exercises")
        assert held(run, "cosine_without")[2] > 0.95
        assert held(run, "cosine_with")[2] < 0.3

    def test_without_the_mask_the_loss_is_small_and_nothing_is_translated(
        self, both_draws: Draws
    ) -> None:
        loss, bleu = (
            drawn(both_draws, "transformer_exercises", name)
            for name in ("loss", "bleu")
        )
        assert mean(loss["Peeking"]) < mean(loss["Transformer"]) - 0.2
        assert mean(bleu["Peeking"]) < 3 < 10 < mean(bleu["Transformer"])
