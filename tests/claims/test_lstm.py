"""What the chapter on long short-term memory says in words."""

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.text import load_text
from dlnotes.decode.one_by_one import tempered
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.recurrent.memory import open_gates
from dlnotes.recurrent.rnn import RNN
from operations import operations

Runs = Callable[[str], Run]
GATES = "ifo"


class TestTheCell:
    @pytest.mark.settles("lstm-memory-cell")
    def test_three_are_factors_and_the_cell_has_no_bounds(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("lstm")
        low, high = held(run, "minimum"), held(run, "maximum")
        for name in GATES:
            assert 0 < low[name] < high[name] < 1
        assert -1 < low["g"] < -0.9 < 0.9 < high["g"] < 1
        assert -1 < low["h"] < high["h"] < 1
        assert low["c"] < -2
        assert high["c"] > 2

    def test_a_number_lies_there_until_it_is_overwritten(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("lstm")
        c, h = held(run, "cells"), held(run, "outputs")
        assert len(c) == 100
        assert max(c[:60]) - min(c[:60]) < 5e-5
        assert max(c[60:]) - min(c[60:]) < 5e-5
        assert abs(c[60] - c[59]) > 0.01
        assert all(abs(h[t]) < 1e-4 for t in range(100) if t not in (40, 99))
        for t in (40, 99):
            assert h[t] == pytest.approx(math.tanh(c[t]), abs=1e-5)

    @pytest.mark.settles("lstm-memory-cell")
    def test_with_all_gates_open_it_counts(self, book_run: Runs) -> None:
        values = book_run("lstm_exercises").values
        assert values["c"] == pytest.approx(12, abs=1e-3)
        assert values["h"] == pytest.approx(1, abs=1e-3)
        # the unit of a plain RNN fades, and does so from a larger count faster
        unit = values["unit"]
        assert isinstance(unit, float)
        assert 1000 * unit == pytest.approx(11.87, abs=0.01)

    def test_a_tanh_takes_off_a_third_of_the_cube(self) -> None:
        for h in (0.01, 0.03, 0.1):
            assert h - math.tanh(h) == pytest.approx(h**3 / 3, rel=0.01)

    def test_without_an_output_gate_tied_gates_keep_it_below_1(self) -> None:
        torch.manual_seed(0)
        c = torch.zeros(50)
        for _ in range(500):
            f, g = torch.rand(50), torch.tanh(5 * torch.randn(50))
            c = f * c + (1 - f) * g
            assert c.abs().max() < 1


class TestTheLayer:
    def test_it_equals_pytorchs(self, vision_run: Runs) -> None:
        difference = vision_run("lstm").values["difference"]
        assert isinstance(difference, float)
        assert difference < 1e-5

    def test_it_has_four_times_the_parameters_of_an_rnn(self, book_run: Runs) -> None:
        found = held(book_run("lstm"), "parameters")
        assert found["LSTM"] == 4 * found["RNN"]
        assert found["GRU"] == 3 * found["RNN"]
        for kind, name in ((RNN, "RNN"), (GRU, "GRU"), (LSTM, "LSTM")):
            assert sum(W.numel() for W in kind(32, 256).parameters()) == found[name]
        values = book_run("lstm_exercises").values
        assert values["formula"] == values["parameters"] == found["LSTM"]

    @pytest.mark.skipif(
        not torch.backends.mkldnn.is_available(), reason="PyTorch without oneDNN"
    )
    def test_pytorchs_layer_is_one_operation_and_ours_several_at_each_step(
        self,
    ) -> None:
        reference, ours = nn.LSTM(4, 8, batch_first=True), LSTM(4, 8)
        cell = LSTMCell(4, 8)

        def step_by_step(X: Tensor) -> list[Tensor]:
            state, Y = None, []
            for x in X.unbind(1):
                state = cell(x, state)
                Y.append(state[0])
            return Y

        def asked(layer: Callable[[Tensor], object], T: int) -> int:
            return operations(lambda: layer(torch.zeros(2, T, 4)))

        assert asked(reference, 16) == asked(reference, 32)
        per_step = (asked(ours, 32) - asked(ours, 16)) / 16
        per_cell = (asked(step_by_step, 32) - asked(step_by_step, 16)) / 16
        assert 1 < per_step < per_cell

    def test_both_biases_of_a_forget_gate_add_up(self) -> None:
        layer = nn.LSTM(3, 5)
        open_gates(layer, 3)
        weights = layer.state_dict()
        total = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        assert total[5:10].tolist() == [3.0] * 5


class TestGradients:
    def test_the_forget_bias_orders_them(self, vision_run: Runs) -> None:
        ratio = held(vision_run("lstm"), "ratio")
        assert {len(found) for found in ratio.values()} == {3}
        order = ["RNN", "LSTM, default", "LSTM, bias 1", "LSTM, bias 3"]
        for less, more in itertools.pairwise(order):
            assert max(ratio[less]) < min(ratio[more]) / 10
        assert max(ratio["LSTM, default"]) < 1e-9
        assert min(ratio["LSTM, bias 3"]) > 1

    def test_with_a_bias_of_3_it_dips_and_then_grows(self, vision_run: Runs) -> None:
        for row in held(vision_run("lstm"), "norms")["LSTM, bias 3"]:
            assert min(row) < row[-1] < row[0]
            assert 10 < row.index(min(row)) < 55

    def test_most_of_what_arrives_has_gone_through_the_gates(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("lstm")
        ratio, products = held(run, "ratio"), held(run, "products")
        assert len(products) == 3
        for name, found in products.items():
            assert max(found) < min(ratio[name]) / 10
        assert min(products["LSTM, default"]) > 10 * 0.5**59

    def test_the_numbers_of_the_text(self) -> None:
        assert 0.5**59 == pytest.approx(2e-18, rel=0.2)
        gates = torch.tensor([1.0, 3.0]).sigmoid()
        torch.testing.assert_close(gates, torch.tensor([0.73, 0.95]), atol=5e-3, rtol=0)
        assert gates[1].item() ** 59 == pytest.approx(0.06, abs=0.005)

    def test_a_cell_starts_with_its_gates_half_open(self) -> None:
        torch.manual_seed(0)
        cell = LSTMCell(16, 64)
        assert cell.bias_ih is not None
        assert cell.bias_hh is not None
        assert (cell.bias_ih + cell.bias_hh).abs().max() <= 2 / 8


class TestMemory:
    @pytest.mark.settles("lstm-open-gates")
    def test_the_default_start_forgets_the_first_of_20(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("lstm_memory"), "accuracy")["default"]
        assert min(accuracy[5]) > 0.99
        assert min(accuracy[10]) < 0.9
        assert max(accuracy[20]) < 0.2
        assert 40 not in accuracy

    def test_no_rate_helps_it(self, vision_run: Runs) -> None:
        found = held(vision_run("lstm_memory"), "log_p_20")
        assert sorted(found) == [0.01, 0.03, 0.1]  # the best of three seeds
        for log_p in found.values():
            assert log_p < -math.log(8) + 0.03

    def test_a_bias_of_1_carries_it_to_10_and_not_to_20(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("lstm_memory"), "accuracy")["bias 1"]
        assert min(accuracy[5] + accuracy[10]) > 0.99
        assert max(accuracy[20]) < 0.6

    @pytest.mark.settles("lstm-open-gates")
    def test_a_bias_of_3_carries_it_to_20(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("lstm_memory"), "accuracy")["bias 3"]
        for T in (5, 10, 20):
            assert min(accuracy[T]) > 0.99
        assert max(accuracy[40]) > 0.8
        assert 0.25 < min(accuracy[40]) < max(accuracy[40]) - 0.05

    def test_the_rates_chosen_have_no_better_ones_on_either_side(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("lstm_memory")
        rates = held(run, "rate_best")
        for name, row in held(run, "log_p").items():
            assert min(row) < rates[name] < max(row)
            assert row[rates[name]] == max(row.values())

    def test_spans_of_all_lengths_solve_40(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("lstm_exercises"), "accuracy")
        open_gate = held(vision_run("lstm_memory"), "accuracy")["bias 3"][40]
        assert len(accuracy) == 3
        assert min(accuracy) > 0.9
        assert sum(accuracy) / 3 > sum(open_gate) / 3 + 0.03


class TestContest:
    def test_counting_wins_by_many_standard_errors(self, vision_run: Runs) -> None:
        run = vision_run("lstm_text")
        found = held(run, "perplexities")
        assert len(found["LSTM"]) == 3
        assert found["Kneser–Ney"][0] < min(found["LSTM"])
        difference, error = run.values["difference"], run.values["error"]
        assert isinstance(difference, float)
        assert isinstance(error, float)
        assert difference < -3 * error

    def test_the_mixture_is_better_than_either(self, vision_run: Runs) -> None:
        run = vision_run("lstm_text")
        found = held(run, "perplexities")
        assert len(found["mixture"]) == 3
        assert max(found["mixture"]) < found["Kneser–Ney"][0] - 0.1
        assert max(found["mixture"]) < min(found["LSTM"]) - 0.1
        weight = run.values["weight_best"]
        assert isinstance(weight, float)
        assert 0.2 < weight < 0.6
        mixed = held(run, "perplexity_mixed")
        assert min(mixed) < min(mixed[0], mixed[-1]) - 0.1

    def test_it_is_ahead_where_words_begin_and_behind_within_them(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("lstm_text")
        loss, share = held(run, "loss"), held(run, "share")
        assert sum(share.values()) == pytest.approx(1, abs=1e-3)
        *lstms, ngram = loss["0"]
        assert len(lstms) == 3
        assert max(lstms) < ngram - 0.03
        *lstms, ngram = loss["2 or more"]
        assert min(lstms) > ngram + 0.05

    def test_it_reads_the_text_nearly_two_and_a_half_times(
        self, book_run: Runs
    ) -> None:
        steps = book_run("lstm_text").values["STEPS"]
        assert isinstance(steps, int)
        assert 2.3 < steps * 32 * 32 / len(load_text().train) < 2.5

    def test_a_plain_network_is_behind_it(self, vision_run: Runs) -> None:
        found = held(vision_run("lstm_text"), "perplexities")
        values = vision_run("rnn_perplexity").values
        plain = values["perplexity_mean"]
        assert isinstance(plain, float)
        assert plain > max(found["LSTM"])
        assert values["units_best"] == 128

    def test_the_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("lstm_text")
        found = held(run, "perplexity_val")
        assert min(found) < run.values["rate_best"] < max(found)
        assert found[run.values["rate_best"]] == min(found.values())

    def test_longer_ngrams_gain_less_and_less(self, book_run: Runs) -> None:
        found = held(book_run("lstm_text"), "perplexity_order")
        by_order = [found[order] for order in sorted(found)]
        assert by_order == sorted(by_order, reverse=True)
        assert found[24] - found[32] < 0.005 < found[12] - found[16]
        assert book_run("lstm_text").values["order_best"] == 32

    def test_a_mixture_is_never_worse_than_the_worse(self) -> None:
        torch.manual_seed(0)
        p, q = torch.rand(2, 1000, dtype=torch.float64)
        mixed = -(0.3 * p + 0.7 * q).log()
        assert (mixed <= -(0.3 * p.log() + 0.7 * q.log()) + 1e-12).all()
        assert -math.log(0.455) == pytest.approx(0.8, abs=0.05)
        assert -(math.log(0.01) + math.log(0.9)) / 2 == pytest.approx(2.4, abs=0.05)


class TestWriting:
    def test_at_temperature_1_its_text_is_as_probable_as_a_real_one(
        self, vision_run: Runs
    ) -> None:
        own = held(vision_run("lstm_text"), "perplexity_own")
        assert abs(own["1.0"] - own["the test text"]) < 0.25

    def test_the_lower_the_temperature_the_more_probable(
        self, vision_run: Runs
    ) -> None:
        own = held(vision_run("lstm_text"), "perplexity_own")
        by_heat = [own[name] for name in ("greedy", "0.5", "0.8", "1.0", "1.3")]
        assert by_heat == sorted(by_heat)
        assert own["greedy"] < own["the test text"] - 1
        assert own["1.0, top 5"] < own["1.0"]

    def test_and_the_better_it_spells(self, vision_run: Runs) -> None:
        known = held(vision_run("lstm_text"), "share_known")
        by_heat = [known[name] for name in ("1.3", "1.0", "0.8", "0.5")]
        assert by_heat == sorted(by_heat)
        assert known["1.0"] < known["the test text"] - 0.05
        assert known["1.0, top 5"] > known["1.0"] + 0.02
        assert abs(known["0.8"] - known["the test text"]) < 0.06

    @pytest.mark.settles("greedy-loops")
    def test_greedy_text_ends_in_a_loop(self, vision_run: Runs) -> None:
        run = vision_run("lstm_text")
        assert run.values["count_texts"] == 150
        looping = run.values["count_looping"]
        assert isinstance(looping, int)
        assert looping > 140
        loops = held(run, "count_loops")
        assert len(loops) == 3
        assert max(loops) <= 4  # the same few, from 50 places
        assert max(held(run, "count_before")) < 400

    def test_reading_a_piece_again_makes_it_no_more_probable(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("lstm_text"), "probability")
        assert len(found) == 3
        for by_reading in found:
            assert len(by_reading) == 8
            assert max(by_reading) - min(by_reading) < 0.01

    def test_the_letters_that_lead_share_more_the_lower_the_temperature(
        self, vision_run: Runs
    ) -> None:
        logits = torch.tensor(held(vision_run("lstm_text"), "logits")[0][-1])
        rows = [tempered(logits[None], heat)[0] for heat in (0.5, 1.0, 2.0)]
        rows = [row.sort(descending=True).values for row in rows]
        assert rows[2][1] > 1.5 * rows[2][2]  # two lead, even at the highest
        shares = [row[:2].sum() for row in rows]
        assert shares[0] > shares[1] + 0.05 > shares[2] + 0.1

    def test_a_low_temperature_is_greedy_and_a_high_one_levels(self) -> None:
        log_q = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
        assert tempered(log_q, 0.01)[0].tolist() == pytest.approx([1, 0, 0, 0])
        level = tempered(log_q, 1000.0)[0].tolist()
        assert level == pytest.approx([0.25] * 4, abs=1e-3)
