"""What the chapter on deep and bidirectional networks says in words."""

from collections.abc import Callable
from statistics import mean

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.brackets import closing, draw_brackets, forward_ceiling
from dlnotes.recurrent.lstm import LSTM

Runs = Callable[[str], Run]


class TestShapes:
    def test_the_formula_of_the_parameters(self, book_run: Runs) -> None:
        found = held(book_run("deep_bidirectional"), "parameters")
        C, H = 3, 8
        assert found[1, False] == 4 * H * (C + H + 2)
        assert found[2, False] == found[1, False] + 4 * H * (H + H + 2)
        assert found[1, True] == 2 * found[1, False]
        assert found[2, True] - found[1, True] == 2 * 4 * H * (2 * H + H + 2)
        assert found[2, True] > 2 * found[2, False]

    def test_the_order_of_the_states(self) -> None:
        torch.manual_seed(0)
        layer = LSTM(3, 8, 2, bidirectional=True)
        X = torch.randn(5, 7, 3)
        Y, (h, _) = layer(X)
        assert torch.equal(h[-2], Y[:, -1, :8])
        assert torch.equal(h[-1], Y[:, 0, 8:])
        first = LSTM(3, 8, bidirectional=True)
        own = first.state_dict()
        first.load_state_dict({name: layer.state_dict()[name] for name in own})
        assert torch.equal(first(X)[1][0], h[:2])

    def test_equal_to_pytorch_in_double(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional"), "difference")
        assert set(found) == {"RNN", "GRU", "LSTM"}
        assert max(found.values()) < 1e-12

    def test_the_last_output_has_read_one_input_backwards(
        self, vision_run: Runs
    ) -> None:
        assert vision_run("deep_bidirectional").values["same"] is True

    def test_without_lengths_the_padding_is_read(self, vision_run: Runs) -> None:
        """Outputs, and the last states of both directions."""
        run = vision_run("deep_bidirectional")
        assert max(held(run, "difference_told").values()) < 1e-6
        assert min(held(run, "difference_untold").values()) > 0.05

    def test_forward_outputs_up_to_the_end_of_a_row_are_right(self) -> None:
        torch.manual_seed(0)
        layer, X = LSTM(3, 8), torch.randn(2, 7, 3)
        lengths = torch.tensor([4, 7])
        told, (h_told, _) = layer(X, lengths=lengths)
        untold, (h_untold, _) = layer(X)
        torch.testing.assert_close(told[0, :4], untold[0, :4])
        assert not torch.isclose(h_told[0, 0], h_untold[0, 0]).any()

    def test_dropout_of_one_layer_does_nothing_and_pytorch_warns(self) -> None:
        with pytest.warns(UserWarning, match="dropout option adds dropout after all"):
            nn.LSTM(3, 4, dropout=0.5)


class TestDiagrams:
    def test_the_outer_outputs_come_last(self, book_run: Runs) -> None:
        parts = held(book_run("deep_bidirectional_diagrams"), "parts")
        lit = {label: step for label, _, _, step, _ in parts}
        assert [lit[f"$y_{t}$"] for t in (1, 2, 3, 4)] == [5, 4, 4, 5]
        assert lit[r"$\overrightarrow{h}_4$"] == lit[r"$\overleftarrow{h}_1$"] == 4


class TestBrackets:
    def test_both_directions_solve_it(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_brackets"), "accuracy")
        assert min(found["two-way"]) > 0.998

    def test_forward_stays_below_its_ceiling(self, vision_run: Runs) -> None:
        """Up to what the drawing of 2,000 strings makes of it."""
        run = vision_run("deep_bidirectional_brackets")
        ceiling = float(run.values["accuracy_ceiling"])
        assert ceiling == pytest.approx(0.823, abs=0.001)
        assert max(held(run, "accuracy")["one-way"]) < ceiling

    def test_forward_has_learned_part_of_the_counting(self, vision_run: Runs) -> None:
        run = vision_run("deep_bidirectional_brackets")
        outside = float(run.values["accuracy_outside"])
        assert outside == pytest.approx(0.769, abs=0.001)
        assert float(run.values["accuracy_zero"]) < outside
        assert min(held(run, "accuracy")["one-way"]) > outside

    def test_where_forward_loses_most(self, vision_run: Runs) -> None:
        run = vision_run("deep_bidirectional_brackets")
        found = held(run, "by_position")["one-way"]
        means = map(mean, zip(*found, strict=True))
        gaps = [a - b for a, b in zip(held(run, "ceiling"), means, strict=True)]
        assert sum(gaps[5:14]) > 0.5 * sum(gaps)  # positions 6 to 14
        assert min(gaps[6:13]) > max(*gaps[:4], *gaps[14:18])
        assert mean(gaps[20:]) > mean(gaps[14:18]) + 0.01
        assert -0.03 < min(gaps) < 0  # on the strings drawn, a little above

    def test_the_best_bet_turns_after_position_15(self) -> None:
        q = closing(24)
        assert [q[24 - t] > 0.5 for t in range(1, 25)] == [True] * 15 + [False] * 9
        assert q[24 - 16].item() == pytest.approx(0.49, abs=0.01)

    def test_forward_is_the_larger_network(self, book_run: Runs) -> None:
        found = held(book_run("deep_bidirectional_brackets"), "parameters")
        assert found["one-way"] > 1.5 * found["two-way"]

    def test_the_ceiling_is_1_at_the_end_and_lowest_between(self) -> None:
        ceiling = forward_ceiling(24)
        assert ceiling[-1] == 1
        assert ceiling.argmin() == 15  # position 16

    def test_the_best_rule_reaches_the_ceiling(self) -> None:
        """That no other passes it is tested with the strings themselves."""
        ids, y = draw_brackets(20_000, 24, torch.Generator().manual_seed(0))
        waiting = torch.zeros(20_000, dtype=torch.int64)
        right = []
        for t, symbols in enumerate(ids.T):
            closes = (symbols == 7) & (waiting > 0)
            waiting = waiting + (symbols == 6).long() - closes.long()
            guesses = closes.clone()
            doubt = (waiting > 0) & ~closes
            if y[doubt, t].float().mean() > 0.5:
                guesses |= doubt
            right.append((guesses.long() == y[:, t]).float().mean())
        assert mean(map(float, right)) == pytest.approx(0.8226, abs=0.004)

    def test_the_rates_have_no_better_ones_beside_them(self, vision_run: Runs) -> None:
        for name in ("deep_bidirectional_brackets", "deep_bidirectional_letters"):
            run = vision_run(name)
            best = held(run, "rate_best")
            for case, row in held(run, "accuracy_val").items():
                assert min(row) < best[case] < max(row), case
                assert row[best[case]] == max(row.values())

    def test_forward_is_sure_where_nothing_waits(self, vision_run: Runs) -> None:
        run = vision_run("deep_bidirectional_brackets")
        symbols = str(run.values["symbols"])
        p = held(run, "probability")
        waiting = 0
        for t, symbol in enumerate(symbols):
            closes = symbol == ")" and waiting > 0
            waiting += (symbol == "(") - closes
            if closes:
                assert p["one-way"][t] > 0.8, t
            elif not waiting:
                assert p["one-way"][t] < 0.2, t
            else:
                assert 0.2 < p["one-way"][t] < 0.8, t


class TestLetters:
    def test_the_networks_have_equal_sizes(self, book_run: Runs) -> None:
        found = held(book_run("deep_bidirectional_letters"), "parameters")
        assert max(found.values()) < 1.02 * min(found.values())
        assert found["two-way"] <= found["one-way"]

    def test_the_second_direction_gains_much(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_letters"), "accuracy")
        assert min(found["two-way"]) > max(found["one-way"]) + 0.1

    def test_a_second_layer_loses(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_letters"), "accuracy")
        assert max(found["two-way, 2 layers"]) < min(found["two-way"])

    def test_counting_on_both_sides_is_better(self, vision_run: Runs) -> None:
        run = vision_run("deep_bidirectional_letters")
        counts = held(run, "accuracy_counts")
        found = held(run, "accuracy")
        gain = mean(found["two-way"]) - mean(found["one-way"])
        assert counts["both sides"] > counts["left only"] + max(gain, 0.2)
        best = max(max(seeds) for seeds in found.values())
        assert counts["both sides"] > best + 0.15
        assert counts["left only"] > max(found["one-way"])
        assert counts["left only"] > max(found["two-way, 2 layers"])

    def test_the_windows_mark_what_is_wrong(self, vision_run: Runs) -> None:
        """A wrong letter is a capital, a wrong space a star."""
        printed = vision_run("deep_bidirectional_letters").log("example")
        windows = [window.split("\n") for window in printed.strip("\n").split("\n\n")]
        assert len(windows) == 3
        wrong = {"one-way": 0, "two-way": 0}
        for window in windows:
            lines = {line[:8].strip(): line[9:] for line in window}
            text, answer = lines.pop("text"), lines.pop("answer")
            assert set(lines) == set(wrong)
            assert len(text) == len(answer) == 32
            for x, true in zip(text, answer, strict=True):
                assert x in (true, "_")
            for name, line in lines.items():
                for x, true, found in zip(text, answer, line, strict=True):
                    if found != true:
                        assert x == "_"
                        assert found.isupper() or found == "*"
                        assert found.lower().replace("*", " ") != true
                        wrong[name] += 1
        assert min(wrong.values()) > 0


class TestNextLetter:
    @pytest.mark.settles("bidirectional-language-model")
    def test_two_directions_copy_and_else_are_worse(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_next"), "measured")
        for early, last in found["two-way"]:
            assert early < 1.25  # close to 1
            assert last > max(last for _, last in found["one-way"])
        for early, last in found["one-way"]:
            assert early > 5
            assert last == pytest.approx(early, rel=0.15)

    def test_the_networks_have_equal_sizes(self, book_run: Runs) -> None:
        found = held(book_run("deep_bidirectional_next"), "parameters")
        assert 0.95 * found["one-way"] < found["two-way"] <= found["one-way"]

    def test_letter_pairs_by_counting(self, book_run: Runs) -> None:
        values = book_run("deep_bidirectional_next").values
        assert float(values["perplexity_pairs"]) == pytest.approx(10.2, abs=0.1)

    def test_a_language_model_refuses_such_a_layer(self, book_run: Runs) -> None:
        message = str(book_run("deep_bidirectional_next").values["message"])
        assert "must not see" in message


class TestExercises:
    def test_counts_of_parameters(self, book_run: Runs) -> None:
        assert book_run("deep_bidirectional_exercises").values["parameters"] == 149_504

    def test_a_backward_layer_is_a_forward_one_turned(self, vision_run: Runs) -> None:
        values = vision_run("deep_bidirectional_exercises").values
        assert float(values["difference"]) < 1e-6  # on the page, 0

    def test_what_each_half_depends_on(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_exercises"), "steps_seen")
        assert found[1, "forward"] == "xxxx..."
        assert found[1, "backward"] == "...xxxx"
        assert found[2, "forward"] == found[2, "backward"] == "xxxxxxx"

    def test_waiting_for_a_letter_helps(self, vision_run: Runs) -> None:
        found = held(vision_run("deep_bidirectional_exercises"), "accuracy")
        assert found[2] > found[0] + 0.03

    def test_the_ceiling_falls_and_rises_with_the_length(self, book_run: Runs) -> None:
        run = book_run("deep_bidirectional_exercises")
        found = held(run, "accuracy_ceiling")
        assert found[10] > found[24] > found[40]
        assert found[40] < found[100] < found[400] < found[1600]
        assert found[1600] > 0.9
        means = {T: forward_ceiling(T).mean().item() for T in range(30, 51)}
        assert min(means, key=means.__getitem__) == pytest.approx(40, abs=2)

    @pytest.mark.parametrize("both", [False, True])
    def test_how_long_the_layers_take(self, both: bool) -> None:
        """Each cell as soon as it has all that it reads."""
        L, T = 3, 7
        ready = [0] * T  # when the outputs of the layer below are there
        for layer in range(1, L + 1):
            forward, clock = [], 0
            for t in range(T):
                clock = max(clock, ready[t]) + 1
                forward.append(clock)
            backward, clock = [0] * T, 0
            for t in reversed(range(T)):
                clock = max(clock, ready[t]) + 1
                backward[t] = clock
            ready = list(map(max, forward, backward)) if both else forward
            assert max(ready) == (layer * T if both else T + layer - 1)
