"""Measure a model on data it was not trained on."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

Indices = np.ndarray
Error = Callable[[Tensor, Tensor, Tensor, Tensor], float]


def train_val_test(
    n: int, val: float = 0.2, test: float = 0.2, *, seed: int
) -> tuple[Indices, Indices, Indices]:
    """Deal 0 .. n - 1 at random into training, validation and test indices.

    `val` and `test` are fractions of n, rounded to whole samples; the
    training set gets the rest.

    Raises:
        ValueError: one of the three sets would be empty.
    """
    in_val, in_test = round(n * val), round(n * test)
    in_train = n - in_val - in_test
    if min(in_train, in_val, in_test) < 1:
        raise ValueError(
            f"n = {n}, val = {val}, test = {test} make sets of "
            f"{in_train}, {in_val} and {in_test}: each needs a sample"
        )
    order = np.random.RandomState(seed).permutation(n)
    rest, tested = order[:-in_test], order[-in_test:]
    return rest[:in_train], rest[in_train:], tested


def k_fold(
    n: int, k: int = 5, seed: int | None = None
) -> list[tuple[Indices, Indices]]:
    """Hold out each of k folds of 0 .. n - 1 once.

    Returns k pairs (training indices, held-out indices), each ascending.
    The folds are k runs of neighbours, or with a seed k random sets; the
    first n mod k of them have one sample more.

    Raises:
        ValueError: k is below 2 or above n.

    Source: equal to scikit-learn's KFold(k), and with a seed to
    KFold(k, shuffle=True, random_state=seed).
    """
    if not 2 <= k <= n:
        raise ValueError(
            f"k = {k} folds of n = {n} samples: k must be between 2 and {n}"
        )
    order = np.arange(n)
    if seed is not None:
        np.random.RandomState(seed).shuffle(order)
    folds = [np.sort(fold) for fold in np.array_split(order, k)]
    return [(np.setdiff1d(order, fold), fold) for fold in folds]


def cross_validate(
    error: Error, X: Tensor, y: Tensor, k: int = 5, seed: int | None = None
) -> Tensor:
    """Return the errors (k,) on the k held-out folds of `k_fold`.

    `error(X_train, y_train, X_val, y_val)` trains a fresh model on the
    first two and returns its error on the last two.
    """
    return torch.tensor(
        [
            error(X[train], y[train], X[val], y[val])
            for train, val in k_fold(len(y), k, seed)
        ],
        dtype=torch.float64,
    )


def bias_variance(predictions: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared bias and the variance at each of N points.

    predictions (fits, N) come from fits to training sets of their own, and
    truth (N,) is free of noise. At every point the mean squared distance of
    the predictions from the truth is the sum of the two.

    Raises:
        ValueError: there are fewer than two fits, or the shapes do not fit.

    Source: Geman, Bienenstock and Doursat 1992.
    """
    if predictions.shape[1:] != truth.shape:
        raise ValueError(
            f"predictions {tuple(predictions.shape)} and truth "
            f"{tuple(truth.shape)}: they must be (fits, N) and (N,)"
        )
    if len(predictions) < 2:
        raise ValueError(
            "one fit has an error, neither bias nor variance: "
            "fit at least two training sets"
        )
    squared_bias = (predictions.mean(dim=0) - truth) ** 2
    return squared_bias, predictions.var(dim=0, correction=0)
