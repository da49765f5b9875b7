"""The pages of each language against those of the first."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import partial
from itertools import zip_longest
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.html.results import KINDS
from dlnotes.book.locales.languages import FIRST, others
from dlnotes.book.pages.page import Block, prose, scan
from dlnotes.book.pages.spine import Identity, Item, spine
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources


def twins(
    book: Book, _sources: Sources, texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each page or part of one that only one language has."""
    for language in others():
        yield from pairs(book, language)[1]
        for _, errors in _compared(book, language, texts):
            yield from errors


def differing(book: Book, texts: Mapping[Path, str]) -> Iterator[str]:
    """Yield the spines of the pages that differ from their twins, side by side."""
    for language in others():
        for pair, errors in _compared(book, language, texts):
            if errors:
                yield side_by_side(*pair, 100)


def _compared(
    book: Book, language: str, texts: Mapping[Path, str]
) -> Iterator[tuple[tuple[str, str], list[BookError]]]:
    """Yield each pair of pages, and its errors, which are kept."""
    for paths in pairs(book, language)[0]:
        pair = texts[paths[0]], texts[paths[1]]
        find = partial(compare, *pair, *map(book.relative, paths))
        name = book.name(paths[0])
        yield pair, kept(book, f"check-twins-{language}", name, pair, find)


def compare(
    text: str, twin: str, path: str | Path, twin_path: str | Path
) -> list[BookError]:
    """Report where the spines of two pages differ, and outputs without a caption.

    A difference is reported at the twin, or at the page of the first language if only
    that has the item. What `scan` finds wrong with one page alone is not repeated.
    """
    blocks, twin_blocks = scan(text)[0], scan(twin)[0]
    errors = [*_captions(blocks, path), *_captions(twin_blocks, twin_path)]
    ours, theirs = spine(blocks), spine(twin_blocks)
    for tag, i, j, k, m in _matcher(ours, theirs).get_opcodes():
        if tag != "equal":
            for item, other in zip_longest(ours[i:j], theirs[k:m]):
                errors.append(_difference(item, other, path, twin_path))
    return errors


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


def pairs(book: Book, language: str) -> tuple[list[tuple[Path, Path]], list[BookError]]:
    """Pair the pages of the first language with those of another.

    A page without a twin is an error.
    """
    pages = {code: {*map(book.name, book.pages(code))} for code in (FIRST, language)}
    errors = [
        BookError(f"has no twin docs/{other}/{page}", Path("docs", code, page), 1)
        for code, other in ((FIRST, language), (language, FIRST))
        for page in sorted(pages[code] - pages[other])
    ]
    both = sorted(pages[FIRST] & pages[language])
    return [(book.docs / FIRST / p, book.docs / language / p) for p in both], errors
