"""Long short-term memory: a cell that is added to, and what it shows."""

from torch import Tensor
from torch.nn.functional import linear

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
    return lstm_state(linear(x, W_ih, b_ih), linear(h, W_hh, b_hh), c)


def lstm_state(
    from_x: Tensor, from_h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the next h and c, given what x and h send to the gates.

    `from_x` and `from_h` are (..., 4 hidden), c is (..., hidden).
    """
    i, f, g, o = (from_x + from_h).chunk(4, -1)
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

    def update(
        self, from_x: Tensor, from_h: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Return the next h and c, (B, hidden) each."""
        return lstm_state(from_x, from_h, state[1])
