"""The gated recurrent unit: what to read of the state, what to keep."""

from torch import Tensor
from torch.nn.functional import linear

from dlnotes.recurrent.backward import GRUOverTime
from dlnotes.recurrent.cell import Cell
from dlnotes.recurrent.layer import Recurrent


def gru_step(
    x: Tensor,
    h: Tensor,
    W_ih: Tensor,
    W_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """Return the state (..., hidden) after x (..., C) and the state h.

    W_ih is (3 hidden, C), W_hh (3 hidden, hidden), the biases (3 hidden,):
    the rows for r, for z and for n, in this order.

    Source: Cho et al., Learning phrase representations using RNN
    encoder-decoder, 2014, eqs. 5–8; r comes after W_hh here, as in cuDNN.
    """
    x_r, x_z, x_n = linear(x, W_ih, b_ih).chunk(3, -1)
    h_r, h_z, h_n = linear(h, W_hh, b_hh).chunk(3, -1)
    r = (x_r + h_r).sigmoid()  # how much of h the candidate sees
    z = (x_z + h_z).sigmoid()  # how much of h stays
    n = (x_n + r * h_n).tanh()  # the candidate
    return (1 - z) * n + z * h


class GRUCell(Cell):
    """Take one step of a gated recurrent unit: `gru_step`."""

    gates = 3

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Map x (..., C) and h (..., hidden), or 0, to the next h."""
        h = self.zeros(x) if h is None else h
        weights = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        return gru_step(x, h, *weights)


class GRU(Recurrent):
    """Gated recurrent units over time, with the weights of torch.nn.GRU."""

    gates = 3

    def through_time(
        self, inputs: Tensor, W: Tensor, b: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Return a tuple of all h (T, B, hidden) alone."""
        return (GRUOverTime.apply(inputs, W, b, *state),)
