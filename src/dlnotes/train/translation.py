"""Train a model that translates, have it translate, and score that."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dlnotes.data.pair import Pair
from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.decode.step import Decoded
from dlnotes.hardware import OnDevice
from dlnotes.language.vocabulary import UNKNOWN, Vocabulary
from dlnotes.metrics import bleu
from dlnotes.schedule import cosine, warm_up
from dlnotes.seq2seq.pairs import (
    END,
    PAD,
    SPECIALS,
    START,
    PairBatches,
    masked_cross_entropy,
    pad_rows,
)
from dlnotes.train.batches import tokens
from dlnotes.train.full import best_device, unfinished
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, schedule_lr
from dlnotes.train.loop import train

AT_ONCE = 500  # sentences, when nothing is to be learned from them
LIMIT = 40  # tokens of a translation, at most


class Languages(NamedTuple):
    """Hold the vocabularies: English words, Chinese characters."""

    english: Vocabulary
    chinese: Vocabulary

    def encode(
        self, pairs: Sequence[Pair]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return the tokens of the English and of the Chinese sentences."""
        return (
            [self.english.encode(pair.words) for pair in pairs],
            [self.chinese.encode(pair.characters) for pair in pairs],
        )


class Translations(NamedTuple):
    """Hold the characters of translations, and the log p of each (N,)."""

    sentences: list[list[str]]
    log_p: Tensor


class Score(NamedTuple):
    """Hold a corpus BLEU, 0 to 100, and the share of exact matches."""

    bleu: float
    exact: float


def learn_languages(pairs: Sequence[Pair], min_count: int = 2) -> Languages:
    """Collect what occurs `min_count` times or more in pairs for training.

    Everything else is "<unk>".
    """
    specials = *SPECIALS, UNKNOWN
    words = (word for pair in pairs for word in pair.words)
    characters = (one for pair in pairs for one in pair.characters)
    return Languages(
        Vocabulary(words, min_count, specials),
        Vocabulary(characters, min_count, specials),
    )


def fit_translation(
    model: torch.nn.Module,
    sources: Sequence[Tensor],
    targets: Sequence[Tensor],
    optimizer: torch.optim.Optimizer,
    steps: int,
    batch_size: int = 64,
    label_smoothing: float = 0.0,
) -> History:
    """Train `model`, which maps source and target_in to logits (B, T, V).

    Sources and targets are tokens, as `Languages.encode` gives them, and
    come in `PairBatches`. The optimizer's rate rises for a tenth of the
    steps to what it is, and falls from there to 0 along a cosine;
    gradients are clipped at 1. Of each target all tokens share the part
    `label_smoothing` equally.
    """
    batches = PairBatches(sources, targets, batch_size)
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    clip_gradients(optimizer, threshold=1)
    device, checkpoint = torch.device("cpu"), None
    if os.environ.get("DLNOTES_SCALE") == "full":
        device = best_device()
        smoothing = torch.tensor(label_smoothing)  # tells runs apart, too
        data = [batches.sources, batches.targets, smoothing]
        parts = model.to(device), optimizer
        checkpoint = unfinished(parts, data, steps, every=len(batches))
    stream = OnDevice(batches, device)
    loss = partial(masked_cross_entropy, label_smoothing=label_smoothing)
    return train(
        model, loss, optimizer, stream, steps, (), checkpoint, tokens(PAD)
    )


@torch.no_grad()
def translate(
    model: Any,
    pairs: Sequence[Pair],
    languages: Languages,
    width: int = 1,
    length_penalty: float = 0.0,
) -> Translations:
    """Translate the English of pairs, greedily or with `width` beams.

    `model.start(source)` returns a state, and `model.step` is a `Step`, as
    in `Seq2Seq`. The model is in evaluation mode meanwhile.
    """
    training, device = model.training, next(model.parameters()).device
    model.eval()
    found, log_p = [], []
    for n in range(0, len(pairs), AT_ONCE):
        sources, _ = languages.encode(pairs[n : n + AT_ONCE])
        state = model.start(pad_rows(sources).to(device))
        start = torch.full((len(sources),), START, device=device)
        decoded = decode_all(model, state, start, width, length_penalty)
        found += decoded.until(END)
        log_p.append(decoded.log_p)
    model.train(training)
    names = languages.chinese.tokens
    sentences = [[names[i] for i in row] for row in found]
    return Translations(sentences, torch.cat(log_p).cpu())


def decode_all(
    model: Any, state: Any, start: Tensor, width: int, length_penalty: float
) -> Decoded:
    """Return what a model writes after `start` (N,): one beam is greedy."""
    if width == 1:
        return greedy(model.step, state, start, END, LIMIT)
    return beam_search(
        model.step, state, start, END, width, LIMIT, length_penalty
    )


def score_translation(
    sentences: Sequence[list[str]], pairs: Sequence[Pair]
) -> Score:
    """Score a translation of each pair's English.

    An English sentence that comes in several pairs counts once, and all
    its Chinese ones are its references.

    Raises:
        ValueError: there are not as many translations as pairs, or none.
    """
    if len(sentences) != len(pairs):
        raise ValueError(
            f"{len(sentences)} translations of {len(pairs)} pairs: score "
            "those of the same pairs"
        )
    found: dict[str, list[str]] = {}
    references: dict[str, list[list[str]]] = {}
    for sentence, pair in zip(sentences, pairs, strict=True):
        found[pair.english] = sentence
        references.setdefault(pair.english, []).append(pair.characters)
    right = sum(found[english] in references[english] for english in found)
    corpus = bleu([*found.values()], [*references.values()])
    return Score(corpus, right / len(found))
