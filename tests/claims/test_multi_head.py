"""What the chapter on multi-head attention says in words."""

from collections.abc import Callable
from statistics import mean, stdev

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from containers import held
from dlnotes.attention.multi_head import MultiHeadAttention, join_heads
from dlnotes.attention.score import attention
from dlnotes.book.storage.store import Run

Runs = Callable[[str], Run]
Draws = Callable[[str], list[Run]]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]


class TestOneMean:
    def test_equal_weights_find_the_same_in_both_sentences(self) -> None:
        tom, anna = torch.eye(2)
        assert torch.equal((tom + anna) / 2, (anna + tom) / 2)
        assert not torch.equal((2 * tom + anna) / 3, (2 * anna + tom) / 3)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_weights_and_no_linear_layer_answer_all_eight(self, seed: int) -> None:
        """Two names, four rooms, two questions: the proof of the page, at random."""
        generator = torch.Generator().manual_seed(seed)
        draws = 20_000
        w = torch.rand(draws, generator=generator)[:, None, None]
        w = torch.cat([w, 1 - w], dim=1)  # (draws, 2, 1)
        f = torch.randn(draws, 2, 2, 2, generator=generator)  # question, logit, name
        rest = torch.randn(draws, 2, 2, generator=generator)
        right = torch.ones(draws, 2, dtype=torch.bool)
        for caller in range(2):
            for called in range(2):
                z = (
                    w[:, 0, :, None] * f[..., caller]
                    + w[:, 1, :, None] * f[..., called]
                )
                told = (z + rest).argmax(dim=2)  # (draws, question)
                right &= told == torch.tensor([caller, called])
        assert right[:, 0].any()
        assert right[:, 1].any()
        assert not right.all(dim=1).any()

    def test_all_heads_have_the_same_parameters(self, book_run: Runs) -> None:
        found = held(book_run("multi_head_two_places"), "parameters")
        assert len(set(found.values())) == 1
        assert set(found) == {1, 2, 4}

    def test_each_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_two_places")
        best = held(run, "rate_best")
        for heads, row in held(run, "loss_val").items():
            assert min(row) < best[heads] < max(row), heads
            assert row[best[heads]] == min(row.values())

    def test_one_head_tells_one_name_and_more_tell_both(
        self, both_draws: Draws
    ) -> None:
        runs = both_draws("multi_head_two_places")
        one, two, four = (
            mean(run.values[f"accuracy_{name}"] for run in runs)
            for name in ("one_head", "two_heads", "four_heads")
        )
        assert one < 0.4
        assert min(two, four) > one + 0.3

    def test_one_head_looks_at_one_person_or_mixes_two(self, both_draws: Draws) -> None:
        alone, mixed = [], []  # the accuracies of both names, the worse one first
        for run in both_draws("multi_head_two_places"):
            weights, accuracy = held(run, "weights_one_head"), held(run, "accuracy")[1]
            for (calls, called, _), told in zip(weights, accuracy, strict=True):
                cases = alone if max(calls, called) > 0.8 else mixed
                cases.append((*sorted(told[:2]), max(calls, called)))
        assert alone
        assert mixed
        assert mean(worse for worse, _, _ in alone) < 0.2
        assert 0.2 < mean(worse for worse, _, _ in mixed) < 0.5
        assert mean(better for _, better, _ in alone + mixed) > 0.9
        assert 0.35 < mean(size for _, _, size in mixed) < 0.65

    def test_two_heads_that_tell_both_names_mix_them_differently(
        self, both_draws: Draws
    ) -> None:
        sizes = []
        for run in both_draws("multi_head_two_places"):
            told = held(run, "accuracy")[2]
            for rows, (_, _, both) in zip(
                held(run, "weights_two_heads"), told, strict=True
            ):
                (a, b, _), (c, d, _) = rows
                if both > 0.95:
                    sizes.append(abs(a * d - b * c))
        assert mean(sizes) > 0.4

    def test_the_rates_at_which_failures_are_counted(self, both_draws: Draws) -> None:
        for run in both_draws("multi_head_two_places"):
            rate = held(run, "rate_best")
            assert rate[2] in (0.01, 0.03)
            assert rate[4] == 0.03

    def test_two_heads_fail_now_and_then_and_four_less_often(
        self, both_draws: Draws
    ) -> None:
        two = four = 0
        for run in both_draws("multi_head_two_places"):
            low, high, many = held(run, "count_failed").values()
            two, four = two + low + high, four + many
        assert 2 <= two < 20  # of 40
        assert four / 20 < two / 40

    def test_where_the_heads_that_fail_look(self, both_draws: Draws) -> None:
        """Both at one person, and one name is guessed; or one at the four others."""
        runs = both_draws("multi_head_two_places")
        failures = [row for run in runs for row in held(run, "failures")]
        two = [row for row in failures if row[0].startswith("2 heads")]
        same = [row for row in two if len({*row[1]}) == 1 and 2 not in row[1]]
        astray = [row for row in two if 2 in row[1]]
        assert len(same) + len(astray) > 0.7 * len(two)
        assert mean(min(told) for _, _, told in same) < 0.25


class TestTheLayer:
    def test_heads_are_slices_and_their_sum_is_the_output(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("multi_head").values
        assert values["difference_slice"] < 1e-6
        assert values["difference_sum"] < 1e-6

    @pytest.mark.settles("heads-are-projected")
    def test_a_projection_follows_that_mixes_the_heads(self, vision_run: Runs) -> None:
        run = vision_run("multi_head")
        assert held(run, "count_reach") == {"side by side": 1, "projected": 4}
        assert run.values["difference_joined"] > 0.1

    @pytest.mark.settles("heads-are-projected")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_pytorchs_output_is_projected_too(self, seed: int) -> None:
        torch.manual_seed(seed)
        theirs = nn.MultiheadAttention(8, 4, batch_first=True).double()
        ours = MultiHeadAttention(8, 4).double()
        ours.load_state_dict(theirs.state_dict())
        X = torch.randn(2, 5, 8).double()
        joined = join_heads(attention(*ours.project(X, X, X))[0])
        output = theirs(X, X, X)[0]
        W, b = theirs.out_proj.weight, theirs.out_proj.bias
        torch.testing.assert_close(output, joined @ W.T + b)
        assert not torch.allclose(output, joined, atol=0.01)

    def test_the_projection_is_a_quarter_of_the_weights(self) -> None:
        layer = MultiHeadAttention(16, 4, bias=False)
        total = sum(W.numel() for W in layer.parameters())
        assert 4 * layer.out_proj.weight.numel() == total

    def test_it_equals_pytorchs(self, vision_run: Runs) -> None:
        run = vision_run("multi_head")
        assert run.values["difference_largest"] < 1e-12
        assert set(held(run, "difference")) == {"none", "padding", "causal"}

    def test_nothing_to_look_at_is_0_here_and_no_number_there(self) -> None:
        ours = MultiHeadAttention(8, 2)
        theirs = nn.MultiheadAttention(8, 2, batch_first=True)
        X, mask = torch.randn(1, 3, 8), torch.zeros(1, 3, 3, dtype=torch.bool)
        assert (ours(X, X, X, mask)[1] == 0).all()
        output, weights = theirs(X, X, X, attn_mask=~mask[0])
        assert output.isnan().all()
        assert weights.isnan().all()


class TestCost:
    def test_parameters_and_products_do_not_depend_on_heads(
        self, book_run: Runs
    ) -> None:
        run = book_run("multi_head")
        B, T, C = 8, 128, 128
        for name in ("parameters", "products"):
            assert len(set(held(run, name).values())) == 1
        assert run.values["products[1]"] == B * (4 * T * C**2 + 2 * T**2 * C)
        assert run.values["parameters[16]"] == 4 * (C**2 + C)

    def test_weights_grow_with_heads(self, vision_run: Runs) -> None:
        weights = held(vision_run("multi_head"), "count_weights")
        assert all(weights[n] == n * weights[1] for n in weights)

    def test_memory_grows_only_where_the_weights_are_kept(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("multi_head")
        written, fused = held(run, "memory_written"), held(run, "memory_fused")
        assert written[16] > 3 * written[1]
        of_weights = 4 * held(run, "count_weights")[16] / 2**20
        assert written[16] / 2 < of_weights < written[16]
        assert fused[16] < 1.1 * fused[1]

    def test_pytorchs_layer_has_the_steps_first(self) -> None:
        layer = nn.MultiheadAttention(4, 1)
        query, key = torch.randn(5, 2, 4), torch.randn(3, 2, 4)
        assert layer(query, key, key)[1].shape == (2, 5, 3)

    def test_another_number_of_heads_loads_and_computes_something_else(self) -> None:
        two, four = MultiHeadAttention(8, 2), MultiHeadAttention(8, 4)
        four.load_state_dict(two.state_dict())
        X = torch.randn(1, 3, 8)
        assert not torch.allclose(two(X, X, X)[0], four(X, X, X)[0], atol=1e-3)

    def test_pytorchs_masks_have_two_meanings(self) -> None:
        mask = torch.tensor([[True, False]])
        Q, K = torch.randn(1, 1, 4), torch.randn(1, 2, 4)
        V = torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 0]]])
        found = scaled_dot_product_attention(Q, K, V, mask)
        assert torch.equal(found[0, 0], V[0, 0])
        layer = nn.MultiheadAttention(4, 1, batch_first=True)
        _, weights = layer(Q, K, V, attn_mask=mask)
        assert weights[0, 0].tolist() == [0, 1]


class TestTranslation:
    def test_every_head_is_missed(self, both_draws: Draws) -> None:
        runs = both_draws("multi_head_translation")
        lost = [x for run in runs for row in held(run, "bleu_lost") for x in row]
        assert len(lost) == 2 * 3 * 4
        assert min(lost) > 0
        assert mean(lost) > 4 + 3 * stdev(lost) / len(lost) ** 0.5
        for run in runs:
            whole = run.values["share_exact"]
            assert run.values["share_less_mean"] < whole - 0.05

    def test_little_is_left_without_any(self, vision_run: Runs) -> None:
        values = vision_run("multi_head_translation").values
        rest = values["bleu_mean"] - values["bleu_lost_most"]
        assert values["bleu_none_mean"] < min(15, rest)

    def test_the_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_translation")
        row = held(run, "bleu_val")["four heads"]
        rate = run.values["rate_best"]
        assert max(row, key=row.__getitem__) == rate == 0.02
        assert min(row) < rate < max(row)
        assert run.values["steps_in_all"] == 2 * run.values["steps_of_rates"]

    def test_it_translates(self, vision_run: Runs) -> None:
        values = vision_run("multi_head_translation").values
        assert values["bleu_mean"] > 55
        assert values["share_exact"] > 0.2

    def test_the_maps_of_the_heads(self, both_draws: Draws) -> None:
        """Where six models look most, by head and row."""
        runs = both_draws("multi_head_translation")
        models = [model for run in runs for model in held(run, "looks")]
        heads = [rows for model in models for rows in model]
        columns = [column for model in models for column in zip(*model, strict=True)]
        assert len(heads) == 24
        assert len(columns) == 54
        assert mean(len({*rows}) for rows in heads) > 2.5  # different words
        assert mean(len({*column}) > 1 for column in columns) > 0.5  # maps differ
        assert mean(len({*column}) < 4 for column in columns) > 0.3  # the same word
        cats = [rows[6] == 3 for rows in heads]  # for the measure word
        assert mean(cats) > 2 / 8


class TestExercises:
    def test_they_say_what_the_page_says(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_exercises")
        values = run.values
        assert values["parameters"] == 4 * 512**2 + 4 * 512
        for name in ("mean", "order", "merged"):
            assert values[f"difference_{name}"] < 1e-6
        assert held(run, "ranks") == [2, 2, 2, 2]
        assert values["kept"] == 8 * values["kept_shared"]

    def test_a_hidden_layer_tells_both_names(self, vision_run: Runs) -> None:
        values = vision_run("multi_head_exercises").values
        assert values["accuracy_hidden"] == 1
        assert values["accuracy_linear"] == 0.125
        assert values["second_only_if_same"]
