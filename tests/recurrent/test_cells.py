"""One step: its formulas, PyTorch's cells, and what it refuses."""

from math import exp, tanh
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from compared import assert_same, numbers
from dlnotes.recurrent.gru import GRUCell, gru_step
from dlnotes.recurrent.lstm import LSTMCell, lstm_step
from dlnotes.recurrent.rnn import RNNCell, rnn_step

CELLS: list[Any] = [
    (RNNCell, nn.RNNCell, {}),
    (RNNCell, nn.RNNCell, {"nonlinearity": "relu"}),
    (GRUCell, nn.GRUCell, {}),
    (LSTMCell, nn.LSTMCell, {}),
]


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def scalars(n: int) -> list[list[float]]:
    """Return W_ih, W_hh, b_ih and b_hh of n gates of one unit, as numbers."""
    return [numbers(n, seed=k).tolist() for k in range(4)]


def tensors(weights: list[list[float]]) -> list[Tensor]:
    W_ih, W_hh, b_ih, b_hh = (torch.tensor(w, dtype=torch.float64) for w in weights)
    return [W_ih[:, None], W_hh[:, None], b_ih, b_hh]


def one(*values: float) -> list[Tensor]:
    return [torch.tensor([value], dtype=torch.float64) for value in values]


@given(x=st.floats(-3, 3), h=st.floats(-1, 1))
def test_rnn_step_by_hand(x: float, h: float) -> None:
    weights = scalars(1)
    W, U, b, d = (w[0] for w in weights)
    found = rnn_step(*one(x, h), *tensors(weights)).item()
    assert found == pytest.approx(tanh(W * x + b + U * h + d), abs=1e-12)
    found = rnn_step(*one(x, h), *tensors(weights), nonlinearity="relu").item()
    assert found == pytest.approx(max(0, W * x + b + U * h + d), abs=1e-12)


@given(x=st.floats(-3, 3), h=st.floats(-1, 1))
def test_gru_step_by_hand(x: float, h: float) -> None:
    weights = scalars(3)
    (r, R), (z, Z), (n, N) = [
        (W * x + b, U * h + d) for W, U, b, d in zip(*weights, strict=True)
    ]
    z, candidate = sigmoid(z + Z), tanh(n + sigmoid(r + R) * N)
    found = gru_step(*one(x, h), *tensors(weights)).item()
    assert found == pytest.approx((1 - z) * candidate + z * h, abs=1e-12)


@given(x=st.floats(-3, 3), h=st.floats(-1, 1), c=st.floats(-3, 3))
def test_lstm_step_by_hand(x: float, h: float, c: float) -> None:
    weights = scalars(4)
    i, f, g, o = [W * x + b + U * h + d for W, U, b, d in zip(*weights, strict=True)]
    c_next = sigmoid(f) * c + sigmoid(i) * tanh(g)
    found = lstm_step(*one(x, h, c), *tensors(weights))
    assert found[1].item() == pytest.approx(c_next, abs=1e-12)
    assert found[0].item() == pytest.approx(sigmoid(o) * tanh(c_next), abs=1e-12)


@pytest.mark.parametrize("shape", [(), (4,), (2, 4)])
@pytest.mark.parametrize(("step", "gates"), [(rnn_step, 1), (gru_step, 3)])
def test_steps_work_over_any_leading_axes(
    step: Any, gates: int, shape: tuple[int, ...]
) -> None:
    """Each row by itself, and without biases as with biases of 0."""
    W = numbers(gates * 5, 3, seed=1), numbers(gates * 5, 5, seed=2)
    x, h = numbers(*shape, 3, seed=3), numbers(*shape, 5, seed=4)
    found = step(x, h, *W)
    rows = [step(x, h, *W) for x, h in zip(x.view(-1, 3), h.view(-1, 5), strict=True)]
    torch.testing.assert_close(found.view(-1, 5), torch.stack(rows))
    zero = torch.zeros(gates * 5).double()
    torch.testing.assert_close(found, step(x, h, *W, zero, zero), rtol=0, atol=0)


def states(cell: nn.Module, *shape: int) -> list[Tensor]:
    parts = 2 if isinstance(cell, LSTMCell | nn.LSTMCell) else 1
    return [numbers(*shape, 5, seed=9 + n) for n in range(parts)]


def step_of(cell: nn.Module) -> Any:
    """Return cell(x, *state) as one tensor."""

    def step(x: Tensor, *state: Tensor) -> Tensor:
        if len(state) == 2:
            return torch.stack(cell(x, state))
        found: Tensor = cell(x, *state)
        return found

    return step


@pytest.mark.parametrize(("ours", "theirs", "settings"), CELLS)
class TestCells:
    @pytest.mark.parametrize("shape", [(), (4,)])
    @pytest.mark.parametrize("bias", [True, False])
    def test_equal_torchs(
        self, ours: Any, theirs: Any, settings: Any, bias: bool, shape: tuple[int, ...]
    ) -> None:
        mine = ours(3, 5, bias=bias, **settings).double()
        other = theirs(3, 5, bias=bias, **settings).double()
        mine.load_state_dict(other.state_dict())
        x = numbers(*shape, 3)
        assert_same(step_of(mine), step_of(other), x, *states(mine, *shape))
        mine.zero_grad(), other.zero_grad()
        for cell in (mine, other):
            step_of(cell)(x, *states(cell, *shape)).sum().backward()
        gradients = [[p.grad for p in cell.parameters()] for cell in (mine, other)]
        torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)

    def test_without_a_state_it_is_0(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        cell = ours(3, 5, **settings).double()
        x = numbers(4, 3)
        zeros = [torch.zeros_like(part) for part in states(cell, 4)]
        found = torch.stack(cell(x)) if len(zeros) == 2 else cell(x)
        torch.testing.assert_close(found, step_of(cell)(x, *zeros), rtol=0, atol=0)

    def test_draws_the_weights_that_torch_draws(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        drawn = []
        for cell in (ours, theirs):
            torch.manual_seed(3)
            drawn.append(cell(3, 5, **settings).state_dict())
        assert list(drawn[0]) == list(drawn[1])
        torch.testing.assert_close(*drawn, rtol=0, atol=0)

    def test_refuses_other_features(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        with pytest.raises(
            ValueError, match=r"^X has shape \(4, 2\): 3 features are needed$"
        ):
            ours(3, 5, **settings)(torch.zeros(4, 2))

    @pytest.mark.parametrize("sizes", [(0, 5), (3, 0), (-1, 5)])
    def test_refuses_to_be_empty(
        self, ours: Any, theirs: Any, settings: Any, sizes: tuple[int, int]
    ) -> None:
        message = (
            rf"^sizes are {sizes[0]} inputs and {sizes[1]} hidden units: "
            "at least one of each is needed$"
        )
        with pytest.raises(ValueError, match=message):
            ours(*sizes, **settings)


def test_an_unknown_nonlinearity() -> None:
    message = "^nonlinearity is 'sin': 'tanh' or 'relu' is needed$"
    with pytest.raises(ValueError, match=message):
        RNNCell(3, 5, nonlinearity="sin")
