"""A text in English, split by topic; at full scale, tiny Shakespeare."""

import os
import re
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

PERIOD = 8  # of the topics in alphabetical order,
VAL, TEST = 6, 5  # one to validate and one to test


class TextSplits(NamedTuple):
    """Three texts that share no paragraph: to train, to choose, to test."""

    train: str
    val: str
    test: str

    def __repr__(self) -> str:
        train, val, test = (f"{len(text):,}" for text in self)
        return f"TextSplits({train} + {val} + {test} characters)"


def load_text() -> TextSplits:
    """Return the language reference that comes with Python, as letters.

    Its 300,000 characters are a to z and the blank. One topic in eight is
    to validate and one to test. A paragraph that topics share, as a fifth
    of the text is, comes in the first of them alone, so that none of those
    to test is among those to train. At full scale it is tiny Shakespeare,
    with all its symbols, cut by `split_text`.

    Source: Python's documentation, as in `pydoc_data.topics`; Karpathy,
    The Unreasonable Effectiveness of Recurrent Neural Networks, 2015.
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        return split_text(read_text("tinyshakespeare.txt"))
    kept = unique_paragraphs([topics[name] for name in sorted(topics)])
    parts: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for i, paragraphs in enumerate(kept):
        part = {VAL: "val", TEST: "test"}.get(i % PERIOD, "train")
        parts[part] += paragraphs
    return TextSplits(**{name: " ".join(p) for name, p in parts.items()})


def unique_paragraphs(texts: list[str]) -> list[list[str]]:
    """Return the paragraphs of each text, as letters, each one only once.

    What differs in nothing but capitals, marks and digits is the same.
    """
    seen: set[str] = set()
    kept = []
    for text in texts:
        letters = map(letters_only, text.split("\n\n"))
        new = [p for p in dict.fromkeys(letters) if p and p not in seen]
        seen.update(new)
        kept.append(new)
    return kept


def letters_only(text: str) -> str:
    """Return a text in small letters, a blank for whatever lies between."""
    return re.sub("[^a-z]+", " ", text.lower()).strip()


def split_text(text: str) -> TextSplits:
    """Cut off the last tenth to test, and the one before it to validate.

    Raises:
        ValueError: the text has fewer than 10 characters.
    """
    if len(text) < 10:
        raise ValueError(
            f"a text of {len(text)} characters has no tenth: 10 are needed"
        )
    val, test = (len(text) * n // 10 for n in (8, 9))
    return TextSplits(text[:val], text[val:test], text[test:])


def read_text(name: str) -> str:
    """Return the text of a file in the folder of the data.

    That is the folder which the variable DLNOTES_DATA names, or else
    ~/.cache/dlnotes; a path from / on names any file.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: it is empty, or not in UTF-8.
    """
    chosen = os.environ.get("DLNOTES_DATA") or "~/.cache/dlnotes"
    path = Path(chosen).expanduser() / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: put a text there, as a file in UTF-8, or "
            "name another folder in the variable DLNOTES_DATA"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not in UTF-8: byte {error.start} is "
            f"{error.object[error.start]:#04x}; save the text as UTF-8"
        ) from None
    if not text.strip():
        raise ValueError(f"{path} is empty: a text is needed")
    return text
