"""Handwritten digits, split once and for all."""

import os
from typing import NamedTuple

import torch
from sklearn import datasets
from torch import Tensor

from dlnotes.data.mnist import load_mnist

Data = tuple[Tensor, Tensor]


class Digits(NamedTuple):
    """Three sets of images with labels.

    Each set is X (N, side²), grey values from 0 to 1, float32, row by row,
    and y (N,), the digits 0 to 9, int64.
    """

    train: Data
    val: Data
    test: Data
    side: int


def load_digits() -> Digits:
    """Return scikit-learn's 1,797 digits of 8 × 8 pixels in three sets.

    1,077 are for training, 360 for validation, 360 for the test; the
    order before cutting is shuffled, the same for everybody. At full
    scale (DLNOTES_SCALE=full) it is MNIST, 28 × 28 pixels.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten
    Digits, UCI, 1998 (its test part).
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        return Digits(*load_mnist("MNIST"), side=28)
    bunch = datasets.load_digits()
    X = torch.tensor(bunch.data / 16, dtype=torch.float32)
    y = torch.tensor(bunch.target)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    train, val, test = ((X[i], y[i]) for i in order.split([1077, 360, 360]))
    return Digits(train, val, test, side=8)
