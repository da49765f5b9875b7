"""What the cells share: their weights, and the state before the first step."""

from collections.abc import Iterator
from math import sqrt

import torch
from torch import Tensor, nn


def draw_weights(
    input_size: int, hidden_size: int, gates: int, bias: bool
) -> Iterator[tuple[str, nn.Parameter | None]]:
    """Yield the names and parameters of a cell with some gates.

    All are uniform in ±1 / √hidden_size, as PyTorch draws them; W_ih is
    (gates · hidden, in), W_hh (gates · hidden, hidden).

    Raises:
        ValueError: a size is not positive.
    """
    if input_size < 1 or hidden_size < 1:
        raise ValueError(
            f"sizes are {input_size} inputs and {hidden_size} hidden units: "
            "at least one of each is needed"
        )
    bound = 1 / sqrt(hidden_size)
    for kind, columns in (("ih", input_size), ("hh", hidden_size)):
        W = torch.empty(gates * hidden_size, columns)
        yield f"weight_{kind}", nn.Parameter(W.uniform_(-bound, bound))
    for kind in ("ih", "hh"):
        b = torch.empty(gates * hidden_size)
        drawn = nn.Parameter(b.uniform_(-bound, bound)) if bias else None
        yield f"bias_{kind}", drawn


class Cell(nn.Module):
    """Own the weights of one step; the step itself is a subclass's.

    The parameters have the names, shapes and first values of those of
    PyTorch's cells.

    Raises:
        ValueError: a size is not positive.
    """

    gates = 1
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        sizes = input_size, hidden_size, self.gates
        for name, drawn in draw_weights(*sizes, bias):
            self.register_parameter(name, drawn)

    def zeros(self, x: Tensor) -> Tensor:
        """Return the state (..., hidden) before the first x (..., in).

        Raises:
            ValueError: x has another number of features.
        """
        check_features(x, self.input_size)
        return x.new_zeros(*x.shape[:-1], self.hidden_size)


def check_features(X: Tensor, features: int) -> None:
    """Refuse inputs of another number of features.

    Raises:
        ValueError: the last axis of X is not so long.
    """
    if X.shape[-1] != features:
        raise ValueError(
            f"X has shape {tuple(X.shape)}: {features} features are needed"
        )
