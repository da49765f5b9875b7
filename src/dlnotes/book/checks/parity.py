"""The pages of each language against those of the first."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.html.results import KINDS
from dlnotes.book.locales.languages import FIRST, LANGUAGES, others
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.page import prose, scan
from dlnotes.book.pages.spine import Identity, Item, spine
from dlnotes.book.weaving.sources import Sources


@dataclass(frozen=True)
class Text:
    """A page as it is written.

    Args:
        language: its code.
        name: its path below its language's folder.
        text: its Markdown.
        first: that of the page of this name in the first language; None for that page
            itself, and where there is none.
    """

    language: str
    name: str
    text: str
    first: str | None

    @property
    def path(self) -> Path:
        """What errors call it."""
        return Path("docs", self.language, self.name)


def twins(
    book: Book, _sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each page that another language lacks."""
    pages = {code: [*map(book.name, book.pages(code))] for code in LANGUAGES}
    for language in others():
        for code, other in ((FIRST, language), (language, FIRST)):
            for page in sorted({*pages[code]} - {*pages[other]}):
                message = f"has no twin docs/{other}/{page}"
                yield BookError(message, Path("docs", code, page), 1)


def different(_book: Book, _sources: Sources, page: Text) -> Iterator[BookError]:
    """Yield an error for each output without a caption, and for what has no twin."""
    yield from _captions(scan(page.text)[0], page.path)
    if page.first is not None:
        first = Path("docs", FIRST, page.name)
        yield from compare(page.first, page.text, first, page.path)


def differing(book: Book, texts: Mapping[Path, str]) -> Iterator[str]:
    """Yield the spines of the pages that differ from their twins, side by side."""
    for language in others():
        for path in book.pages(language):
            first = texts.get(book.docs / FIRST / book.name(path))
            if first is not None and (shown := side_by_side(first, texts[path], 100)):
                yield shown


def compare(
    text: str, twin: str, path: str | Path, twin_path: str | Path
) -> Iterator[BookError]:
    """Yield an error for each place where the spines of two pages differ.

    A difference is reported at the twin, or at the page of the first language if only
    that has the item.
    """
    ours, theirs = spine(scan(text)[0]), spine(scan(twin)[0])
    for tag, i, j, k, m in _matcher(ours, theirs).get_opcodes():
        if tag != "equal":
            for item, other in zip_longest(ours[i:j], theirs[k:m]):
                yield _difference(item, other, path, twin_path)


def prose_pairs(page: list[Block], twin: list[Block]) -> Iterator[tuple[Block, Block]]:
    """Pair the paragraphs and list items of two pages, as far as the spines agree."""
    ours, theirs = spine(page), spine(twin)
    for tag, i, j, k, m in _matcher(ours, theirs).get_opcodes():
        if tag == "equal":
            for item, other in zip(ours[i:j], theirs[k:m], strict=True):
                if item.block and other.block and prose(item.block):
                    yield item.block, other.block


def _captions(blocks: list[Block], path: str | Path) -> list[BookError]:
    return [
        BookError(f"@{block.directive.kind} without a caption", path, block.line)
        for block in blocks
        if block.directive and not prose(block)
        if (kind := KINDS.get(block.directive.kind)) and kind.needs_caption
    ]


def _matcher(ours: list[Item], theirs: list[Item]) -> SequenceMatcher[Identity]:
    first, second = ([item.identity for item in items] for items in (ours, theirs))
    return SequenceMatcher(None, first, second, autojunk=False)


def _difference(
    ours: Item | None, theirs: Item | None, path: str | Path, twin_path: str | Path
) -> BookError:
    if theirs is None:
        assert ours is not None
        return BookError(f"{twin_path} lacks {ours.label}", path, ours.line)
    if ours is None:
        return BookError(f"{path} lacks {theirs.label}", twin_path, theirs.line)
    place = f"{path}:{ours.line}"
    if theirs.kind == ours.kind == "values":
        here, there = Counter(theirs.key), Counter(ours.key)
        message = (
            f"values differ from {place}: lacks {_list(there - here)}, "
            f"has {_list(here - there)} besides"
        )
    elif theirs.label == ours.label:
        message = f"{theirs.label} differs from the one at {place}"
    else:
        message = f"{theirs.label}, but {place} has {ours.label}"
    return BookError(message, twin_path, theirs.line)


def _list(quoted: Counter[str]) -> str:
    return " ".join(sorted(quoted.elements())) or "none"


def side_by_side(text: str, twin: str, width: int = 80) -> str:
    """Print two pages' spines side by side where they differ; empty if nowhere.

    `|` stands between items that differ, `<` and `>` beside what one page lacks.
    """
    ours, theirs = (spine(scan(page)[0]) for page in (text, twin))
    column = (width - 3) // 2
    groups = []
    for group in _matcher(ours, theirs).get_grouped_opcodes(2):
        rows = []
        for tag, i, j, k, m in group:
            for item, other in zip_longest(ours[i:j], theirs[k:m]):
                sign = " " if tag == "equal" else "|"
                sign = "<" if other is None else ">" if item is None else sign
                left, right = _cell(item, column), _cell(other, column)
                rows.append(f"{left} {sign} {right}".rstrip())
        groups.append("\n".join(rows))
    return "\n...\n".join(groups)


def _cell(item: Item | None, width: int) -> str:
    """Fit an item into a column; Chinese characters are two wide."""
    text = f"{item.line:>4} {item.label}" if item else ""
    room, fitted = width, ""
    for char in text:
        room -= 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if room < 0:
            break
        fitted += char
    return fitted + " " * max(room, 0)
