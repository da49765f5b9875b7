import math
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from compared import numbers
from dlnotes.decode.one_by_one import greedy, sample, tempered
from small_models import END, Markov, V, all_sequences, complete, one_row


def given(model: Markov) -> tuple[Any, Any, Tensor, int]:
    return model.step, model.state(), model.start, END


class TestGreedy:
    @pytest.mark.parametrize("limit", [1, 2, 7])
    @pytest.mark.parametrize("seed", range(5))
    def test_is_the_most_probable_token_each_time(self, seed: int, limit: int) -> None:
        model = Markov(rows=8, seed=seed)
        tokens, log_p = greedy(*given(model), limit)
        for row in range(8):
            said: list[int] = []
            while len(said) < limit and END not in said:
                before, last = [0, int(model.start[row]), *said][-2:]
                said.append(int(model.tables[row, before, last].argmax()))
            assert complete(tokens[row].tolist()) == tuple(said)
            expected = model.log_p(row, tuple(said))
            assert log_p[row].item() == pytest.approx(expected, abs=1e-12)
        assert log_p.dtype == torch.float64

    def test_many_at_once_are_as_one_by_one(self) -> None:
        model = Markov(rows=9, seed=4)
        tokens, log_p = greedy(*given(model), 12)
        longest = 0
        for row in range(9):
            alone = greedy(*one_row(model, row), END, 12)
            width = alone.tokens.shape[1]
            assert alone.tokens[0].tolist() == tokens[row, :width].tolist()
            assert set(tokens[row, width:].tolist()) <= {END}
            assert alone.log_p.tolist() == [log_p[row].item()]
            longest = max(longest, width)
        assert tokens.shape == (9, longest)

    def test_stops_with_the_last_row(self) -> None:
        model = Markov(rows=5, seed=0)
        model.tables[...] = torch.tensor([0.1, 0.1, 0.1, 0.7]).double().log()
        greedy(*given(model), 50)
        assert model.calls == 1
        model.tables[2, 0, 2] = torch.tensor([0.7, 0.1, 0.1, 0.1]).double().log()
        tokens, log_p = greedy(*given(model), 50)
        assert model.calls == 3
        assert tokens.tolist() == [[END, END]] * 2 + [[0, END]] + [[END, END]] * 2
        expected = [math.log(0.7)] * 2 + [2 * math.log(0.7)] + [math.log(0.7)] * 2
        assert log_p.tolist() == pytest.approx(expected)

    def test_goes_on_to_the_limit_without_an_end(self) -> None:
        model = Markov(rows=3, seed=1)
        tokens, log_p = greedy(model.step, model.state(), model.start, -1, 30)
        assert tokens.shape == (3, 30)
        for row in range(3):
            expected = model.log_p(row, tuple(tokens[row].tolist()))
            assert log_p[row].item() == pytest.approx(expected)


class TestSample:
    @pytest.mark.parametrize(
        "changes", [{}, {"temperature": 0.5}, {"temperature": 2, "top_k": 2}]
    )
    def test_sequences_come_as_often_as_they_are_probable(
        self, changes: dict[str, Any]
    ) -> None:
        temperature, top_k = changes.get("temperature", 1), changes.get("top_k")
        model = Markov(rows=1, seed=7, sharpness=1.0)
        N = 20_000
        model.tables = model.tables.expand(N, V, V, V)
        model.start = model.start.repeat(N)
        torch.manual_seed(0)
        tokens, log_p = sample(*given(model), 3, **changes)

        changed = Markov(rows=1, seed=7, sharpness=1.0)
        flat = changed.tables.view(-1, V)
        p = flat.exp() ** (1 / temperature)
        if top_k:
            p = p * (p >= p.sort(dim=1).values[:, -top_k, None])
        changed.tables = (p / p.sum(1, keepdim=True)).log().view_as(changed.tables)
        said = [complete(row) for row in tokens.tolist()]
        expected = {t: N * math.exp(changed.log_p(0, t)) for t in all_sequences(3)}
        assert sum(expected.values()) == pytest.approx(N)
        possible = [t for t in expected if expected[t] > 5]
        counts = [said.count(t) for t in possible]
        assert sum(counts) > 0.99 * N
        scale = sum(counts) / sum(expected[t] for t in possible)
        result = chisquare(counts, [scale * expected[t] for t in possible])
        assert result.pvalue > 0.01
        for row in range(50):  # of the model, not of what is drawn from
            assert log_p[row].item() == pytest.approx(model.log_p(0, said[row]))

    def test_the_seed_decides(self) -> None:
        model = Markov(rows=50, seed=2)
        found = []
        for seed in (0, 0, 1):
            torch.manual_seed(seed)
            found.append(sample(*given(model), 8).tokens.tolist())
        assert found[0] == found[1] != found[2]

    @pytest.mark.parametrize("change", [{"temperature": 1e-3}, {"top_k": 1}])
    def test_becomes_greedy(self, change: dict[str, Any]) -> None:
        model = Markov(rows=30, seed=3)
        found, expected = sample(*given(model), 8, **change), greedy(*given(model), 8)
        assert torch.equal(found.tokens, expected.tokens)
        assert torch.equal(found.log_p, expected.log_p)


class TestTempered:
    def test_is_the_softmax_of_the_scaled_logits(self) -> None:
        log_q = numbers(5, 7).log_softmax(1)
        for temperature in (0.3, 1.0, 4.0):
            q = log_q.exp() ** (1 / temperature)
            expected = q / q.sum(1, keepdim=True)
            torch.testing.assert_close(tempered(log_q, temperature), expected)
        torch.testing.assert_close(tempered(log_q), log_q.exp())

    @pytest.mark.parametrize("k", [1, 3, 7, 9])
    def test_keeps_the_k_largest(self, k: int) -> None:
        log_q = numbers(5, 7).log_softmax(1)
        p = tempered(log_q, 2.0, k)
        kept = log_q.argsort(dim=1, descending=True)[:, :k]
        assert (p > 0).sum(1).tolist() == [min(k, 7)] * 5
        q = log_q.exp().sqrt().gather(1, kept)
        torch.testing.assert_close(p.gather(1, kept), q / q.sum(1, keepdim=True))

    def test_keeps_k_of_equal_ones(self) -> None:
        p = tempered(torch.full((2, 6), 1 / 6).log(), top_k=2)
        assert sorted(p[0].tolist()) == [0, 0, 0, 0, 0.5, 0.5]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"temperature": 0}, "temperature is 0: choose one above 0, or `greedy`"),
            ({"temperature": -1.0}, "the temperature is -1.0: choose"),
            ({"top_k": 0}, "top_k is 0: keep at least 1 token"),
        ],
    )
    def test_says_what_is_wrong(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            tempered(torch.zeros(1, 3), **change)


@pytest.mark.parametrize("decode", [greedy, sample])
class TestBoth:
    def test_keep_no_gradient(self, decode: Any) -> None:
        logits = torch.arange(4.0).requires_grad_()

        def step(tokens: Tensor, state: None) -> tuple[Tensor, None]:
            return logits.log_softmax(0).repeat(len(tokens), 1), state

        assert not decode(step, None, torch.tensor([0]), END, 4).log_p.requires_grad

    def test_look_at_the_first_step(self, decode: Any) -> None:
        start = torch.zeros(2, dtype=torch.int64)
        with pytest.raises(ValueError, match="sum to 4, not 1: a step gives log prob"):
            decode(lambda *_: (torch.zeros(2, 4), None), None, start, END, 1)

    def test_refuse_a_start_or_no_room(self, decode: Any) -> None:
        model = Markov(rows=2, seed=0)
        with pytest.raises(ValueError, match="limit is 0: allow at least 1 token"):
            decode(*given(model), 0)
        with pytest.raises(ValueError, match="first token of each of the N rows"):
            decode(model.step, model.state(), torch.tensor(1), END, 3)
