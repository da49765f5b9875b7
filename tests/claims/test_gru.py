"""What the chapter on gated recurrent units says in words."""

from collections.abc import Callable
from math import exp, log
from statistics import mean

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.text import load_text
from dlnotes.recurrent.gru import GRU, GRUCell, gru_step
from dlnotes.recurrent.memory import open_gates
from dlnotes.recurrent.rnn import RNN, rnn_step

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]


class TestTheGates:
    @pytest.mark.settles("update-gate-keeps")
    def test_at_their_ends_they_keep_step_plainly_or_begin_anew(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("gru").values
        assert values["difference_kept"] == 0
        assert values["difference_plain"] == 0
        assert values["difference_fresh"] == 0

    @pytest.mark.settles("update-gate-keeps")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_pytorch_keeps_the_old_state_where_z_is_1(self, seed: int) -> None:
        torch.manual_seed(seed)
        cell = nn.GRUCell(3, 4)
        with torch.no_grad():
            cell.bias_ih[4:8] = 100
        x, h = torch.randn(2, 3), torch.randn(2, 4)
        torch.testing.assert_close(cell(x, h), h)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_candidate_without_r_is_a_plain_step(self, seed: int) -> None:
        torch.manual_seed(seed)
        weights = [W.detach().clone() for W in GRU(3, 4).parameters()]
        x, h = torch.randn(3), torch.randn(4)
        weights[2][:4], weights[2][4:8] = 100, -100
        plain = rnn_step(x, h, *(W[8:] for W in weights))
        torch.testing.assert_close(gru_step(x, h, *weights), plain)

    def test_an_average_keeps_z_to_the_power_of_k(self) -> None:
        h, z = 1.0, 0.7
        for _ in range(5):
            h = (1 - z) * 0 + z * h
        assert h == pytest.approx(z**5)

    def test_only_a_gate_takes_in_all_and_keeps_it(self, book_run: Runs) -> None:
        """The last curve of the figure; 0.9 keeps long what it took little of."""
        assert held(book_run("gru"), "states") == [0] * 4 + [1] * 26

    @pytest.mark.parametrize("sizes", [(3, 4), (1, 1), (32, 64)])
    def test_it_has_three_times_the_parameters(self, sizes: tuple[int, int]) -> None:
        found = [sum(W.numel() for W in k(*sizes).parameters()) for k in (RNN, GRU)]
        assert found[1] == 3 * found[0]

    def test_the_numbers_of_parameters_on_the_page(self, book_run: Runs) -> None:
        values = book_run("gru").values
        assert (values["parameters_rnn"], values["parameters_gru"]) == (36, 108)


class TestVersions:
    def test_outputs_gradients_and_steps_equal_pytorchs(self, vision_run: Runs) -> None:
        values = vision_run("gru").values
        assert values["difference_output"] < 1e-14
        assert values["difference_gradient"] < 1e-13
        assert values["difference_step"] < 1e-14

    def test_r_before_the_matrix_is_another_function_unless_it_is_diagonal(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("gru").values
        assert values["difference_variant"] > 0.01
        assert values["difference_diagonal"] < 1e-14

    @pytest.mark.settles("gru-is-the-name")
    def test_pytorch_has_a_gru_and_no_rgn(self, book_run: Runs) -> None:
        assert set(held(book_run("gru"), "recurrent")) == {"GRU", "LSTM", "RNN"}
        assert not hasattr(nn, "RGN")

    def test_a_changed_sign_exchanges_what_z_means(self) -> None:
        a = torch.linspace(-5, 5, 11)
        torch.testing.assert_close(1 - a.sigmoid(), (-a).sigmoid())


class TestGradients:
    def test_they_vanish_in_plain_and_in_default_gated_networks(
        self, vision_run: Runs
    ) -> None:
        norms = held(vision_run("gru"), "norms")
        assert {len(found) for found in norms.values()} == {3}
        for name in ("RNN", "GRU"):
            assert max(row[0] for row in norms[name]) < 1e-9

    def test_with_open_gates_they_do_not(self, vision_run: Runs) -> None:
        norms = held(vision_run("gru"), "norms")
        assert min(row[0] for row in norms["GRU, gates open"]) > 0.03

    def test_the_factors_per_step(self, vision_run: Runs) -> None:
        values = vision_run("gru").values
        assert 0.4 < values["factor_rnn"] < values["factor_gru"] - 0.05
        assert 0.5 < values["factor_gru"] < 0.75
        assert 0.93 < values["factor_open"] < 1

    def test_every_gru_is_above_what_halving_leaves(self, vision_run: Runs) -> None:
        for row in held(vision_run("gru"), "norms")["GRU"]:
            assert row[0] > 100 * 0.5**59

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_gates_alone_leave_a_little_more_than_halves(self, seed: int) -> None:
        torch.manual_seed(seed)
        X, h, cell = torch.randn(32, 60, 8), torch.zeros(32, 64), GRUCell(8, 64)
        W_ih, W_hh, b_ih, b_hh = cell.parameters()
        product = torch.ones(32, 64, dtype=torch.float64)
        with torch.no_grad():
            for t, x in enumerate(X.unbind(1)):
                sums = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
                if t > 0:
                    product *= sums[:, 64:128].sigmoid()
                h = cell(x, h)
        factor = product.square().mean().sqrt().item() ** (1 / 59)
        assert 0.51 < factor < 0.59

    def test_what_59_steps_leave(self) -> None:
        assert 2.0**-59 == pytest.approx(2e-18, rel=0.15)
        sigma = 1 / (1 + exp(-3))
        assert sigma**59 == pytest.approx(0.06, abs=0.005)

    def test_before_training_the_gates_are_about_half_open(self) -> None:
        for seed in SEEDS:
            torch.manual_seed(seed)
            layer = GRU(8, 64)
            sums = layer.weight_ih_l0[64:128] @ torch.randn(8)
            z = (sums + layer.bias_ih_l0[64:128] + layer.bias_hh_l0[64:128]).sigmoid()
            assert 0.4 < z.mean() < 0.6

    def test_open_gates_sets_the_sum_of_two_biases(self) -> None:
        layer = GRU(8, 64)
        open_gates(layer, 3)
        both = layer.bias_ih_l0 + layer.bias_hh_l0
        assert (both[64:128] == 3).all()


class TestMemory:
    def test_each_rate_is_bracketed_and_none_is_better(self, vision_run: Runs) -> None:
        run = vision_run("gru_memory")
        best = held(run, "rate_best")
        for name, row in held(run, "found_by_rate").items():
            assert min(row) < best[name] < max(row), name
            assert row[best[name]] == max(row.values()), name

    def test_a_gru_at_its_own_rate_remembers(self, vision_run: Runs) -> None:
        run = vision_run("gru_memory")
        assert run.values["accuracy_own_rate"] > 0.995
        assert run.values["steps_own_rate"] < 110
        assert held(run, "rate_best")["GRU"] == 0.1

    def test_at_ten_times_the_small_rate_it_solves_the_task(
        self, vision_run: Runs
    ) -> None:
        row = held(vision_run("gru_memory"), "accuracy_val")["GRU"]
        assert row[0.1] > 0.98
        assert max(row[0.01], row[0.03]) < 0.2

    @pytest.mark.settles("gates-must-open")
    def test_at_a_small_rate_it_forgets_unless_its_gates_start_open(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("gru_memory")
        assert run.values["accuracy_small_rate"] < 0.2
        assert run.values["accuracy_open"] > 0.7
        assert held(run, "steps")["GRU, rate 0.01"] == [150] * 3

    def test_the_plain_network_solves_it_with_no_seed(self, vision_run: Runs) -> None:
        run = vision_run("gru_memory")
        assert run.values["accuracy_rnn_best"] < 0.98
        assert held(run, "steps")["RNN, own rate"] == [150] * 3

    def test_at_every_rate_it_is_far_below_the_best_from_an_orthogonal_matrix(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("gru_memory"), "accuracy_val")
        best = max(found["RNN, orthogonal"].values())
        assert max(found["RNN"].values()) < best - 0.2

    def test_from_an_orthogonal_matrix_it_is_mostly_right(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("gru_memory")
        assert run.values["accuracy_orthogonal_worst"] > 0.5

    def test_at_the_small_rate_both_helped_are_mostly_right_and_the_gru_guesses(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("gru_memory"), "accuracy_val")
        assert found["RNN, orthogonal"][0.01] > 0.6
        assert found["GRU, gates open"][0.01] > 0.6
        assert found["GRU"][0.01] < 0.2

    def test_over_10_symbols_all_but_the_plain_network_solve_it(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("gru_memory"), "accuracy_after")
        for name in ("RNN, orthogonal", "GRU", "GRU, gates open"):
            assert min(found[name][10]) > 0.99, name

    def test_over_10_symbols_the_plain_network_fails_with_some_seeds(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("gru_memory"), "accuracy_after")["RNN"][10]
        assert min(found) < 0.9

    def test_over_60_most_grus_remember_and_the_orthogonal_matrix_does_not(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("gru_memory"), "accuracy_after")
        gated = found["GRU"][60] + found["GRU, gates open"][60]
        assert sum(accuracy > 0.95 for accuracy in gated) >= 4
        assert max(found["RNN, orthogonal"][60]) < 0.9

    def test_over_60_most_grus_are_ahead_of_all_plain_networks(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("gru_memory")
        after, rate = held(run, "accuracy_after"), held(run, "rate_best")
        plain = max(after["RNN"][60] + after["RNN, orthogonal"][60])
        gated = after["GRU"][60] + after["GRU, gates open"][60]
        assert min(rate["GRU"], rate["GRU, gates open"]) >= 0.1
        assert sum(accuracy > plain for accuracy in gated) >= 4

    def test_gates_move_far_at_the_large_rate_alone(self, vision_run: Runs) -> None:
        values = vision_run("gru_memory").values
        assert values["share_small_rate"] < 0.005
        assert 0.25 < values["unit_low"] < 0.5 < values["unit_high"] < 0.8
        assert values["share_own_rate"] > 0.6

    def test_units_that_stay_open_write_the_first_symbol(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("gru_memory")
        assert 8 < run.values["units_open"] < 24
        assert 0.4 < run.values["z_first"] < 0.6
        assert max(held(run, "first_gates")) < 0.8
        assert min(held(run, "later_gates")) > 0.95

    def test_weights_are_as_far_as_about_ten_steps_lead(self, vision_run: Runs) -> None:
        values = vision_run("gru_memory").values
        assert values["weight_moved_small"] < 0.2
        assert 5 < values["steps_straight_small"] < 15
        assert 5 < values["steps_straight_own"] < 15
        more = values["steps_straight_own"] - values["steps_straight_small"]
        assert abs(more) < 3

    def test_at_the_large_rate_open_gates_add_steps_alone(
        self, vision_run: Runs
    ) -> None:
        """What a rate is worth is its accuracy less a millionth for each step."""
        run = vision_run("gru_memory")
        found, worth = held(run, "accuracy_val"), held(run, "found_by_rate")
        assert abs(found["GRU"][0.1] - found["GRU, gates open"][0.1]) < 0.005
        steps = {
            name: found[name][0.1] - worth[name][0.1]
            for name in worth
            if name.startswith("GRU")
        }
        assert steps["GRU, gates open"] > steps["GRU"]

    def test_a_gate_of_95_percent_needs_a_sum_of_3(self) -> None:
        assert log(0.95 / 0.05) == pytest.approx(3, abs=0.06)


class TestLanguage:
    def test_each_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("gru_language")
        best = held(run, "rate_best")
        for name, row in held(run, "perplexity_val").items():
            assert min(row) < best[name] < max(row), name
            assert row[best[name]] == min(row.values())

    def test_it_is_better_than_a_plain_network_as_wide(self, vision_run: Runs) -> None:
        found = held(vision_run("gru_language"), "perplexity_test")
        assert max(found["GRU, 64 units"]) < min(found["RNN, 64 units"])

    def test_it_is_worse_than_a_plain_network_as_large(self, vision_run: Runs) -> None:
        found = held(vision_run("gru_language"), "perplexity_test")
        assert max(found["RNN, 121 units"]) < min(found["GRU, 64 units"])

    def test_as_wide_is_a_third_and_as_large_the_same(self, book_run: Runs) -> None:
        found = held(book_run("gru_language"), "parameters")
        gru = found["GRU, 64 units"]
        assert gru == 3 * found["RNN, 64 units"]
        assert found["RNN, 121 units"] == pytest.approx(gru, rel=0.01)

    def test_300_steps_are_about_one_and_a_half_times_the_text(self) -> None:
        letters = 300 * 32 * 32
        assert letters / len(load_text().train) == pytest.approx(1.5, abs=0.1)

    def test_the_means_on_the_page(self, book_run: Runs) -> None:
        run = book_run("gru_language")
        for name, found in held(run, "perplexity_test").items():
            kind, units = name.removesuffix(" units").split(", ")
            quoted = run.values[f"perplexity_{kind.lower()}_{units}"]
            assert quoted == pytest.approx(mean(found))


class TestExercises:
    def test_they_say_what_the_page_says(self, vision_run: Runs) -> None:
        values = vision_run("gru_exercises").values
        assert values["parameters"] == 3 * (64 * 32 + 64 * 64 + 2 * 64)
        assert values["bias_half_life"] == pytest.approx(4.97, abs=0.01)
        assert values["difference"] < 1e-6
        assert values["difference_average"] < 1e-3

    def test_the_half_life_grows_by_e_with_each_unit_of_the_bias(self) -> None:
        lives = [log(0.5) / log(1 / (1 + exp(-b))) for b in (5, 6)]
        assert lives[1] / lives[0] == pytest.approx(exp(1), rel=0.01)

    def test_the_reset_gate_is_not_needed_to_remember(self, vision_run: Runs) -> None:
        values = vision_run("gru_exercises").values
        assert values["accuracy_without_reset"] > 0.95

    def test_it_remembers_over_100_steps(self, vision_run: Runs) -> None:
        values = vision_run("gru_exercises").values
        assert values["accuracy_far"] > 0.95
