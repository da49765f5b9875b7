"""Pairs of sentences of Tatoeba, read from a file that is already there.

The file is `cmn.txt` of https://www.manythings.org/anki: in each line an
English sentence, a Chinese one and where they come from, between tabs.
"""

import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Tatoeba(NamedTuple):
    """Pairs (English, Chinese), and what was wrong with other lines."""

    pairs: list[tuple[str, str]]
    skipped: list[str]


def read_tatoeba(name: str = "cmn.txt") -> Tatoeba:
    """Read the file of that name: distinct pairs, in its order.

    It lies in the folder that the variable DLNOTES_DATA names, or else in
    ~/.cache/dlnotes. A line without two sentences is skipped; how many
    are, and the first of them, is said on stderr.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: it is not UTF-8, or no line of it is a pair.
        ImportError: zhconv is missing.
    """
    path = _path(name)
    simplify = _converter()
    pairs: dict[tuple[str, str], None] = {}
    skipped: list[str] = []
    lines = _lines(path)
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) < 2 or not all(fields[:2]):
            skipped.append(f"line {number}: {line[:60]!r} is no pair")
            continue
        english = " ".join(split_words(fields[0]))
        pairs[english, clean_chinese(simplify(fields[1]))] = None
    if not pairs:
        raise ValueError(
            f"{path} holds no pairs: a line must have an English sentence, "
            "a tab, and a Chinese sentence"
        )
    if skipped:
        print(
            f"{path}: {len(skipped)} of {len(lines)} lines skipped, "
            f"the first is {skipped[0]}",
            file=sys.stderr,
        )
    return Tatoeba(list(pairs), skipped)


def split_words(sentence: str) -> list[str]:
    """Split an English sentence into lower-case words and marks.

    "Tom's" becomes "tom" and "'s", and "don't" becomes "don" and "'t".
    """
    plain = sentence.lower().replace("’", "'")
    return re.findall(r"\w+(?:-\w+)*|'\w+|[^\w\s]", plain)


def clean_chinese(sentence: str) -> str:
    """Take blanks out between characters, and make marks full-width."""
    text = re.sub(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])", "", sentence)
    for narrow, wide in zip(",?!:;", "，？！：；", strict=True):
        text = re.sub(rf"(?<!\d){re.escape(narrow)}", wide, text)
    return re.sub(r"(?<=[^\x00-\x7f])\.$", "。", text)


def _path(name: str) -> Path:
    """Return where the file must be."""
    chosen = os.environ.get("DLNOTES_DATA") or "~/.cache/dlnotes"
    path = Path(chosen).expanduser() / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: download cmn-eng.zip from "
            "https://www.manythings.org/anki and put its cmn.txt there, or "
            "name another folder with the variable DLNOTES_DATA"
        )
    return path


def _lines(path: Path) -> list[str]:
    """Return the lines of a file."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8: byte {error.start} does not fit"
        ) from error


def _converter() -> Callable[[str], str]:
    """Return what turns traditional characters into simplified ones."""
    try:
        from zhconv import convert
    except ImportError as error:
        raise ImportError(
            "Tatoeba mixes traditional and simplified characters; what "
            "converts them is missing: pip install zhconv"
        ) from error
    with warnings.catch_warnings():  # at first it reads a file, left open
        warnings.simplefilter("ignore", ResourceWarning)
        convert("", "zh-hans")
    return lambda text: str(convert(text, "zh-hans"))
