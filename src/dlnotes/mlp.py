"""The multilayer perceptron: dense layers with an activation between them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Stack dense layers; `sizes` lists the inputs, hidden units, outputs.

    Nothing follows the last layer: for a classifier its outputs are logits.

    Raises:
        ValueError: `sizes` has fewer than two entries.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(
                f"sizes {list(sizes)} make no layer: "
                "give at least the inputs and the outputs"
            )
        layers = [nn.Linear(*ends) for ends in pairwise(sizes)]
        self.layers = nn.ModuleList(layers)
        self.activation = activation

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., sizes[0]) to outputs (..., sizes[-1])."""
        *hidden, output = self.layers
        for layer in hidden:
            X = self.activation(layer(X))
        Y: Tensor = output(X)
        return Y
