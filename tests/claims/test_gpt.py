"""What the chapter on GPT says in words."""

import itertools
import math
from collections.abc import Callable
from statistics import mean

import pytest
import torch
from torch import Tensor

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.text import load_text
from dlnotes.decode.step import Step
from dlnotes.gpt.model import GPT
from operations import operations

Runs = Callable[[str], Run]


def number(run: Run, name: str) -> float:
    """Return a number that a run has left under this name."""
    value = run.values[name]
    assert isinstance(value, int | float)
    return value


@torch.no_grad()
def one_by_one(step: Step, tokens: Tensor) -> None:
    """Read tokens (N, T) in turn."""
    state = None
    for column in tokens.T:
        _, state = step(column, state)


class TestTheModel:
    def test_it_begins_by_guessing(self, vision_run: Runs) -> None:
        run = vision_run("gpt")
        assert number(run, "loss_uniform") == pytest.approx(math.log(27))
        assert abs(number(run, "loss_start") - math.log(27)) < 0.05

    def test_the_formulas_count_its_parameters(self, book_run: Runs) -> None:
        V, T, C, L = 27, 32, 64, 2
        found = held(book_run("gpt"), "parameters")
        assert found == {
            "embedding, at both ends": V * C,
            "learned positions": T * C,
            "attention": L * (4 * C * C + 4 * C),
            "feed-forward": L * (8 * C * C + 5 * C),
            "norms": (2 * L + 1) * 2 * C,
        }
        assert sum(found.values()) == number(book_run("gpt"), "parameters_all")
        assert number(book_run("gpt_exercises"), "parameters_small") == 124439808

    @pytest.mark.settles("window-is-many-examples")
    def test_a_pass_gives_what_each_beginning_gives(self, vision_run: Runs) -> None:
        run = vision_run("gpt")
        assert number(run, "difference_alone") < 1e-5
        assert number(run, "difference_before") == 0
        assert number(run, "difference_after") > 1e-3
        assert number(run, "difference_slide") == 0

    def test_the_context_ends(self) -> None:
        model = GPT(5, 3, 8, 2, 1)
        _, state = model.extend(torch.zeros(1, 3, dtype=torch.int64), None)
        with pytest.raises(ValueError, match="the positions end there"):
            model.step(torch.zeros(1, dtype=torch.int64), state)


class TestTheCache:
    @pytest.mark.parametrize("T", [32, 256])
    def test_it_saves_columns_and_no_steps(self, T: int) -> None:
        model = GPT(27, T, 8, 2, 1).eval()
        columns = []
        model.embedding.register_forward_hook(
            lambda module, inputs, _: columns.append(inputs[0].numel())
        )
        tokens = torch.randint(27, (1, T))
        found, asked = {}, {}
        for name, step in (("read anew", model.reread), ("cache", model.step)):
            columns.clear()
            asked[name] = operations(lambda step=step: one_by_one(step, tokens))
            found[name] = sum(columns)
        assert found == {"read anew": T * (T + 1) // 2, "cache": T}
        assert asked["cache"] > T * operations(lambda: model(tokens)) / 2

    @pytest.mark.settles("cache-changes-nothing")
    def test_it_changes_nothing(self, book_run: Runs) -> None:
        assert max(held(book_run("gpt"), "difference").values()) < 1e-5
        run = book_run("gpt_cache")
        assert number(run, "difference_cache") < 1e-4
        assert number(run, "difference_pass") < 1e-4
        assert number(run, "count_cached") == 2 * 2 * 256 * 128

    def test_many_texts_ask_for_no_more_operations_than_one(self) -> None:
        model = GPT(27, 64, 8, 2, 1).eval()
        tokens = torch.randint(27, (32, 64))
        one, many = (
            operations(lambda rows=rows: one_by_one(model.step, tokens[:rows]))
            for rows in (1, 32)
        )
        assert one == many

    def test_its_size(self, book_run: Runs) -> None:
        run = book_run("gpt_exercises")
        assert number(run, "size_small") == pytest.approx(75.5, abs=0.1)
        assert number(run, "size_large") == pytest.approx(9.66, abs=0.01)


class TestContest:
    def test_the_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("gpt_rates")
        found = held(run, "loss_val")
        rate = number(run, "rate_best")
        assert min(found) < rate < max(found)
        assert found[rate] == min(found.values())

    def test_the_rates_and_the_order_are_those_chosen(self, book_run: Runs) -> None:
        run = book_run("gpt_text")
        assert number(run, "RATE") == number(book_run("gpt_rates"), "rate_best")
        lstm = book_run("lstm_text")
        assert number(run, "RATE_LSTM") == number(lstm, "rate_best")
        assert number(run, "ORDER") == number(lstm, "order_best")
        for name in ("B", "T", "STEPS"):
            assert run.values[name] == book_run("gpt_rates").values[name]

    def test_parameters_and_letters_are_equal(self, book_run: Runs) -> None:
        run = book_run("gpt_text")
        sizes = held(run, "parameters")
        assert 1 <= sizes["LSTM"] / sizes["GPT"] < 1.02
        read = 500 * 12 * 32 / len(load_text().train)
        assert number(run, "number_read") == pytest.approx(read)

    @pytest.mark.settles("transformer-not-always-better")
    def test_gpt_comes_last_and_counting_first(self, vision_run: Runs) -> None:
        run = vision_run("gpt_text")
        found = held(run, "losses")
        assert len(found["GPT"]) == len(found["LSTM"]) == 3
        assert found["Kneser–Ney"][0] < min(found["LSTM"])
        assert max(found["LSTM"]) < min(found["GPT"]) - 0.3
        assert number(run, "gap_lstm") > 10 * number(run, "error_lstm")

    def test_at_each_point(self, vision_run: Runs) -> None:
        run = vision_run("gpt_text")
        gpt, lstm = held(run, "curve_loss")["GPT"], held(run, "curve_loss")["LSTM"]
        assert len(gpt) == len(lstm) == 3
        worst = [max(losses) for losses in zip(*lstm, strict=True)]
        best = [min(losses) for losses in zip(*gpt, strict=True)]
        assert all(w < b for w, b in zip(worst, best, strict=True))
        assert number(run, "steps_enough") <= 200

    def test_it_loses_behind_the_first_letters_of_words(self, vision_run: Runs) -> None:
        found = held(vision_run("gpt_text"), "loss_word")
        gpt, lstm, ngram = found["GPT"], found["LSTM"], found["Kneser–Ney"]
        firsts = gpt[0], lstm[0], ngram[0]
        assert max(firsts) - min(firsts) < 0.25
        assert all(b < a for a, b in itertools.pairwise(ngram[:6]))
        assert ngram[4] < lstm[4] - 0.2
        assert lstm[4] < gpt[4] - 0.7
        for n in (2, 3, 4):
            assert gpt[n] > gpt[1] - 0.05

    def test_what_is_far_back_helps_neither(self, vision_run: Runs) -> None:
        found = held(vision_run("gpt_text"), "loss_known")
        gpt, lstm = found["GPT"], found["LSTM"]
        assert gpt[8] - gpt[16] < 0.005
        assert lstm[8] - lstm[16] < 0.02
        assert lstm[4] - lstm[8] > 4 * (gpt[4] - gpt[8])
        assert gpt[4] > gpt[8]
        assert gpt[1] < lstm[1] - 0.2
        by_known = held(vision_run("gpt_text"), "by_known")
        for n in (0, 1):
            both = [mean(row[n] for row in by_known[k]) for k in ("GPT", "LSTM")]
            assert both[0] < both[1] - 0.05
        assert number(vision_run("gpt_text"), "count_windows") == 1500

    def test_its_last_place_is_a_little_worse(self, vision_run: Runs) -> None:
        rows = held(vision_run("gpt_text"), "by_known")["GPT"]
        assert len(rows) == 3
        worse = [row[31] - mean(row[15:24]) for row in rows]
        assert mean(worse) > 0.02

    def test_overlapping_windows_have_a_lower_loss(self, vision_run: Runs) -> None:
        run = vision_run("gpt_text")
        assert number(run, "loss_one") < number(run, "loss_windows")

    def test_what_it_costs(self, book_run: Runs) -> None:
        run = book_run("gpt_text")
        cost = held(run, "multiplications")
        assert cost["GPT"] / cost["LSTM"] == pytest.approx(1, abs=0.05)
        rows = held(run, "in_row")
        assert rows == {"GPT": [13, 13], "LSTM": [33, 1025]}
        drawn = held(book_run("gpt_diagram"), "series")
        assert {name: len(turns) for name, turns in drawn.items()} == {
            name: counts[0] for name, counts in rows.items()
        }
        assert all(len(turn) == 1 for turn in drawn["LSTM"][:-1])
        assert all(len(turn) == 32 for turn in drawn["GPT"])


class TestWriting:
    def test_the_lower_the_temperature_the_better_it_spells(
        self, vision_run: Runs
    ) -> None:
        known = held(vision_run("gpt_text"), "share_known")
        by_heat = [known[name] for name in ("1.3", "1.0", "0.5", "the test text")]
        for less, more in itertools.pairwise(by_heat):
            assert less < more

    def test_greedily_it_goes_in_circles(self, vision_run: Runs) -> None:
        words = held(vision_run("gpt_text"), "written")["greedy"].split()
        assert len(set(words[-8:])) <= 4


class TestExercises:
    def test_without_a_mask_it_copies_the_answer(self, vision_run: Runs) -> None:
        run = vision_run("gpt_exercises")
        assert number(run, "loss_end") < 0.5
        assert number(run, "loss_alone") > math.log(27) + 1
        assert number(run, "loss_copied") < 0.1
        assert 1.5 < number(run, "loss_last") < math.log(27)

    def test_the_mask_tells_the_order_from_the_second_block_on(
        self, vision_run: Runs
    ) -> None:
        moved = held(vision_run("gpt_exercises"), "difference_swapped")
        assert moved[1] < 1e-12
        assert moved[2] > 0.01

    def test_a_cache_without_its_oldest_key_is_another(self, vision_run: Runs) -> None:
        assert number(vision_run("gpt_exercises"), "difference_dropped") > 0.01

    def test_two_to_the_power_of_the_law(self) -> None:
        assert 2**-0.076 == pytest.approx(0.95, abs=0.005)
