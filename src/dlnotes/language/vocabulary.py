"""From a text to tokens, and from tokens to the numbers of a vocabulary."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

UNKNOWN = "<unk>"  # stands for tokens that are not in the vocabulary


def letters(text: str) -> list[str]:
    """Return the characters of a text: letters, marks and blanks."""
    return list(text)


def words(text: str) -> list[str]:
    """Return the words of a text, each mark by itself, and no blanks."""
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text)


class Vocabulary:
    """Number the tokens of a text, the most frequent ones first.

    `tokens` has them in the order of their ids: first the `specials`, then
    those that occur `min_count` times or more; of equally frequent ones,
    the one that comes first in the text. With "<unk>" among the specials,
    that stands for all others. `ids` has the id of each token.

    Raises:
        ValueError: there are no tokens, or the specials are one string.
    """

    def __init__(
        self,
        tokens: Iterable[str],
        min_count: int = 1,
        specials: Sequence[str] = (),
    ) -> None:
        if isinstance(specials, str):
            raise ValueError(
                f"specials is the string {specials!r}: write ({specials!r},)"
            )
        counts = Counter(tokens).most_common()
        frequent = [token for token, n in counts if n >= min_count]
        self.tokens = list(dict.fromkeys([*specials, *frequent]))
        if not self.tokens:
            raise ValueError(f"no token occurs {min_count} times or more")
        self.ids = {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} tokens)"

    def encode(self, tokens: Iterable[str]) -> Tensor:
        """Return the ids of N tokens, (N,) int64.

        Raises:
            ValueError: a token is unknown, and there is no "<unk>".
        """
        tokens = list(tokens)
        unknown = self.ids.get(UNKNOWN)
        found = [self.ids.get(token, unknown) for token in tokens]
        if unknown is None and None in found:
            at = found.index(None)
            raise ValueError(
                f"token {at} is {tokens[at]!r}, unknown to the vocabulary: "
                f'build it from more text, or with specials=("{UNKNOWN}",)'
            )
        return torch.tensor(found, dtype=torch.int64)

    def decode(self, ids: Tensor) -> list[str]:
        """Return the tokens of ids (N,).

        Raises:
            ValueError: an id is not one of the vocabulary's.
        """
        numbers: list[int] = ids.tolist()
        for i in numbers:
            if not 0 <= i < len(self):
                raise ValueError(
                    f"{i} is no id of {len(self)} tokens: they count from 0"
                )
        return [self.tokens[i] for i in numbers]
