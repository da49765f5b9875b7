"""Metrics: how good predictions and translations are, for people to read."""

from collections import Counter
from collections.abc import Hashable, Sequence
from math import exp, log

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


Tokens = Sequence[Hashable]
ORDER = 4  # the longest n-grams that BLEU counts


def ngrams(tokens: Tokens, n: int) -> Counter[tuple[Hashable, ...]]:
    """Count the n-grams of a sequence of tokens."""
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


def bleu(
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    smoothing: str = "exp",
) -> float:
    """Return the BLEU of a corpus, from 0 to 100.

    A hypothesis is a sequence of tokens; `references` has, for each, one
    or more sequences. Where no n-gram of an order matches, smoothing "exp"
    halves its count of 1 each time, as sacrebleu does; "none" gives 0.

    Raises:
        ValueError: as `check_sentences`.

    Source: Papineni and others, BLEU, 2002; Chen and Cherry, A systematic
    comparison of smoothing techniques, 2014, method 3.
    """
    check_sentences(hypotheses, references, smoothing)
    matched, total, c, r = [0] * ORDER, [0] * ORDER, 0, 0
    for tokens, several in zip(hypotheses, references, strict=True):
        c += len(tokens)
        r += min((abs(len(s) - len(tokens)), len(s)) for s in several)[1]
        for n in range(ORDER):
            found, allowed = ngrams(tokens, n + 1), ngrams((), n + 1)
            for sequence in several:
                allowed |= ngrams(sequence, n + 1)
            matched[n] += (found & allowed).total()
            total[n] += found.total()
    precisions = smoothed(matched, total, smoothing)
    if min(precisions) == 0:
        return 0.0
    brevity = min(1.0, exp(1 - r / c))
    return 100 * brevity * exp(sum(log(p) for p in precisions) / ORDER)


def smoothed(
    matched: Sequence[int], total: Sequence[int], smoothing: str
) -> list[float]:
    """Return the precision of each order: matched / total.

    With "exp", an order without a match counts 1/2 of one, the next such
    order 1/4, and so on, unless no order has a match.
    """
    share = 1.0 if smoothing == "exp" and any(matched) else 0.0
    precisions = []
    for m, t in zip(matched, total, strict=True):
        share = share if m else share / 2
        precisions.append((m or share) / t if t else 0.0)
    return precisions


def check_sentences(
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    smoothing: str,
) -> None:
    """Refuse what has no BLEU.

    Raises:
        ValueError: there are no sentences, or not as many references; a
            sentence has no reference, or is text in place of tokens; the
            smoothing is unknown.
    """
    if smoothing not in ("exp", "none"):
        raise ValueError(f"smoothing {smoothing!r}: choose 'exp' or 'none'")
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError(
            f"{len(hypotheses)} hypotheses and references for "
            f"{len(references)}: there must be as many, and one at least"
        )
    for n, (tokens, several) in enumerate(
        zip(hypotheses, references, strict=True)
    ):
        if not several:
            raise ValueError(f"sentence {n} has no reference")
        for text in (tokens, several, *several):
            if isinstance(text, str):
                raise ValueError(
                    f"sentence {n}: {text!r} is text: split it into tokens, "
                    "and give the references of a sentence as a list"
                )
