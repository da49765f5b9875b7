"""Images with labels, in the three sets that every experiment needs."""

from math import isqrt
from typing import NamedTuple

from torch import Tensor


class ImageSet(NamedTuple):
    """Images in rows, X (N, C), and their labels y (N,).

    The C = side² grey values of an image go from 0 to 1, float32, line by
    line; the labels are int64, from 0 on.
    """

    X: Tensor
    y: Tensor

    @property
    def side(self) -> int:
        """How many pixels an image is wide, and high."""
        return isqrt(self.X.shape[1])

    @property
    def images(self) -> Tensor:
        """X as a convolution takes it: (N, 1, side, side)."""
        return self.X.reshape(-1, 1, self.side, self.side)

    def __repr__(self) -> str:
        size = f"{self.side} × {self.side}"
        return f"ImageSet({len(self.X):,} images of {size} pixels)"


class Splits(NamedTuple):
    """Three sets that share no image: to train, to choose, to test once."""

    train: ImageSet
    val: ImageSet
    test: ImageSet

    @property
    def side(self) -> int:
        """How many pixels an image is wide, and high."""
        return self.train.side
