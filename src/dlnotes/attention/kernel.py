"""Attention without anything learned, or just a width: kernel regression."""

import torch
from torch import Tensor, nn

from dlnotes.attention.softmax import masked_softmax


def kernel_weights(
    queries: Tensor,
    keys: Tensor,
    width: Tensor | float,
    mask: Tensor | None = None,
) -> Tensor:
    """Return how much each of keys (S,) counts for queries (T,): (T, S).

    The weights of a query are Gaussian bells of the `width` around it,
    divided by their sum over the keys that the mask allows.

    Raises:
        TypeError, ValueError: the mask is not one that `masked_softmax`
            takes.

    Source: Nadaraya, On estimating regression, 1964; Watson, Smooth
    regression analysis, 1964.
    """
    distances = (queries[:, None] - keys) / width  # (T, S)
    return masked_softmax(-distances.square() / 2, mask)


def leave_one_out(N: int) -> Tensor:
    """Return the mask (N, N) by which no key is looked at by itself."""
    return ~torch.eye(N, dtype=torch.bool)


class KernelRegression(nn.Module):
    """Predict by `kernel_weights` of a width that is learned.

    Raises:
        ValueError: the width to begin with is not positive.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        if width <= 0:
            raise ValueError(f"width is {width}: a positive one is needed")
        self.log_width = nn.Parameter(torch.tensor(width).log())

    @property
    def width(self) -> Tensor:
        """Return the width (), which stays positive whatever is learned."""
        return self.log_width.exp()

    def forward(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Return the predictions (T,): means of values (S,)."""
        return kernel_weights(queries, keys, self.width, mask) @ values
