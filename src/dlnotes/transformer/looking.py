"""What a Transformer looks at: the weights of every layer and head."""

from typing import NamedTuple

import torch
from torch import Tensor

from dlnotes.transformer.block import Weights
from dlnotes.transformer.model import Transformer


class Maps(NamedTuple):
    """Hold the weights of all layers and heads.

    `encoder` is (layers, B, h, S, S): each row is a token of the source,
    each column one that it looks at. `decoder` (layers, B, h, T, T) is the
    same of the target, `across` (layers, B, h, T, S) from target to source.
    """

    encoder: Tensor
    decoder: Tensor
    across: Tensor


@torch.no_grad()
def attention_maps(
    model: Transformer, source: Tensor, target_in: Tensor
) -> Maps:
    """Return where a model looks that is given both sentences.

    The sources are (B, S), target_in (B, T). The model is in evaluation
    mode meanwhile.

    Raises:
        ValueError: its attention keeps no weights.
    """
    training = model.training
    model.eval()
    memory, mask, encoder = model.encode(source)
    _, weights = model.decode(target_in, memory, mask)
    model.train(training)
    decoder, across = zip(*weights, strict=True)
    return Maps(stacked(encoder), stacked(decoder), stacked(across))


def stacked(weights: list[Weights] | tuple[Weights, ...]) -> Tensor:
    """Return the weights of all layers as one tensor.

    Raises:
        ValueError: there are none.
    """
    kept = [w for w in weights if w is not None]
    if len(kept) < len(weights):
        raise ValueError(
            "this attention keeps no weights: build the model with "
            "attention=attention, and load the state of this one"
        )
    return torch.stack(kept)
