"""Gradients through time against autograd's of each state; gates that are open."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from compared import numbers
from dlnotes.recurrent.gru import GRU, GRUCell
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.recurrent.memory import open_gates, state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell

CELLS = [RNNCell, GRUCell, LSTMCell, nn.RNNCell, nn.GRUCell, nn.LSTMCell]


def loss(h: Tensor) -> Tensor:
    return (h * numbers(*h.shape, seed=4)).sum() + h.square().sum()


def parts_of(state: Any) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else list(state)


def restarted(cell: Any, X: Tensor, t: int) -> list[float]:
    """Return the norms at step t, whose state begins a graph of its own."""
    state = None
    with torch.no_grad():
        for x in X[:, : t + 1].unbind(1):
            state = cell(x, state)
    leaves = [part.requires_grad_() for part in parts_of(state)]
    for x in X[:, t + 1 :].unbind(1):
        state = cell(x, state)
    gradients = list(torch.autograd.grad(loss(parts_of(state)[0]), leaves))
    if len(leaves) == 2:  # what c does through h = o tanh(c) of its own step
        h, c = (part.detach() for part in leaves)
        gradients[1] = gradients[1] + gradients[0] * h / c.tanh() * (1 - c.tanh() ** 2)
    return [g.norm().item() for g in gradients]


@pytest.mark.parametrize("cell", CELLS)
def test_equal_to_those_of_each_state_as_a_beginning(cell: Any) -> None:
    torch.manual_seed(0)
    cell = cell(3, 5).double()
    X = numbers(2, 6, 3)
    norms = state_gradients(cell, X, loss)
    with torch.no_grad():
        torch.testing.assert_close(state_gradients(cell, X, loss), norms)
    assert not X.requires_grad
    assert all(p.grad is None for p in cell.parameters())
    for t in range(5):
        expected = torch.tensor(restarted(cell, X, t), dtype=torch.float64)
        torch.testing.assert_close(norms[:, t], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("cell", "parts"), [(GRUCell, 1), (LSTMCell, 2)])
def test_the_last_state_by_hand(cell: Any, parts: int) -> None:
    cell = cell(3, 5).double()
    X = numbers(2, 4, 3)
    norms = state_gradients(cell, X, Tensor.sum)
    assert norms.shape == (parts, 4)
    assert norms[0, -1].item() == pytest.approx(10**0.5)  # of ten ones
    if parts == 2:  # dh/dc = o (1 − tanh² c)
        state = None
        for x in X.unbind(1):
            before, state = state, cell(x, state)
        h, c = state
        slopes = h / c.tanh() * (1 - c.tanh() ** 2)
        assert before is not None
        assert norms[1, -1].item() == pytest.approx(slopes.norm().item())


def test_a_linear_network_by_hand() -> None:
    """With a ReLU that is always open, dL/dh_t is dL/dh_T W^(T − t)."""
    cell = RNNCell(1, 2, nonlinearity="relu").double()
    W = torch.tensor([[0.5, 0.2], [0.1, 0.9]]).double()
    with torch.no_grad():
        cell.weight_hh.copy_(W)
        cell.weight_ih.fill_(0)
        cell.bias_ih.fill_(1)
        cell.bias_hh.fill_(0)
    (norms,) = state_gradients(cell, numbers(1, 5, 1), Tensor.sum)
    one = torch.ones(2).double()
    expected = [(one @ torch.linalg.matrix_power(W, 4 - t)).norm() for t in range(5)]
    torch.testing.assert_close(norms, torch.stack(expected))


GATED: list[Any] = [
    (GRUCell, 3),
    (LSTMCell, 4),
    (nn.GRUCell, 3),
    (nn.LSTMCell, 4),
    (GRU, 3),
    (LSTM, 4),
    (nn.GRU, 3),
    (nn.LSTM, 4),
]


@pytest.mark.parametrize(("module", "gates"), GATED)
@pytest.mark.parametrize("bias", [1.0, -2.5])
def test_the_second_gate_opens_and_nothing_else_changes(
    module: Any, gates: int, bias: float
) -> None:
    deep = () if module.__name__.endswith("Cell") else (2,)
    layer = module(3, 5, *deep)
    if deep:
        layer = module(3, 5, 2, bidirectional=True)
    before = {name: p.clone() for name, p in layer.named_parameters()}
    open_gates(nn.Sequential(nn.Linear(3, 3), layer), bias)
    for name, p in layer.named_parameters():
        expected = before[name].clone()
        assert len(expected) == gates * 5
        if "bias_ih" in name:
            expected[5:10] = bias
        if "bias_hh" in name:
            expected[5:10] = 0
        assert torch.equal(p, expected), name
        assert p.requires_grad


@pytest.mark.parametrize("cell", [GRUCell, LSTMCell])
def test_an_open_gate_keeps_what_there_is(cell: Any) -> None:
    """σ(3) = .95 of the state stays where nothing else speaks."""
    cell = cell(3, 5)
    for p in cell.parameters():
        nn.init.zeros_(p)
    open_gates(cell, 3.0)
    state = torch.ones(2, 5)
    x = torch.zeros(2, 3)
    kept = cell(x, state) if isinstance(cell, GRUCell) else cell(x, (state, state))[1]
    torch.testing.assert_close(kept, torch.full((2, 5), 1 / (1 + 2.718281828**-3)))


@pytest.mark.parametrize(
    "module",
    [RNN(3, 5), RNNCell(3, 5), nn.Linear(3, 5), GRU(3, 5, bias=False)],
)
def test_nothing_to_open(module: nn.Module) -> None:
    message = "^there is nothing to open: no GRU or LSTM with biases in the model$"
    with pytest.raises(ValueError, match=message):
        open_gates(module, 3.0)


def test_an_open_gate_carries_gradients_further() -> None:
    """The closed one's vanish: over 40 steps, for three draws of the weights."""
    for seed in range(3):
        torch.manual_seed(seed)
        for cell in (GRUCell(4, 16), LSTMCell(4, 16)):
            X = torch.randn(8, 40, 4)
            closed = state_gradients(cell, X, Tensor.sum)[-1]
            open_gates(cell, 3.0)
            opened = state_gradients(cell, X, Tensor.sum)[-1]
            assert closed[0] / closed[-1] < 1e-4
            assert opened[0] / opened[-1] > 1e-2
