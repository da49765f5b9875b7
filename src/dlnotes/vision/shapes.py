"""What comes out of each layer of a model, without computing it."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Layer(NamedTuple):
    """A row of a table of layers; `shape` is that of what it returns."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


def layer_shapes(
    model: nn.Module, shape: Sequence[int], depth: int = 2
) -> list[Layer]:
    """List a model's layers in the order in which inputs pass them.

    Layers are the modules at this depth below the model, and those above
    that have no modules of their own.

    Args:
        model: any module that takes one tensor.
        shape: of the inputs, such as (B, C, H, W).
        depth: 1 for the parts of a model, more for the parts of these.

    Raises:
        ValueError: the depth is less than 1.
    """
    layers = layers_at(model, depth)
    names = {layer: name for name, layer in layers}
    rows = []
    for layer, found in output_shapes(model, shape, list(names)):
        parameters = sum(W.numel() for W in layer.parameters())
        kind = type(layer).__name__
        rows.append(Layer(names[layer], kind, found, parameters))
    return rows


def multiplications(model: nn.Module, shape: Sequence[int]) -> int:
    """Count the multiplications in a model's layers for inputs of a shape.

    A layer with a weight of two axes or more uses each of its entries once
    for each place of its output; other layers are not counted.
    """
    weights = {
        layer: W.numel()
        for layer in model.modules()
        for W in layer.parameters(recurse=False)
        if W.ndim >= 2
    }
    found = output_shapes(model, shape, list(weights))
    return sum(
        weights[layer] * prod(shape) // shape[1] for layer, shape in found
    )


def output_shapes(
    model: nn.Module, shape: Sequence[int], layers: Sequence[nn.Module]
) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """Return which of the layers a model calls and the shapes they return.

    Nothing is computed and nothing of the model changes: tensors on
    PyTorch's device "meta", which have a shape and no numbers, take the
    place of its parameters.
    """
    found: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(layer: nn.Module, _: object, output: Tensor) -> None:
        found.append((layer, tuple(output.shape)))

    training = {layer: layer.training for layer in model.modules()}
    state = {name: W.to("meta") for name, W in model.state_dict().items()}
    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        model.eval()  # batch norm then takes a single pixel, too
        empty = torch.empty(*shape, device="meta")
        functional_call(model, state, empty, tie_weights=False)
    finally:
        for handle in handles:
            handle.remove()
        for layer, mode in training.items():
            layer.training = mode
    return found


def layers_at(model: nn.Module, depth: int) -> list[tuple[str, nn.Module]]:
    """Return the names and modules that `layer_shapes` tells of.

    Raises:
        ValueError: the depth is less than 1.
    """
    if depth < 1:
        raise ValueError(f"a depth of {depth}: it must be 1 or more")
    found: list[tuple[str, nn.Module]] = []
    for name, child in model.named_children():
        inner = list(child.children())
        if depth == 1 or not inner:
            found.append((name, child))
        else:
            below = layers_at(child, depth - 1)
            found += [(f"{name}.{rest}", layer) for rest, layer in below]
    return found
