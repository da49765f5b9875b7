"""What the chapter on multi-head attention says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from containers import held
from dlnotes.attention.multi_head import MultiHeadAttention, join_heads
from dlnotes.attention.score import attention
from dlnotes.book.store import Run

Runs = Callable[[str], Run]
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

    def test_one_head_tells_one_name_and_more_tell_both(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_two_places")
        assert run.values["accuracy_one_head"] < 0.5
        assert run.values["accuracy_two_heads"] > 0.99
        assert run.values["accuracy_four_heads"] > 0.99
        for caller, called, _ in held(run, "accuracy")[1]:
            assert max(caller, called) > 0.95

    def test_one_head_looks_at_one_person_with_two_seeds_and_mixes_with_one(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("multi_head_two_places")
        rows = held(run, "weights_one_head")
        sizes = sorted(max(weights[:2]) for weights in rows)
        assert 0.4 < sizes[0] < 0.65
        assert sizes[1] > 0.95
        worse = sorted(min(row[:2]) for row in held(run, "accuracy")[1])
        assert max(worse[:2]) < 0.15
        assert 0.25 < worse[2] < 0.4

    def test_the_heads_of_the_figure(self, book_run: Runs) -> None:
        two = held(book_run("multi_head_two_places"), "weights_two_heads")
        assert 0.05 < two[0][0] < 0.3
        assert two[0][1] > 0.7
        assert two[1][0] > 0.99

    def test_the_rates_at_which_failures_are_counted(
        self, vision_run: Runs, request: pytest.FixtureRequest
    ) -> None:
        best = held(vision_run("multi_head_two_places"), "rate_best")
        two = 0.03 if "offset-1" in request.node.name else 0.01
        assert (best[2], best[4]) == (two, 0.03)

    def test_two_heads_fail_with_some_seeds_and_four_with_none(
        self, vision_run: Runs, request: pytest.FixtureRequest
    ) -> None:
        run = vision_run("multi_head_two_places")
        found = [*held(run, "count_failed").values()]  # two, at both rates; four
        other = "offset-1" in request.node.name
        assert found == ([3, 2, 0] if other else [0, 3, 0])

    def test_where_the_heads_that_fail_look(
        self, vision_run: Runs, request: pytest.FixtureRequest
    ) -> None:
        """Both at one person, and one name is guessed; or one at the four others."""
        failures = held(vision_run("multi_head_two_places"), "failures")
        astray = [case for case, places, _ in failures if 2 in places]
        for _, places, told in failures:
            if 2 not in places:
                assert len(set(places)) == 1
                assert min(told) < 0.2
        if "offset-1" in request.node.name:
            assert astray == ["2 heads, η = 0.01", "2 heads, η = 0.03"]
        else:
            assert not astray


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

    def test_weights_grow_with_heads_and_time_does(self, vision_run: Runs) -> None:
        run = vision_run("multi_head")
        weights, ratio = held(run, "count_weights"), held(run, "time_ratio")
        assert all(weights[n] == n * weights[1] for n in weights)
        assert ratio[128][16] > 1.5
        assert ratio[128][16] > ratio[32][16]
        assert run.values["time_ratio_scores"] > 1.5

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
    def test_every_head_is_missed_in_every_model(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_translation")
        lost = held(run, "bleu_lost")
        assert len(lost) == 3
        assert {len(row) for row in lost} == {4}
        assert run.values["bleu_lost_least"] > 3
        for whole, row in zip(
            held(run, "exact_all"), held(run, "exact_less"), strict=True
        ):
            assert max(row) < whole
        assert run.values["bleu_none_most"] < 5

    def test_the_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("multi_head_translation")
        row = held(run, "bleu_val")["four heads"]
        rate = run.values["rate_best"]
        assert max(row, key=row.__getitem__) == rate == 0.02
        assert min(row) < rate < max(row)

    def test_it_translates(self, vision_run: Runs) -> None:
        values = vision_run("multi_head_translation").values
        assert values["bleu_mean"] > 80
        assert values["share_exact"] > 0.6

    def test_the_maps_of_the_page(self, book_run: Runs) -> None:
        run = book_run("multi_head_translation")
        assert "".join(held(run, "written")) == "桌子下面有三只猫。"
        cats = held(run, "weight_cats")
        assert sum(weight > 0.5 for weight in cats) == 3
        assert sorted(held(run, "looks")) == ["are", "there", "three", "three"]
        assert held(run, "looks_first_head") == ["under", "cats"]


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
