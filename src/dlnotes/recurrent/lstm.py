"""Long short-term memory: a cell that is added to, and what it shows."""

from torch import Tensor
from torch.nn.functional import linear

from dlnotes.recurrent.backward import LSTMOverTime
from dlnotes.recurrent.cell import Cell
from dlnotes.recurrent.layer import Recurrent


def lstm_step(
    x: Tensor,
    h: Tensor,
    c: Tensor,
    W_ih: Tensor,
    W_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the state h and the cell c, (..., hidden), after x (..., C).

    W_ih is (4 hidden, C), W_hh (4 hidden, hidden), the biases (4 hidden,):
    the rows for i, for f, for g and for o, in this order.

    Source: Hochreiter and Schmidhuber, Long short-term memory, 1997; the
    gate f: Gers, Schmidhuber and Cummins, Learning to forget, 2000.
    """
    gates = linear(x, W_ih, b_ih) + linear(h, W_hh, b_hh)
    i, f, g, o = gates.chunk(4, -1)
    i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()  # write, keep, show
    c = f * c + i * g.tanh()
    h = o * c.tanh()
    return h, c


class LSTMCell(Cell):
    """Take one step of a long short-term memory: `lstm_step`."""

    gates = 4

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (..., C) and (h, c), or 0, to the next h and c."""
        h, c = (self.zeros(x), self.zeros(x)) if state is None else state
        weights = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        return lstm_step(x, h, c, *weights)


class LSTM(Recurrent):
    """Long short-term memory over time, with the weights of torch.nn.LSTM."""

    gates = 4
    parts = 2

    def through_time(
        self, inputs: Tensor, W: Tensor, b: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Return all h and all c, (T, B, hidden) each."""
        H, C = LSTMOverTime.apply(inputs, W, b, *state)
        return H, C
