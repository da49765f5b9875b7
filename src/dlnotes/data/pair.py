"""A sentence and its translation, and the tokens that they are cut into."""

import re
from typing import NamedTuple


class Pair(NamedTuple):
    """A sentence in lower-case English, with blanks, and in Chinese."""

    english: str
    chinese: str

    @property
    def words(self) -> list[str]:
        """The words of the English sentence; a mark is a word."""
        return self.english.split()

    @property
    def characters(self) -> list[str]:
        """The characters of the Chinese sentence; a number is one."""
        return split_characters(self.chinese)


def split_characters(text: str) -> list[str]:
    """Split Chinese into characters, but not a Latin word or a number.

    The result is that of `tokenize="zh"` in sacrebleu.
    """
    return re.findall(
        r"\d+(?:[.,]\d+)+|[A-Za-z0-9]+(?:(?:'|(?<!\d)-)[A-Za-z]+)*|\S", text
    )
