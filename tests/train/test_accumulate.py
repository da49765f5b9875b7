import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.optim import SGD, Adam

from dlnotes.train.accumulate import Accumulate
from dlnotes.train.loop import train


def data() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    X = torch.randn(12, 3, dtype=torch.float64)
    return X, X.sum(1, keepdim=True)


def model() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(3, 1).double()


@pytest.mark.parametrize("make", [SGD, Adam])
@pytest.mark.parametrize("pieces", [1, 2, 3, 6])
def test_pieces_take_the_step_of_the_batch_they_make(make: type, pieces: int) -> None:
    X, y = data()
    whole, cut = model(), model()
    train(whole, mse_loss, make(whole.parameters(), lr=0.1), [(X, y)], 5)
    size = len(X) // pieces
    optimizer = Accumulate(make(cut.parameters(), lr=0.1), pieces)
    batches = list(zip(X.split(size), y.split(size), strict=True))
    history = train(cut, mse_loss, optimizer, batches, 5 * pieces)
    assert history.step == 5 * pieces
    torch.testing.assert_close(list(cut.parameters()), list(whole.parameters()))


def test_pieces_that_are_left_over_are_not_used() -> None:
    X, y = data()
    one, more = model(), model()
    train(one, mse_loss, Accumulate(SGD(one.parameters(), 0.1), 3), [(X, y)], 6)
    train(more, mse_loss, Accumulate(SGD(more.parameters(), 0.1), 3), [(X, y)], 8)
    assert torch.equal(one.weight, more.weight)


def test_they_wait_for_the_next_run() -> None:
    X, y = data()
    one, cut = model(), model()
    train(one, mse_loss, Accumulate(SGD(one.parameters(), 0.1), 3), [(X, y)], 6)
    optimizer = Accumulate(SGD(cut.parameters(), 0.1), 3)
    for steps in (2, 3, 1):
        train(cut, mse_loss, optimizer, [(X, y)], steps)
    assert torch.equal(one.weight, cut.weight)


def test_no_pieces_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^0 pieces: a step takes at least 1$"):
        Accumulate(SGD([nn.Parameter(torch.ones(1))], lr=0.1), 0)


def test_a_parameter_without_gradient_stays_without() -> None:
    used, unused = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = Accumulate(SGD([{"params": [used]}, {"params": [unused]}], lr=1.0), 2)
    used.grad = torch.ones(1)
    optimizer.step()
    state = optimizer.state_dict()
    assert state["gradients"][1] is None
    optimizer.step()
    assert used.item() == 0.5
    assert unused.grad is None
    unused.grad = torch.ones(1)
    optimizer.load_state_dict(state)
    assert unused.grad is None


def test_between_batches_no_gradients_are_kept() -> None:
    w = nn.Parameter(torch.ones(1))
    optimizer = Accumulate(SGD([w], lr=1.0), 2)
    w.grad = torch.ones(1)
    assert optimizer.state_dict()["gradients"] == []
    optimizer.step()
    assert len(optimizer.state_dict()["gradients"]) == 1
    optimizer.step()
    assert optimizer.state_dict()["gradients"] == []
    assert optimizer.state_dict()["had"] == 0
