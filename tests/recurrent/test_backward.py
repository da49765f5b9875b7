"""Backpropagation through time by hand against autograd's of every step."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from compared import assert_same, numbers
from dlnotes.recurrent.backward import (
    GRUOverTime,
    LSTMOverTime,
    RNNOverTime,
    backwards,
    weight_gradients,
)
from dlnotes.recurrent.gru import GRU, gru_step
from dlnotes.recurrent.lstm import LSTM, lstm_step
from dlnotes.recurrent.rnn import RNN, rnn_step

OVER_TIME: list[Any] = [
    (RNNOverTime, rnn_step, 1, 1, (False,)),
    (RNNOverTime, rnn_step, 1, 1, (True,)),
    (GRUOverTime, gru_step, 3, 1, ()),
    (LSTMOverTime, lstm_step, 4, 2, ()),
]


def arguments(T: int, gates: int, parts: int) -> list[Tensor]:
    """Return inputs, W, b and the state of B = 3 rows and 4 hidden units."""
    shapes = [(T, 3, 4 * gates), (4 * gates, 4), (4 * gates,), *[(3, 4)] * parts]
    return [numbers(*shape, seed=n) for n, shape in enumerate(shapes)]


@pytest.mark.parametrize(("over_time", "step", "gates", "parts", "more"), OVER_TIME)
@pytest.mark.parametrize("T", [1, 2, 5])
class TestOverTime:
    def test_equals_the_graph_of_all_steps(
        self, over_time: Any, step: Any, gates: int, parts: int, more: Any, T: int
    ) -> None:
        """An identity in place of W_ih hands each step its inputs as they are."""
        identity = torch.eye(4 * gates).double()
        kind = ("relu" if more[0] else "tanh",) if more else ()

        def ours(*known: Tensor) -> Tensor:
            found = over_time.apply(*known, *more)
            return found if parts == 1 else torch.cat(found)

        def graph(inputs: Tensor, W: Tensor, b: Tensor, *state: Tensor) -> Tensor:
            steps: list[list[Tensor]] = [[] for _ in range(parts)]
            for x in inputs.unbind():
                found = step(x, *state, identity, W, None, b, *kind)
                state = found if parts == 2 else (found,)
                for part, value in zip(steps, state, strict=True):
                    part.append(value)
            return torch.cat([torch.stack(part) for part in steps])

        assert_same(ours, graph, *arguments(T, gates, parts))

    def test_changes_no_argument_and_no_gradient_in_place(
        self, over_time: Any, step: Any, gates: int, parts: int, more: Any, T: int
    ) -> None:
        known = arguments(T, gates, parts)
        copies = [x.clone().requires_grad_() for x in known]
        found = over_time.apply(*copies, *more)
        Y = found if parts == 1 else torch.cat(found)
        slopes = numbers(*Y.shape, seed=9)
        kept = slopes.clone()
        first = torch.autograd.grad(Y, copies, slopes, retain_graph=True)
        again = torch.autograd.grad(Y, copies, slopes)
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        torch.testing.assert_close(copies, known, rtol=0, atol=0)
        assert torch.equal(slopes, kept)

    def test_has_no_second_derivative(
        self, over_time: Any, step: Any, gates: int, parts: int, more: Any, T: int
    ) -> None:
        known = [x.requires_grad_() for x in arguments(T, gates, parts)]
        found = over_time.apply(*known, *more)
        Y = found if parts == 1 else found[0]
        (g,) = torch.autograd.grad(Y.square().sum(), known[0], create_graph=True)
        with pytest.raises(RuntimeError, match="differentiate twice"):
            g.sum().backward()


@pytest.mark.parametrize("layer", [RNN, GRU, LSTM])
def test_a_changed_output_is_noticed(layer: Any) -> None:
    """Rather than a wrong gradient there is an error, or the right gradient."""
    model, X = layer(3, 4).double(), numbers(2, 5, 3).requires_grad_()
    (expected,) = torch.autograd.grad(2 * model(X)[0].square().sum(), X)
    Y, _ = model(X)
    (found,) = torch.autograd.grad(Y.mul_(2**0.5).square().sum(), X)
    torch.testing.assert_close(found, expected)


def test_backwards_goes_from_the_last_step_to_the_first() -> None:
    a, b = torch.arange(3), torch.arange(6).view(3, 2)
    found = [(x.item(), y.tolist()) for x, y in backwards(a, b)]
    assert found == [(2, [4, 5]), (1, [2, 3]), (0, [0, 1])]


def test_weight_gradients_are_sums_over_all_steps() -> None:
    deltas, h_0, H = numbers(3, 2, 8), numbers(2, 4, seed=1), numbers(3, 2, 4, seed=2)
    W = numbers(8, 4, seed=3).requires_grad_()
    b = numbers(8, seed=4).requires_grad_()
    states = [h_0, *H]
    sent = torch.stack([linear(h, W, b) for h, _ in pairwise(states)])
    expected = torch.autograd.grad(sent, [W, b], deltas)
    torch.testing.assert_close(weight_gradients(deltas, h_0, H), expected)
