"""Metrics: how good a classifier's predictions are, for people to read."""

import torch
from torch import Tensor


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Return the fraction of rows whose largest score is at their label.

    The scores are (N, K), logits or probabilities; the labels (N,) are
    integers from 0 to K - 1.

    Raises:
        ValueError: there are no rows, or the shapes do not fit.
    """
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"scores {tuple(scores.shape)} and labels {tuple(labels.shape)}: "
            "they must be (N, K) and (N,)"
        )
    if len(labels) == 0:
        raise ValueError("the accuracy of no rows is not defined")
    right = int((scores.argmax(dim=1) == labels).sum())
    return right / len(labels)


def confusion_matrix(
    predicted: Tensor, labels: Tensor, classes: int
) -> Tensor:
    """Count, for each true class (row), what was predicted (column).

    Both are (N,) integers from 0 to classes - 1; the counts are
    (classes, classes) int64 and sum to N.

    Raises:
        ValueError: the shapes differ, or a class is out of range.
    """
    if predicted.shape != labels.shape:
        raise ValueError(
            f"{tuple(predicted.shape)} predictions, "
            f"{tuple(labels.shape)} labels"
        )
    for name, values in (("prediction", predicted), ("label", labels)):
        outside = values[(values < 0) | (values >= classes)]
        if len(outside):
            raise ValueError(
                f"{name} {outside[0].item()} is not a class: "
                f"{classes} classes are numbered 0 to {classes - 1}"
            )
    cells = labels.long() * classes + predicted.long()
    counts = torch.bincount(cells, minlength=classes**2)
    return counts.reshape(classes, classes)
