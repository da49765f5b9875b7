"""How running text is set: Chinese beside Latin, punctuation, joined lines."""

import re
from collections.abc import Mapping
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.locales.characters import HAN, NEUTRAL, SOLID, WIDE
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.inline import visible
from dlnotes.book.pages.page import front_matter, prose, scan

_SYMBOL = re.compile(r":(?:material|octicons|fontawesome|simple)-[\w-]+:|&#?\w+;")
_WORDS = re.compile("T恤|X光|卡拉OK")

Rules = Mapping[str, re.Pattern[str]]

_JOIN = re.compile(
    rf"(?<=[{HAN}{WIDE}“”‘’—…])[ \t]?\n[ \t]*(?=[{HAN}{WIDE}“”‘’—…])"
    rf"|(?<=[{WIDE}])[ \t]?\n[ \t]*(?=[{SOLID}\x02])(?!\d+[.)]\s)"
    rf"|(?<=[{SOLID}\x03])[ \t]?\n[ \t]*(?=[{WIDE}])"
)
_LEAD = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+\.)[ \t]+)?", re.MULTILINE)


def check(text: str, language: str, path: str | Path | None = None) -> list[BookError]:
    """Report what is certainly wrong in the typography of a page or a text."""
    rules = LANGUAGES[language].typography
    blocks, _ = scan(text)
    try:
        found = _check_front(blocks, rules)
    except BookError as error:
        found = [(error.line or 1, error.message)]
    for block in blocks:
        words = prose(block)
        for at, message in _faults(words, rules, block.kind == "table"):
            found.append((block.line + words.count("\n", 0, at), message))
    return [BookError(message, path, line) for line, message in found]


def bind_arrows(text: str) -> str:
    """Keep an arrow on the line of the link that it points to."""
    return text.replace("→ [", "→\N{NO-BREAK SPACE}[")


def join_han(text: str) -> str:
    """Join a paragraph's lines where a reader of Chinese would see a stray space.

    A newline goes between Han characters, and beside full-width punctuation; emphasis
    marks and links between them are looked through. One between Han and Latin stays,
    as do hard line breaks. Python-Markdown's placeholders count as Latin. Not for
    tables: their lines are rows.
    """
    shown, offsets = visible(text)
    gone = {offsets[i] for match in _JOIN.finditer(shown) for i in range(*match.span())}
    return "".join(char for i, char in enumerate(text) if i not in gone)


def _check_front(blocks: list[Block], rules: Rules) -> list[tuple[int, str]]:
    """Check the title and the description of the front matter: (line, message)."""
    matter = front_matter(blocks)
    return [
        (number, message)
        for key in ("title", "description")
        for number, line in enumerate(blocks[0].lines if blocks else (), 1)
        if line.startswith(f"{key}:")
        for _, message in _faults(str(matter.get(key) or ""), rules, False)
    ]


def _faults(text: str, rules: Rules, is_table: bool) -> list[tuple[int, str]]:
    """Find what breaks a rule, one fault a place: (offset, message)."""
    shown, offsets = visible(text)
    shown = _WORDS.sub(lambda match: "字" * len(match[0]), shown)
    shown = _SYMBOL.sub(lambda match: NEUTRAL * len(match[0]), shown)
    shown = _LEAD.sub(lambda match: "\n" * len(match[0]), shown)
    if is_table:
        shown = re.sub(r"[ \t]*\|[ \t]*", lambda match: "\n" * len(match[0]), shown)
    faults: dict[int, str] = {}
    for message, pattern in rules.items():
        for match in pattern.finditer(shown):
            at = offsets[match.start()]
            faults.setdefault(at, f"{message}: {_excerpt(text, at)}")
    return sorted(faults.items())


def _excerpt(text: str, at: int, around: int = 10) -> str:
    """Show the part of a line around an offset."""
    start = max(text.rfind("\n", 0, at) + 1, at - around)
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return text[start : min(end, at + around)].strip()
