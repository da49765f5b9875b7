from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import SGD

from dlnotes.train.carry import Carry
from dlnotes.train.loop import evaluate, train


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.rnn = kind(2, 3, batch_first=True)

    def forward(self, X: Tensor, state: Any) -> tuple[Tensor, Any]:
        return self.rnn(X, state)


KINDS = [nn.RNN, nn.GRU, nn.LSTM]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_of_a_text_give_the_outputs_of_the_whole(kind: type) -> None:
    model, X = Recurrent(kind), torch.randn(4, 12, 2)
    whole, _ = model(X, None)
    carry = Carry(model)
    pieces = [carry(piece) for piece in X.split(3, dim=1)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_stop_at_the_border(kind: type) -> None:
    carry = Carry(Recurrent(kind))
    first = torch.randn(1, 2, 2, requires_grad=True)
    second = torch.randn(1, 2, 2, requires_grad=True)
    carry(first)
    carry(second).sum().backward()
    assert first.grad is None
    assert second.grad is not None


def test_a_reset_begins_anew() -> None:
    carry, X = Carry(Recurrent(nn.GRU)), torch.randn(2, 3, 2)
    fresh = carry(X)
    carried = carry(X)
    carry.reset()
    assert not torch.equal(carried, fresh)
    assert torch.equal(carry(X), fresh)


def test_training_and_evaluation_have_a_state_each() -> None:
    carry, X = Carry(Recurrent(nn.GRU)), torch.randn(2, 6, 2)
    expected = Carry(carry.model)
    parts = X.split(3, dim=1)
    expected(parts[0])
    second = expected(parts[1])

    carry(parts[0])
    evaluate(carry, mse_loss, [(torch.randn(5, 4, 2), torch.zeros(5, 4, 3))] * 2)
    assert torch.equal(carry(parts[1]), second)


def test_every_evaluation_begins_without_a_state() -> None:
    carry = Carry(Recurrent(nn.LSTM))
    text = [(x, x.repeat(1, 1, 2)[..., :3]) for x in torch.randn(3, 2, 4, 2)]
    first = evaluate(carry, mse_loss, text)
    assert evaluate(carry, mse_loss, text) == first
    assert evaluate(carry, mse_loss, text[:1]) != first


def test_within_an_evaluation_the_state_is_carried() -> None:
    model, X = Recurrent(nn.RNN), torch.randn(4, 12, 2)
    y = torch.randn(4, 12, 3)
    whole = mse_loss(model(X, None)[0], y).item()
    pieces = list(zip(X.split(3, dim=1), y.split(3, dim=1), strict=True))
    assert evaluate(Carry(model), mse_loss, pieces) == pytest.approx(whole)


def test_a_reset_is_of_the_mode_the_model_is_in() -> None:
    carry, X = Carry(Recurrent(nn.RNN)), torch.randn(1, 2, 2)
    fresh = carry(X)
    carry.eval()
    carry.reset()
    carry.train()
    assert not torch.equal(carry(X), fresh)


def test_to_train_again_goes_on() -> None:
    carry, X = Carry(Recurrent(nn.RNN)), torch.randn(1, 2, 2)
    fresh = carry(X)
    carry.train()
    assert not torch.equal(carry(X), fresh)


@pytest.mark.parametrize("kind", KINDS)
def test_its_state_travels_with_the_weights(kind: type) -> None:
    carry, X = Carry(Recurrent(kind)), torch.randn(2, 3, 2)
    carry(X)
    other = Carry(Recurrent(kind))
    other.load_state_dict(carry.state_dict())
    assert torch.equal(other(X), carry(X))


def test_before_the_first_batch_there_is_none() -> None:
    carry, used, X = (
        Carry(Recurrent(nn.RNN)),
        Carry(Recurrent(nn.RNN)),
        torch.ones(1, 2, 2),
    )
    used(X)
    fresh = carry(X)
    used.load_state_dict(Carry(carry.model).state_dict())
    assert torch.equal(used(X), fresh)


def test_the_state_comes_to_the_device_of_the_weights() -> None:
    carry = Carry(Recurrent(nn.LSTM))
    carry(torch.randn(2, 3, 2))
    elsewhere = Carry(Recurrent(nn.LSTM)).to("meta")
    elsewhere.set_extra_state(carry.get_extra_state())
    assert [h.device.type for h in elsewhere.states[True]] == ["meta", "meta"]


def test_more_inputs_than_one() -> None:
    class Two(nn.Module):
        def forward(
            self, X: Tensor, scale: Tensor, state: Tensor | None
        ) -> tuple[Tensor, Tensor]:
            state = torch.zeros(()) if state is None else state
            return X * scale + state, state + 1

    carry = Carry(Two())
    X, scale = torch.ones(2), torch.tensor(3.0)
    assert carry(X, scale).tolist() == [3, 3]
    assert carry(X, scale).tolist() == [4, 4]


def test_a_hook_resets_it_in_training() -> None:
    carry = Carry(Recurrent(nn.RNN))
    batch = (torch.randn(2, 3, 2), torch.randn(2, 3, 3))
    train(carry, mse_loss, SGD(carry.parameters(), 0.0), [batch], 3, [carry.reset])
    assert carry.states == {}
