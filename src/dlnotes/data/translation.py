"""English sentences and their Chinese translations, by a grammar.

At full scale, the pairs of Tatoeba, whose file has to be there already.
"""

import os
from random import Random
from typing import NamedTuple

from dlnotes.data.grammar.sentences import draw_sentence
from dlnotes.data.pair import Pair
from dlnotes.data.tatoeba import read_tatoeba
from dlnotes.seed import shifted

COMBINATIONS = (  # their words are in the training set, but never together
    "red hat",
    "old car",
    "new book",
    "big dog",
    "beautiful coat",
    "black pen",
)
WORDS = 12  # at most, in the sentences for training; a full stop counts


class TranslationSplits(NamedTuple):
    """Five sets of pairs that share no English sentence.

    `combinations` are sentences with an adjective and a noun that never
    come together in the training set; `longer` are longer than all there.
    """

    train: list[Pair]
    val: list[Pair]
    test: list[Pair]
    combinations: list[Pair]
    longer: list[Pair]


def draw_pairs(count: int, seed: int) -> list[Pair]:
    """Draw pairs from the grammar; no English sentence comes twice."""
    rng = Random(shifted(seed))
    found: dict[str, str] = {}
    while len(found) < count:
        english, chinese = draw_sentence(rng)
        found[english] = chinese
    return [Pair(*sentence) for sentence in found.items()]


def load_translation() -> TranslationSplits:
    """Return 20,000 pairs for training, 1,000 to validate, 1,000 to test.

    They have at most 12 English words and no adjective with a noun of
    `COMBINATIONS`; 250 further pairs have one of these, and 500 are longer.
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        return load_tatoeba()
    near: list[Pair] = []
    combined: list[Pair] = []
    longer: list[Pair] = []
    for pair in draw_pairs(32_000, seed=0):
        unseen = any(f" {words}" in pair.english for words in COMBINATIONS)
        if len(pair.words) > WORDS:
            longer += [] if unseen else [pair]
        else:
            (combined if unseen else near).append(pair)
    train, val, test = near[:20_000], near[20_000:21_000], near[21_000:22_000]
    return TranslationSplits(train, val, test, combined[:250], longer[:500])


def load_tatoeba(words: int = 15, characters: int = 25) -> TranslationSplits:
    """Split the pairs of Tatoeba by their English sentences.

    1,000 English sentences with all their translations validate, and 1,000
    test; pairs with more words or characters than told are `longer`. No
    combination is held out: that set is empty.

    Raises:
        FileNotFoundError, ValueError, ImportError: as `read_tatoeba`.
    """
    near: dict[str, list[Pair]] = {}
    longer: list[Pair] = []
    for pair in (Pair(*texts) for texts in read_tatoeba().pairs):
        if len(pair.words) > words or len(pair.characters) > characters:
            longer.append(pair)
        else:
            near.setdefault(pair.english, []).append(pair)
    sentences = list(near)
    Random(shifted(0)).shuffle(sentences)
    parts = sentences[2000:], sentences[1000:2000], sentences[:1000]
    train, val, test = ([p for en in part for p in near[en]] for part in parts)
    return TranslationSplits(train, val, test, [], longer)
