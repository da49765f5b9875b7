"""The plain recurrent network: the state is the last output."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from dlnotes.recurrent.backward import RNNOverTime
from dlnotes.recurrent.cell import Cell
from dlnotes.recurrent.layer import Recurrent

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


def rnn_step(
    x: Tensor,
    h: Tensor,
    W_ih: Tensor,
    W_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """Return the state (..., hidden) after x (..., C) and the state h.

    W_ih is (hidden, C), W_hh (hidden, hidden), the biases (hidden,).

    Source: Elman, Finding structure in time, 1990.
    """
    activation = ACTIVATIONS[nonlinearity]
    return activation(linear(x, W_ih, b_ih) + linear(h, W_hh, b_hh))


def check_nonlinearity(nonlinearity: str) -> str:
    """Return the name of an activation.

    Raises:
        ValueError: it is none that a plain recurrent network has.
    """
    if nonlinearity not in ACTIVATIONS:
        raise ValueError(
            f"nonlinearity is {nonlinearity!r}: "
            f"{' or '.join(map(repr, ACTIVATIONS))} is needed"
        )
    return nonlinearity


class RNNCell(Cell):
    """Take one step of a plain recurrent network: `rnn_step`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
    ) -> None:
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = check_nonlinearity(nonlinearity)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Map x (..., C) and h (..., hidden), or 0, to the next h."""
        h = self.zeros(x) if h is None else h
        weights = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        return rnn_step(x, h, *weights, self.nonlinearity)


class RNN(Recurrent):
    """A plain recurrent network, with the weights of torch.nn.RNN.

    Raises:
        ValueError: the nonlinearity is unknown, or as for every layer.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.nonlinearity = check_nonlinearity(nonlinearity)

    def through_time(
        self, inputs: Tensor, W: Tensor, b: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Return a tuple of all h (T, B, hidden) alone."""
        relu = self.nonlinearity == "relu"
        return (RNNOverTime.apply(inputs, W, b, *state, relu),)
