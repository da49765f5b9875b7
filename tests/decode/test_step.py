from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.decode.step import (
    Decoded,
    check_request,
    check_step,
    read_prompt,
    take_rows,
)
from dlnotes.language.model import LanguageModel
from dlnotes.recurrent.gru import GRU


def letters(kind: Any) -> LanguageModel:
    """Return a language model of two layers and six letters, sure of itself."""
    torch.manual_seed(0)
    given = {} if kind is GRU else {"batch_first": True}
    model = LanguageModel(6, 5, kind(5, 4, num_layers=2, **given)).double()
    with torch.no_grad():
        model.output.weight *= 3
    return model


@pytest.mark.parametrize("kind", [GRU, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("T", [1, 2, 5])
class TestLanguageModels:
    def test_go_on_from_a_prompt(self, kind: Any, T: int) -> None:
        model = letters(kind)
        prompt = torch.randint(6, (3, T))
        state, start = read_prompt(model, prompt)
        found = greedy(model.step, state, start, end=-1, limit=7)
        text = prompt
        for _ in range(7):  # all anew for every token
            token = model(text)[0][:, -1].argmax(1)
            text = torch.cat([text, token[:, None]], 1)
        assert torch.equal(found.tokens, text[:, T:])
        log_p = model(text)[0].log_softmax(2)[:, T - 1 : -1]
        expected = log_p.gather(2, found.tokens[..., None]).sum((1, 2))
        torch.testing.assert_close(found.log_p, expected.detach())

    def test_states_follow_their_beams(self, kind: Any, T: int) -> None:
        model = letters(kind)
        prompt = torch.randint(6, (3, T))
        state, start = read_prompt(model, prompt)
        found = beam_search(model.step, state, start, end=0, width=216, limit=3)
        every = torch.cartesian_prod(*[torch.arange(6)] * 3)
        for row in range(3):
            text = torch.cat([prompt[row].repeat(216, 1), every], 1)
            log_p = model(text)[0].log_softmax(2)[:, T - 1 : -1]
            log_p = log_p.gather(2, every[..., None])[..., 0]
            ended = (every == 0).cumsum(1).cumsum(1) > 1  # after the first end
            best = log_p.masked_fill(ended, 0).sum(1).max()
            torch.testing.assert_close(found.log_p[row], best.detach())


@pytest.mark.parametrize("shape", [(3,), (3, 0), (1, 2, 3)])
def test_a_prompt_has_tokens(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, T\) with at least one token"):
        read_prompt(letters(GRU), torch.zeros(shape, dtype=torch.int64))


def test_a_prompt_keeps_no_gradient() -> None:
    state, start = read_prompt(letters(GRU), torch.ones(2, 3, dtype=torch.int64))
    assert not state.requires_grad
    assert state.shape == (2, 2, 4)
    assert start.tolist() == [1, 1]


def test_sentences_are_what_comes_before_the_end() -> None:
    tokens = torch.tensor([[1, 2, 9, 9], [9, 9, 9, 9], [4, 5, 6, 7], [1, 9, 2, 9]])
    found = Decoded(tokens, torch.zeros(4)).until(9)
    assert found == [[1, 2], [], [4, 5, 6, 7], [1]]


def test_rows_are_taken_from_the_whole_nest() -> None:
    state = {"a": torch.tensor([[1, 2], [3, 4]]), "b": (None, torch.tensor([5, 6]))}
    taken = take_rows(state, torch.tensor([1, 1, 0]))
    assert taken["a"].tolist() == [[3, 4], [3, 4], [1, 2]]
    assert taken["b"][0] is None
    assert taken["b"][1].tolist() == [6, 6, 5]


@pytest.mark.parametrize(
    "start",
    [
        torch.tensor(1),
        torch.tensor([[1]]),
        torch.tensor([1.0]),
        torch.zeros(0, dtype=torch.int64),
    ],
)
def test_a_start_is_one_token_for_each_row(start: Tensor) -> None:
    with pytest.raises(ValueError, match=r"start is .* give the first token of each"):
        check_request(start, 5)


def test_a_limit_of_one_token_is_allowed() -> None:
    check_request(torch.tensor([1]), 1)
    with pytest.raises(ValueError, match="limit is 0: allow at least 1 token"):
        check_request(torch.tensor([1]), 0)


def test_a_step_gives_log_probabilities_for_each_row() -> None:
    logits = torch.arange(12.0).view(3, 4)
    log_q = logits.log_softmax(1)
    for kind in (torch.float64, torch.float32, torch.bfloat16):
        check_step(log_q.to(kind), 3)
    for wrong in (log_q[0], log_q[:, None], log_q[:2]):
        with pytest.raises(ValueError, match=r"for 3 rows: \(N, V\) is needed"):
            check_step(wrong, 3)
    for few in (logits, log_q.exp(), log_q + 0.06, log_q - 0.06, log_q * torch.nan):
        with pytest.raises(ValueError, match=r"sum to .*, not 1: a step gives log"):
            check_step(few, 3)
    one_wrong = log_q.clone()
    one_wrong[2] -= 1
    with pytest.raises(ValueError, match="sum to"):
        check_step(one_wrong, 3)
