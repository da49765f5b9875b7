"""Handwritten digits, split once and for all; at full scale, MNIST."""

import os

import torch
from sklearn import datasets

from dlnotes.data.images import ImageSet, Splits
from dlnotes.data.mnist import load_mnist


def load_digits() -> Splits:
    """Return scikit-learn's 1,797 digits of 8 × 8 pixels in three sets.

    1,077 are for training, 360 for validation, 360 for the test; the
    order before cutting is shuffled, the same for everybody.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten
    Digits, UCI, 1998 (its test part).
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        return load_mnist("MNIST")
    bunch = datasets.load_digits()
    X = torch.tensor(bunch.data / 16, dtype=torch.float32)  # (1797, 64)
    y = torch.tensor(bunch.target)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    parts = torch.split(order, [1077, 360, 360])
    return Splits(*(ImageSet(X[rows], y[rows]) for rows in parts))
