"""The multilayer perceptron: dense layers with an activation between them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Stack dense layers; `sizes` lists the inputs, hidden units, outputs.

    X (..., sizes[0]) becomes (..., sizes[-1]). Nothing follows the last
    layer: for a classifier its outputs are logits.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(c, k) for c, k in pairwise(sizes)
        )
        self.activation = activation

    def forward(self, X: Tensor) -> Tensor:
        *hidden, output = self.layers
        for layer in hidden:
            X = self.activation(layer(X))
        return output(X)
