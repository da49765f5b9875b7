"""The softmax that leaves out what a mask forbids."""

import torch
from torch import Tensor

from dlnotes.attention.masks import check_mask


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn scores (..., S) into weights that sum to 1 along the last axis.

    Where the mask, which expands to the shape of the scores, is false, the
    weight and the gradient of the score are 0. If it is false for a whole
    row, there is nothing to look at, and all its weights are 0.

    Raises:
        TypeError: the mask is not of true and false.
        ValueError: it does not expand to the shape of the scores.
    """
    if mask is None:
        return scores.softmax(dim=-1)
    check_mask(mask, scores.shape)
    low = torch.finfo(scores.dtype).min  # −∞ makes a row without keys 0 / 0
    weights = scores.masked_fill(~mask, low).softmax(dim=-1)
    return weights.masked_fill(~mask, 0)
