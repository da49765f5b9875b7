"""What the recurrent layers share: depth, two directions, lengths."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

from dlnotes.nested import map_tensors
from dlnotes.recurrent.cell import check_features, draw_weights
from dlnotes.recurrent.lengths import (
    check_lengths,
    flipped,
    last,
    packed_like,
    padding,
    unpacked,
)
from dlnotes.regularize import Dropout

SUFFIXES = "ih", "hh"
LayerWeights = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


class Recurrent(nn.Module):
    """Run a recurrence over time, in layers and in one or two directions.

    A subclass runs the steps of one layer. The parameters have the names,
    shapes and first values of those of PyTorch's layers; the batch comes
    first. There are no second derivatives: a cell, step by step, has them.

    Args:
        input_size: the features C of an input.
        hidden_size: of each layer and direction.
        num_layers: each runs over the outputs of the one below.
        bias: whether the gates have biases.
        dropout: the probability, while training, between two layers.
        bidirectional: run over time backwards, too, and hand on both.

    Raises:
        ValueError: a size is not positive, or the dropout no probability.
    """

    gates = 1
    parts = 1  # of a state

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers is {num_layers}: 1 is the least")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bidirectional = num_layers, bidirectional
        self.dropout = Dropout(dropout)
        self.ways = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            for way in self.ways:
                sizes = input_size, hidden_size, self.gates
                for name, drawn in draw_weights(*sizes, bias):
                    self.register_parameter(f"{name}_l{layer}{way}", drawn)
            input_size = hidden_size * len(self.ways)

    def weights(self, layer: int, way: str) -> LayerWeights:
        """Return W_ih, W_hh, b_ih, b_hh of a layer and a direction."""
        end = f"_l{layer}{way}"
        W_ih, W_hh = (self._parameters[f"weight_{k}{end}"] for k in SUFFIXES)
        b_ih, b_hh = (self._parameters[f"bias_{k}{end}"] for k in SUFFIXES)
        assert W_ih is not None
        assert W_hh is not None
        return W_ih, W_hh, b_ih, b_hh

    def through_time(
        self, inputs: Tensor, W: Tensor, b: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the parts of all states, (T, B, hidden) each.

        The inputs (T, B, gates · hidden) have met W_ih already: only what
        waits for the step before, W_hh and b_hh, comes step by step.
        """
        raise NotImplementedError

    def one_way(
        self,
        X: Tensor,
        lengths: Tensor | None,
        state: tuple[Tensor, ...],
        layer: int,
        way: str,
    ) -> tuple[Tensor, list[Tensor]]:
        """Run over X (T, B, C): the outputs (T, B, hidden), the last state."""
        W_ih, W_hh, b_ih, b_hh = self.weights(layer, way)
        if b_hh is None:
            b_hh = W_hh.new_zeros(len(W_hh))
        if way:
            X = flipped(X, lengths)
        inputs = linear(X, W_ih, b_ih)
        states = self.through_time(inputs, W_hh, b_hh, *state)
        Y = flipped(states[0], lengths) if way else states[0]
        return Y, [last(part, lengths) for part in states]

    def all_layers(
        self,
        X: Tensor,
        lengths: Tensor | None,
        states: Iterator[tuple[Tensor, ...]],
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Run all layers over X (T, B, C), each from its own first state."""
        final = []
        for layer in range(self.num_layers):
            if layer:
                X = self.dropout(X)
            Y = []
            for way in self.ways:
                run = self.one_way(X, lengths, next(states), layer, way)
                Y.append(run[0])
                final.append(run[1])
            X = torch.cat(Y, -1)  # (T, B, ways · hidden)
        return X, final

    def forward(
        self,
        X: Tensor | PackedSequence,
        state: Any = None,
        lengths: Tensor | None = None,
    ) -> tuple[Any, Any]:
        """Map X (B, T, C) to outputs (B, T, ways · hidden) and a state.

        A state is (layers · ways, B, hidden), or a pair of such for an
        LSTM; without one, the first is 0. With `lengths` (B,), the outputs
        behind the end of a row are 0, and its last state is the one at its
        end. A packed X gives packed outputs, a single X (T, C) single ones.

        Raises:
            ValueError: a shape does not suit the layer.
        """
        if isinstance(X, PackedSequence):
            rows, lengths = unpacked(X)
            Y, state = self(rows, state, lengths)
            return packed_like(Y, lengths, X), state
        if X.ndim == 2:
            state = map_tensors(lambda part: part[:, None], state)
            Y, state = self(X[None], state, lengths)
            return Y[0], map_tensors(lambda part: part[:, 0], state)
        first = self.first_states(X, state)
        if lengths is not None:
            lengths = check_lengths(X, lengths)
        Y, final = self.all_layers(X.transpose(0, 1), lengths, first)
        if lengths is not None:
            Y = Y.masked_fill(padding(len(Y), lengths)[..., None], 0)
        parts = [torch.stack(part) for part in zip(*final, strict=True)]
        last_state = parts[0] if self.parts == 1 else tuple(parts)
        return Y.transpose(0, 1), last_state

    def first_states(
        self, X: Tensor, state: Any
    ) -> Iterator[tuple[Tensor, ...]]:
        """Return an iterator over the first states of layers and ways.

        Raises:
            ValueError: X or the state has another shape.
        """
        check_features(X, self.input_size)
        if X.ndim != 3 or not X.shape[1]:
            raise ValueError(
                f"X has shape {tuple(X.shape)}: (B, T, C) or (T, C) "
                "with at least one step is needed"
            )
        shape = self.num_layers * len(self.ways), len(X), self.hidden_size
        if state is None:
            state = (X.new_zeros(shape),) * self.parts
        elif isinstance(state, Tensor):
            state = (state,)
        shapes = [tuple(part.shape) for part in state]
        if shapes != [shape] * self.parts:
            needed = "h" if self.parts == 1 else "a pair (h, c)"
            raise ValueError(
                f"the state has shape {', '.join(map(str, shapes))}: {needed} "
                f"of {shape} is needed (layers and directions, rows, hidden)"
            )
        return zip(*state, strict=True)
