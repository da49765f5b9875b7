"""What the chapter on recurrent neural networks says in words."""

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import mean, variance

import pytest
import torch
from torch import Tensor, nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.text import load_text
from dlnotes.language.batches import Streams
from dlnotes.language.model import LanguageModel
from dlnotes.recurrent.memory import state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]


def numbers(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


class TestTheCell:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_step_is_the_formula(self, seed: int) -> None:
        torch.manual_seed(seed)
        cell, x, h = RNNCell(5, 8), torch.randn(5), torch.randn(8)
        W_ih, W_hh, b_ih, b_hh = cell.parameters()
        expected = torch.tanh(W_ih @ x + b_ih + W_hh @ h + b_hh)
        torch.testing.assert_close(cell(x, h), expected)

    def test_layer_cell_and_torch_agree_up_to_rounding(self, vision_run: Runs) -> None:
        values = vision_run("rnn").values
        assert values["difference_layer"] < 1e-6
        assert values["difference_cell"] < 1e-6

    def test_the_parameters_do_not_depend_on_the_length(self, book_run: Runs) -> None:
        assert book_run("rnn").values["parameters"] == 8 * (5 + 8 + 2)
        layer = RNN(5, 8)
        shapes = {layer(torch.rand(1, T, 5))[0].shape for T in (1, 7, 700)}
        assert len(shapes) == 3
        assert numbers(layer) == 120

    def test_the_last_state_comes_once_more(self) -> None:
        Y, h = RNN(5, 8)(torch.rand(3, 7, 5))
        assert torch.equal(Y[:, -1], h[0])

    def test_an_embedding_is_a_dense_layer_on_one_hot_vectors(self) -> None:
        table, ids = nn.Embedding(27, 4), torch.arange(27)
        one_hot = nn.functional.one_hot(ids, 27).float()
        torch.testing.assert_close(one_hot @ table.weight, table(ids))

    def test_a_window_of_64_letters_has_64_targets_one_letter_on(self) -> None:
        ids = torch.arange(1000)
        X, y = next(iter(Streams(ids, batch_size=4, T=64)))
        assert X.shape == y.shape == (4, 64)
        assert torch.equal(y, X + 1)

    def test_row_b_goes_on_where_it_ended(self) -> None:
        batches = list(Streams(torch.arange(1000), batch_size=4, T=50))
        for (X, _), (after, _) in pairwise(batches):
            assert torch.equal(after[:, 0], X[:, -1] + 1)


class TestBackpropagationThroughTime:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_formulas_give_the_gradients_of_autograd(self, seed: int) -> None:
        """A loss at every step, in double precision."""
        torch.manual_seed(seed)
        cell = RNNCell(3, 4).double()
        W_ih, W_hh, b_ih, b_hh = cell.parameters()
        X, V = torch.randn(6, 3).double(), torch.randn(6, 4).double()
        states = [torch.zeros(4).double()]
        for x in X:
            states.append(cell(x, states[-1]))
        sum(v @ h for v, h in zip(V, states[1:], strict=True)).backward()
        delta = torch.zeros(4).double()
        d_hh, d_ih, d_b = (torch.zeros_like(W) for W in (W_hh, W_ih, b_hh))
        for t in range(6, 0, -1):
            dh = V[t - 1] + W_hh.T @ delta
            delta = (1 - states[t] ** 2) * dh
            d_hh += torch.outer(delta, states[t - 1])
            d_ih += torch.outer(delta, X[t - 1])
            d_b += delta
        for W, d in ((W_hh, d_hh), (W_ih, d_ih), (b_hh, d_b), (b_ih, d_b)):
            torch.testing.assert_close(W.grad, d)

    def test_by_hand_as_by_autograd(self, book_run: Runs) -> None:
        run = book_run("rnn")
        by_hand = run.values["gradient_w"]
        assert by_hand == pytest.approx(run.values["gradient_autograd"], abs=1e-6)
        assert held(run, "h")[0] == 0.5

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_gradient_of_a_state_is_a_product_of_jacobians(self, seed: int) -> None:
        torch.manual_seed(seed)
        cell = RNNCell(3, 4).double()
        first = torch.zeros(4).double().requires_grad_()
        h, product = first, torch.eye(4).double()
        for x in torch.randn(5, 3).double():
            h = cell(x, h)
            product = torch.diag(1 - h.detach() ** 2) @ cell.weight_hh @ product
        v = torch.randn(4).double()
        (found,) = torch.autograd.grad(v @ h, first)
        torch.testing.assert_close(found, (product.T @ v).detach())


class TestVanishingAndExploding:
    @pytest.mark.settles("rnn-gradients")
    def test_they_vanish_and_they_explode(self, vision_run: Runs) -> None:
        run = vision_run("rnn")
        low, high = held(run, "ratio_low"), held(run, "ratio_high")
        assert high[0.5] < 1e-19
        assert high["default"] < 1e-13
        assert low[2.0] > 1000

    def test_gain_one_loses_and_gain_one_and_a_half_is_nearly_flat(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("rnn")
        low, high = held(run, "ratio_low"), held(run, "ratio_high")
        assert high[1.0] < 1e-3
        assert 1 < low[1.5] < high[1.5] < 100
        assert 1.5**59 == pytest.approx(2e10, rel=0.3)

    @pytest.mark.parametrize("gain", [0.5, 1.0, 1.5, 2.0, None])
    def test_on_a_logarithmic_scale_the_lines_are_nearly_straight(
        self, gain: float | None
    ) -> None:
        """A straight line explains at least 0.9 of the variance of the logarithms."""
        for seed in SEEDS:
            torch.manual_seed(seed)
            cell = RNNCell(16, 64)
            if gain:
                nn.init.orthogonal_(cell.weight_hh, gain)
            X, v = torch.randn(16, 60, 16), torch.randn(64)

            def loss(h: Tensor, v: Tensor = v) -> Tensor:
                return (h @ v).sum()

            y = state_gradients(cell, X, loss)[0].log()
            both = torch.stack([torch.arange(60.0), y])
            assert torch.corrcoef(both)[0, 1].square() > 0.9

    def test_sixteen_steps_back_little_is_left_of_the_gradient(
        self, vision_run: Runs
    ) -> None:
        rows = held(vision_run("rnn"), "ratio")["default"]
        assert len(rows) == 3
        for row in rows:
            assert len(row) == 60
            assert float(row[59 - 16]) < 1e-3

    @pytest.mark.parametrize("seed", SEEDS)
    def test_an_orthogonal_matrix_keeps_lengths(self, seed: int) -> None:
        torch.manual_seed(seed)
        W, v = nn.init.orthogonal_(torch.empty(64, 64)), torch.randn(64)
        assert (W @ v).norm() == pytest.approx(v.norm().item(), rel=1e-5)


class TestClipping:
    def test_without_clipping_relu_is_lost_after_a_few_steps(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("rnn_clipping")
        name = "ReLU, SGD, η = 1"
        assert all(map(math.isnan, held(run, "loss")[name]))
        assert set(held(run, "steps_taken")[name]) == {run.values["steps_exploded"]}
        assert run.values["steps_exploded"] < 10

    def test_the_figure_has_three_dots_and_two_lines_of_adam_that_coincide(
        self, vision_run: Runs
    ) -> None:
        norms = held(vision_run("rnn_clipping"), "norm_of_step")
        dots = norms["ReLU, SGD, η = 1"]
        assert len(dots) == 3
        assert norms["ReLU, SGD, η = 1, clipped"][:3] == pytest.approx(dots, rel=1e-3)
        adam = norms["tanh, Adam, η = 0.01"]
        assert norms["tanh, Adam, η = 0.01, clipped"] == pytest.approx(adam, rel=0.15)

    def test_clipped_the_same_runs_learn(self, vision_run: Runs) -> None:
        run = vision_run("rnn_clipping")
        name = "ReLU, SGD, η = 1, clipped"
        assert max(held(run, "loss")[name]) < 2.5 < math.log(27)
        assert min(held(run, "norm_maximum")[name]) > 100
        assert run.values["norm_high"] > 10 * run.values["norm_low"]

    def test_the_explosion_is_sudden(self, vision_run: Runs) -> None:
        first = held(vision_run("rnn_clipping"), "norm_first")
        assert max(first[:2]) < 10
        assert first[2] > 30 * max(first[:2])

    def test_few_steps_are_clipped_and_most_at_the_beginning(
        self, vision_run: Runs
    ) -> None:
        norms = held(vision_run("rnn_clipping"), "norm_of_step")
        clipped = [
            t for t, norm in enumerate(norms["ReLU, SGD, η = 1, clipped"]) if norm > 1
        ]
        assert len(clipped) < 12
        assert sum(t < 20 for t in clipped) > len(clipped) / 2

    def test_the_usual_network_needs_no_clipping(self, vision_run: Runs) -> None:
        run = vision_run("rnn_clipping")
        norms = held(run, "norm_of_step")["tanh, Adam, η = 0.01"]
        assert sum(norm > 1 for norm in norms) <= 3
        losses = held(run, "loss")["tanh, Adam, η = 0.01"]
        assert run.values["loss_difference"] < 0.01 * min(losses)


class TestWindows:
    def test_in_short_windows_the_state_matters(self, vision_run: Runs) -> None:
        found = held(vision_run("rnn_truncation"), "perplexity_val")
        carried, random = found["T = 4, state carried"], found["T = 4, random windows"]
        assert max(carried) < min(random) - 0.3

    def test_in_windows_of_16_letters_it_does_not(self, vision_run: Runs) -> None:
        found = held(vision_run("rnn_truncation"), "perplexity_val")
        carried = found["T = 16, state carried"]
        random = found["T = 16, random windows"]
        gap = abs(mean(carried) - mean(random))
        assert gap < 2 * (variance(carried) / 3 + variance(random) / 3) ** 0.5

    def test_in_windows_of_64_letters_it_does_harm(self, vision_run: Runs) -> None:
        found = held(vision_run("rnn_truncation"), "perplexity_val")
        pairs = zip(
            found["T = 64, state carried"],
            found["T = 64, random windows"],
            strict=True,
        )
        assert all(0 < carried - random for carried, random in pairs)

    def test_carried_short_windows_are_better_than_long_ones(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("rnn_truncation"), "perplexity_val")
        assert max(found["T = 4, state carried"]) < min(found["T = 64, state carried"])

    def test_a_run_reads_half_of_the_text(self, book_run: Runs) -> None:
        values = book_run("rnn_truncation").values
        read = values["TOKENS"] * values["STEPS"]
        assert read / len(load_text().train) == pytest.approx(0.5, abs=0.03)

    def test_the_rates_chosen_have_no_better_ones_on_either_side(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("rnn_truncation")
        best = held(run, "rate_best")
        assert len(best) == 6
        for name, row in held(run, "perplexity_by_rate").items():
            assert min(row) < best[name] < max(row), name
            assert row[best[name]] == min(row.values())


class TestAgainstCounting:
    def test_counting_wins(self, vision_run: Runs) -> None:
        """By more than twice the standard error of the paired difference."""
        run = vision_run("rnn_perplexity")
        gap, error = held(run, "gap"), held(run, "error")
        for kind in ("add-k", "Kneser–Ney"):
            pairs = zip(gap[kind], error[kind], strict=True)
            assert all(g < -2 * e for g, e in pairs)
        counted, networks = held(run, "perplexity_test"), held(run, "perplexity_rnn")
        assert counted["Kneser–Ney"] < counted["add-k"] < min(networks)

    def test_what_was_chosen(self, vision_run: Runs) -> None:
        run = vision_run("rnn_perplexity")
        assert held(run, "chosen")["add-k"] == "add-k 0.03, n = 5"
        assert held(run, "chosen")["Kneser–Ney"] == "Kneser–Ney, n = 32"
        orders = [n for n in held(run, "perplexity_val") if "Kneser" in n]
        assert len(orders) == 11
        assert max(int(n.split("= ")[1]) for n in orders) == 32
        found = held(run, "perplexity_by_rate")
        assert set(found) == {128, 256}
        best = {}
        for units, row in found.items():
            rate = min(row, key=row.__getitem__)
            assert min(row) < rate < max(row)
            best[units] = row[rate]
        assert run.values["units_best"] == min(best, key=best.__getitem__) == 128

    def test_steps_by_units_are_so_many_passes(self, book_run: Runs) -> None:
        steps = held(book_run("rnn_perplexity"), "STEPS")
        letters = len(load_text().train)
        assert 1.4 < steps[128] * 32 * 16 / letters < 1.5
        assert steps[128] == 2 * steps[256]

    def test_the_text_has_some_200_000_letters_of_27_kinds(self) -> None:
        text = load_text().train
        assert 180_000 < len(text) < 240_000
        assert len(set(text)) == 27

    def test_parameters(self, book_run: Runs) -> None:
        values = book_run("rnn_perplexity").values
        expected = numbers(LanguageModel(27, 32, RNN(32, values["units_best"])))
        assert values["parameters"] == expected

    def test_ten_letters_are_as_good_as_all(self, vision_run: Runs) -> None:
        run = vision_run("rnn_perplexity")
        known = held(run, "perplexity_known")
        assert abs(known[10] - run.values["perplexity_read"]) < 0.01
        assert known[5] > run.values["perplexity_read"] + 0.2

    def test_with_few_letters_it_is_worse_than_counting(self, vision_run: Runs) -> None:
        run = vision_run("rnn_perplexity")
        counted = held(run, "perplexity_counted")
        for row in held(run, "perplexity_after"):
            assert all(row[n - 1] > counted[n] for n in range(1, 8))
        known = held(run, "perplexity_known")
        assert 27 - known[1] < known[1] - counted[1]
        assert known[2] > 11 > known[3]  # the frame of the figure ends at 11


class TestExercises:
    def test_parameters(self, book_run: Runs) -> None:
        values = book_run("rnn_exercises").values
        assert values["parameters_rnn"] == 128 * (32 + 128 + 2)
        assert values["parameters_model"] == 25_083

    def test_a_stable_memory_has_no_gradient(self, book_run: Runs) -> None:
        values = held(book_run("rnn_exercises"), "values")
        assert values[1000][0] == pytest.approx(0.995, abs=1e-3)
        assert values[10][1] < 1e-12
        assert values[1000][1] == 0

    def test_eigenvalues_decide_in_the_long_run(self, book_run: Runs) -> None:
        norm = held(book_run("rnn_exercises"), "norm_of_power")
        assert 8 <= norm[1] < 8.1
        assert norm[2] > 7.9
        assert norm[20] < 1e-3

    def test_gain_times_slope_predicts_the_lines(self, vision_run: Runs) -> None:
        factor = held(vision_run("rnn_exercises"), "factor")
        for expected, measured in factor.values():
            assert abs(expected - measured) < 0.02
        slope = {gain: expected / gain for gain, (expected, _) in factor.items()}
        assert 0.6 < slope[2.0] / slope[0.5] < 0.72
        assert factor[2.0][1] < 3 * factor[0.5][1]

    def test_truncation_costs_nothing_where_gradients_vanish(
        self, vision_run: Runs
    ) -> None:
        cosine = held(vision_run("rnn_exercises"), "cosine")
        assert cosine["default"][4] > 0.99
        assert cosine["orthogonal × 1.5"][32] < 0.9

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_eigenvalues_of_a_large_matrix_fill_a_disc(self, seed: int) -> None:
        torch.manual_seed(seed)
        W = RNNCell(16, 400).weight_hh.detach()
        radius = torch.linalg.eigvals(W).abs().max().item()
        assert radius == pytest.approx(3**-0.5, rel=0.1)
        assert 0.577**59 == pytest.approx(8e-15, rel=0.1)

    def test_matrix_and_slopes_make_the_line_of_the_default(
        self, vision_run: Runs
    ) -> None:
        run, figure = vision_run("rnn_exercises"), vision_run("rnn")
        assert min(held(run, "eigenvalue")) > 3**-0.5
        assert all(1.05 < norm < 1.15 for norm in held(run, "norm"))
        assert min(held(run, "length")) > 2 * 0.577**59
        measured = [found[0] for found in held(figure, "ratio")["default"]]
        rows = zip(held(run, "length"), held(run, "slope_rms"), measured, strict=True)
        for length, slope, ratio in rows:
            assert 0.001 < slope**59 < 0.005
            assert 0.1 < length * slope**59 / float(ratio) < 10
