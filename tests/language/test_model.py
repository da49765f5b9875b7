from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlnotes.language.model import LanguageModel
from dlnotes.nested import map_tensors
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.lstm import LSTM
from dlnotes.recurrent.rnn import RNN
from dlnotes.train.carry import Carry
from dlnotes.train.loop import train

LAYERS: list[Any] = [
    lambda: RNN(4, 8),
    lambda: GRU(4, 8, 2),
    lambda: LSTM(4, 8, 2),
    lambda: nn.GRU(4, 8, batch_first=True),
    lambda: nn.LSTM(4, 8, 2, batch_first=True),
]
LAYER = pytest.mark.parametrize("layer", LAYERS)


def model_of(layer: Any) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(6, 4, layer())


@LAYER
class TestModel:
    def test_is_embedding_layer_and_output(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 5))
        logits, state = model(ids)
        Y, expected = model.recurrent(model.embedding.weight[ids])
        assert logits.shape == (3, 5, 6)
        W, b = model.output.weight, model.output.bias
        torch.testing.assert_close(logits, Y @ W.T + b)
        torch.testing.assert_close(state, expected)

    def test_sees_no_token_that_it_predicts(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 5))
        other = ids.clone()
        other[:, 3] = (ids[:, 3] + 1) % 6
        (a, _), (b, _) = model(ids), model(other)
        assert torch.equal(a[:, :3], b[:, :3])
        assert not torch.isclose(a[:, 3:], b[:, 3:]).all(-1).any()

    def test_goes_on_from_a_state(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 5))
        whole, last = model(ids)
        first, state = model(ids[:, :2])
        second, state = model(ids[:, 2:], state)
        torch.testing.assert_close(torch.cat([first, second], 1), whole)
        torch.testing.assert_close(state, last)

    def test_carries_its_state(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 6))
        carry = Carry(model).eval()
        parts = [carry(window) for window in ids.split(2, 1)]
        torch.testing.assert_close(torch.cat(parts, 1), model(ids)[0])

    def test_steps_are_the_rows_of_a_text(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 5))
        expected = model(ids)[0].log_softmax(-1)
        state = None
        for t, tokens in enumerate(ids.unbind(1)):
            log_p, state = model.step(tokens, state)
            torch.testing.assert_close(log_p, expected[:, t])
            map_tensors(lambda part: part.view(3, -1, 8), state)  # rows first
        torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(3))

    def test_rows_of_a_state_can_be_picked(self, layer: Any) -> None:
        model, ids = model_of(layer), torch.randint(6, (3, 2))
        _, state = model.step(ids[:, 0])
        log_p, _ = model.step(ids[:, 1], state)
        rows = torch.tensor([2, 0, 0])
        picked = map_tensors(lambda part: part[rows], state)
        torch.testing.assert_close(model.step(ids[rows, 1], picked)[0], log_p[rows])


def test_learns_a_text_with_the_loop_of_the_book() -> None:
    text = torch.tensor([0, 1, 2, 0, 3, 4] * 20)  # what follows 0 needs memory
    X, y = text[:-1].view(1, -1), text[1:].view(1, -1)
    torch.manual_seed(0)
    model = Carry(LanguageModel(5, 4, GRU(4, 16)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

    def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits.flatten(0, 1), target.flatten())

    windows = list(zip(X.split(17, 1), y.split(17, 1), strict=True))
    history = train(model, loss, optimizer, windows, 140)
    assert history.losses[-1] < 0.05
    assert history.losses[0] > 1


class TestRefusals:
    def test_other_features(self) -> None:
        message = "^the embedding has 5 features, the recurrent layer expects 4$"
        with pytest.raises(ValueError, match=message):
            LanguageModel(6, 5, GRU(4, 8))

    @pytest.mark.parametrize("layer", [GRU, nn.GRU])
    def test_both_directions(self, layer: Any) -> None:
        message = (
            "^a language model must not see the tokens that it predicts: "
            "give it a layer with bidirectional=False$"
        )
        with pytest.raises(ValueError, match=message):
            LanguageModel(6, 4, layer(4, 8, bidirectional=True))

    def test_the_batch_second(self) -> None:
        message = "^the batch comes first here: give PyTorch's layer batch_first=True$"
        with pytest.raises(ValueError, match=message):
            LanguageModel(6, 4, nn.GRU(4, 8))
