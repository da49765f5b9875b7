"""Byte-pair encoding: tokens between letters and words, from their counts."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor

Pair = tuple[int, int]
BYTES = 256  # the first tokens: one for each value of a byte

# A word or a row of marks, with the blank before it; or other blanks.
WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s+(?!\S)|\s")


def learn_merges(text: str, count: int) -> list[Pair]:
    """Return which pairs of tokens to merge, at most `count`, in order.

    Tokens 0 to 255 are the bytes of UTF-8; the pair that is most frequent
    inside the words becomes token 256, and so on. Of equally frequent
    pairs it is the one with the smaller numbers. Where every word has
    become a token, there is no pair left.

    Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare
    Words with Subword Units, 2016, section 3.2.
    """
    words = Counter(WORD.findall(text))
    spelled = {word: list(word.encode()) for word in words}
    pairs: Counter[Pair] = Counter()
    holders: dict[Pair, set[str]] = defaultdict(set)  # words with the pair
    merges: list[Pair] = []
    changed = set(words)
    while True:
        for word in changed:
            for pair in pairwise(spelled[word]):
                pairs[pair] += words[word]
                holders[pair].add(word)
        if len(merges) >= count or not (pairs := +pairs):
            return merges
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        changed = holders.pop(best)
        for word in changed:
            for pair in pairwise(spelled[word]):
                pairs[pair] -= words[word]
            new = BYTES + len(merges) - 1
            spelled[word] = merge(spelled[word], best, new)


def merge(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """Return ids with `new` in the place of each pair, from the left on."""
    merged: list[int] = []
    i = 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new if found else ids[i])
        i += 2 if found else 1
    return merged


class BytePairs:
    """Write any text as tokens, by the merges that were learned from one.

    `tokens` has the bytes of each: 256 single ones, then one per merge.

    Raises:
        ValueError: a merge uses a token that is made after it.
    """

    def __init__(self, merges: Sequence[Pair]) -> None:
        self.tokens = [bytes([i]) for i in range(BYTES)]
        for pair in merges:
            if not all(0 <= i < len(self.tokens) for i in pair):
                raise ValueError(
                    f"merge {len(self) - BYTES} is of {pair}, but there are "
                    f"only {len(self)} tokens before it: keep the order in "
                    "which they were learned"
                )
            self.tokens.append(self.tokens[pair[0]] + self.tokens[pair[1]])
        self.new = {pair: BYTES + i for i, pair in enumerate(merges)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"BytePairs({len(self):,} tokens)"

    def encode(self, text: str) -> Tensor:
        """Return the ids of the tokens of a text, (N,) int64."""
        spell = cache(self.spell)
        ids = [i for word in WORD.findall(text) for i in spell(word)]
        return torch.tensor(ids, dtype=torch.int64)

    def spell(self, word: str) -> list[int]:
        """Return the ids of a word: what was learned first, merged first."""
        ids = list(word.encode())
        while known := [p for p in pairwise(ids) if p in self.new]:
            first = min(known, key=lambda pair: self.new[pair])
            ids = merge(ids, first, self.new[first])
        return ids

    def decode(self, ids: Tensor) -> str:
        """Return the text of ids (N,).

        Where bytes make no character, as those that a model draws may do
        and those of a character cut in two, there is a � instead.

        Raises:
            ValueError: an id is not one of a token.
        """
        numbers: list[int] = ids.tolist()
        for i in numbers:
            if not 0 <= i < len(self):
                raise ValueError(
                    f"{i} is no id of {len(self)} tokens: they count from 0"
                )
        return b"".join(self.tokens[i] for i in numbers).decode(
            errors="replace"
        )
