from typing import Any

import pytest
import torch
from torch import Tensor

from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from small_models import END, Markov, V, all_sequences, complete, one_row

UNLIMITED = V**4


def by_hand(
    model: Markov, row: int, width: int, limit: int, penalty: float
) -> tuple[tuple[int, ...], float]:
    """Search with lists, to the limit: the best sequence and its log probability."""
    beam: list[tuple[int, ...]] = [()]
    ready: list[tuple[int, ...]] = []
    for length in range(1, limit + 1):
        longer = [(*tokens, token) for tokens in beam for token in range(V)]
        longer.sort(key=lambda tokens: -model.log_p(row, tokens))
        kept = longer[:width]
        ready += [t for t in kept if t[-1] == END or length == limit]
        beam = [t for t in kept if t[-1] != END]
    best = max(ready, key=lambda t: model.log_p(row, t) / len(t) ** penalty)
    return best, model.log_p(row, best)


@pytest.mark.parametrize("seed", range(100))
def test_unlimited_beams_find_the_best_of_all_sequences(seed: int) -> None:
    penalty = (0.0, 0.6, 1.0, 2.0)[seed % 4]
    limit = 1 + seed % 4
    model = Markov(rows=3, seed=seed)
    tokens, log_p = beam_search(
        model.step, model.state(), model.start, END, UNLIMITED, limit, penalty
    )
    for row in range(3):
        every = {
            t: model.log_p(row, t) / len(t) ** penalty for t in all_sequences(limit)
        }
        best = max(every, key=lambda t: every[t])
        assert complete(tokens[row].tolist()) == best
        assert log_p[row].item() == pytest.approx(model.log_p(row, best), abs=1e-12)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0, 1.3])
def test_as_many_beams_as_allowed_are_kept(width: int, penalty: float) -> None:
    model = Markov(rows=12, seed=width)
    limit = 6
    tokens, log_p = beam_search(
        model.step, model.state(), model.start, END, width, limit, penalty
    )
    for row in range(12):
        best, expected = by_hand(model, row, width, limit, penalty)
        assert complete(tokens[row].tolist()) == best
        assert log_p[row].item() == pytest.approx(expected, abs=1e-12)
    lengths = [len(complete(row)) for row in tokens.tolist()]
    assert tokens.shape == (12, max(lengths))
    assert len(set(lengths)) > 1
    assert log_p.dtype == torch.float64
    assert tokens.dtype == torch.int64


@pytest.mark.parametrize("width", [1, 3])
def test_many_at_once_are_as_one_by_one(width: int) -> None:
    model = Markov(rows=9, seed=5)
    tokens, log_p = beam_search(
        model.step, model.state(), model.start, END, width, 7, 0.6
    )
    for row in range(9):
        alone = beam_search(*one_row(model, row), END, width, 7, 0.6)
        assert alone.until(END) == [tokens[row].tolist()[: len(alone.until(END)[0])]]
        assert complete(alone.tokens[0].tolist()) == complete(tokens[row].tolist())
        assert alone.log_p.tolist() == [log_p[row].item()]


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_one_beam_is_greedy(seed: int, penalty: float) -> None:
    model = Markov(rows=20, seed=seed)
    given = model.step, model.state(), model.start, END
    found = beam_search(*given, 1, 9, penalty)
    expected = greedy(*given, 9)
    assert torch.equal(found.tokens, expected.tokens)
    torch.testing.assert_close(found.log_p, expected.log_p)


def test_wider_beams_are_more_probable_on_the_mean() -> None:
    model = Markov(rows=200, seed=0)
    given = model.step, model.state(), model.start, END
    means = [beam_search(*given, w, 8).log_p.mean().item() for w in (1, 2, 4, 8)]
    assert means == sorted(means)
    assert means[1] - means[0] > 0.1


def test_a_penalty_makes_longer() -> None:
    model = Markov(rows=200, seed=1)
    given = model.step, model.state(), model.start, END
    lengths = [
        sum(len(row) for row in beam_search(*given, 8, 8, penalty).until(END))
        for penalty in (0.0, 0.5, 1.0)
    ]
    assert lengths[0] < lengths[1] < lengths[2]


def test_it_stops_when_none_can_get_better() -> None:
    model = Markov(rows=4, seed=0)
    model.tables[...] = torch.tensor([0.3, 0.05, 0.05, 0.6], dtype=torch.float64).log()
    given = model.step, model.state(), model.start, END
    tokens, log_p = beam_search(*given, 3, 50)
    assert model.calls == 1
    assert tokens.tolist() == [[END]] * 4
    torch.testing.assert_close(log_p, torch.full_like(log_p, 0.6).log())

    # with α = 1, log 0.3 · n / limit: all but the first become worse at n = 3
    model.calls = 0
    beam_search(*given, 3, 5, 1.0)
    assert model.calls == 3


@pytest.mark.parametrize(("penalty", "steps"), [(0.0, 1), (1.0, 5)])
def test_a_tie_is_for_the_shorter(penalty: float, steps: int) -> None:
    calls = []

    def step(tokens: Tensor, state: None) -> tuple[Tensor, None]:
        calls.append(tokens)
        return torch.tensor([0.5, 0, 0, 0.5]).log().repeat(len(tokens), 1), state

    start = torch.zeros(2, dtype=torch.int64)
    tokens, log_p = beam_search(step, None, start, END, 2, 5, penalty)
    assert len(calls) == steps
    assert tokens.tolist() == [[END], [END]]
    torch.testing.assert_close(log_p, torch.full((2,), 0.5).log())


def test_without_an_end_all_have_the_limit() -> None:
    model = Markov(rows=3, seed=2)
    found = beam_search(model.step, model.state(), model.start, -1, 64, 3)
    assert found.tokens.shape == (3, 3)
    for row in range(3):
        every = [
            model.log_p(row, (a, b, c))
            for a in range(V)
            for b in range(V)
            for c in range(V)
        ]
        assert found.log_p[row].item() == pytest.approx(max(every))


def test_what_cannot_be_is_not_found() -> None:
    def step(tokens: Tensor, state: None) -> tuple[Tensor, None]:
        return torch.tensor([0.0, 1.0, 0.0, 0.0]).log().repeat(len(tokens), 1), state

    start = torch.tensor([0])
    tokens, log_p = beam_search(step, None, start, END, 3, 4)
    assert tokens.tolist() == [[1, 1, 1, 1]]
    assert log_p.tolist() == [0]


def test_no_gradient_is_kept() -> None:
    logits = torch.arange(4.0).requires_grad_()

    def step(tokens: Tensor, state: None) -> tuple[Tensor, None]:
        return logits.log_softmax(0).repeat(len(tokens), 1), state

    found = beam_search(step, None, torch.tensor([0]), END, 2, 4)
    assert not found.log_p.requires_grad


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 0}, "width is 0: at least 1 beam"),
        ({"length_penalty": -0.1}, "length_penalty is -0.1: 0 compares log p alone"),
        ({"limit": 0}, "limit is 0: allow at least 1 token"),
        ({"start": torch.tensor([[1]])}, "first token of each of the N rows"),
    ],
)
def test_it_says_what_is_wrong(changed: dict[str, Any], message: str) -> None:
    model = Markov(rows=1, seed=0)
    given: dict[str, Any] = dict(start=model.start, width=2, limit=3)
    with pytest.raises(ValueError, match=message):
        beam_search(model.step, model.state(), end=END, **{**given, **changed})


@pytest.mark.parametrize(
    ("log_q", "message"),
    [
        (torch.zeros(6, 4), "sum to 4, not 1: a step gives log prob"),
        (
            torch.full((2, 4), 0.25).log(),
            r"gave \(2, 4\) for 6 rows: \(N, V\)",
        ),
    ],
    ids=["logits", "rows"],
)
def test_it_looks_at_the_first_step(log_q: Tensor, message: str) -> None:
    start = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match=message):
        beam_search(lambda *_: (log_q, None), None, start, END, 3, 2)
