"""Perplexity: among how many tokens a model is in doubt, on the mean."""

import math

import torch
from torch import Tensor


def perplexity(log_p: Tensor, mask: Tensor | None = None) -> float:
    """Return exp(−mean log p) of the tokens of a text.

    log_p (...) are the natural logarithms of the probabilities that a
    model gave the tokens that came; mask (...) is true where one counts.
    1 is a perfect model, V one that finds V tokens equally likely.

    Raises:
        ValueError: no token counts, or a log p is positive or no number.

    Source: Jelinek and others, Perplexity: a measure of the difficulty of
    speech recognition tasks, 1977.
    """
    counted = counted_tokens(log_p, mask)
    return (-counted.mean()).exp().item()


def bits_per_character(
    log_p: Tensor, characters: int, mask: Tensor | None = None
) -> float:
    """Return −Σ log2 p of the tokens of a text, per character of it.

    So models can be compared whose tokens differ: letters, words, pairs.

    Raises:
        ValueError: there is no character, or as `perplexity` says.
    """
    if characters < 1:
        raise ValueError(f"a text of {characters} characters: at least 1")
    bits = -counted_tokens(log_p, mask).sum().item() / math.log(2)
    return bits / characters


def gap_and_error(
    log_p: Tensor, rival: Tensor, stretch: int = 500
) -> tuple[float, float]:
    """Return the mean of log_p − rival in nats, and its standard error.

    Both are what two models gave the tokens of one text, (N,). They are
    compared by stretches of tokens, since neighbours depend on each other;
    what is left of a stretch at the end does not count.

    Raises:
        ValueError: their shapes differ, or there are not two stretches.
    """
    if log_p.shape != rival.shape or len(log_p) < 2 * stretch:
        raise ValueError(
            f"log p are {tuple(log_p.shape)} and {tuple(rival.shape)}: of "
            f"one text (N,) with two stretches of {stretch} tokens or more"
        )
    stretches = (log_p - rival).unfold(0, stretch, stretch).mean(1)
    error = stretches.std() / len(stretches) ** 0.5
    return stretches.mean().item(), error.item()


def counted_tokens(log_p: Tensor, mask: Tensor | None) -> Tensor:
    """Return the log p that count, (N,) float64.

    Raises:
        ValueError: as `perplexity` says.
    """
    if mask is not None and mask.shape != log_p.shape:
        raise ValueError(
            f"log p is {tuple(log_p.shape)}, the mask {tuple(mask.shape)}: "
            "each token needs one of both"
        )
    counted = log_p.flatten() if mask is None else log_p[mask.bool()]
    if not len(counted):
        raise ValueError("no token counts: the perplexity is not defined")
    wrong = counted[~(counted <= 1e-5)]  # no number, or more than rounding
    if len(wrong):
        raise ValueError(
            f"a log p is {wrong[0].item():.4g}, and that of a probability is "
            "not above 0: is it a loss? Then give −loss"
        )
    return counted.to(torch.float64)
