"""The two languages of a page against each other."""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.pages.page import Block, prose, scan
from dlnotes.book.pages.spine import Identity, Item, spine

__all__ = ["Item", "compare", "pairs", "side_by_side", "spine"]


def compare(
    en_text: str, zh_text: str, en_path: str | Path, zh_path: str | Path
) -> list[BookError]:
    """Report where the spines of two pages differ, and figures without a caption.

    A difference is reported at the Chinese page, or at the English one if only it has
    the item. What `scan` finds wrong with one page alone is not repeated.
    """
    en_blocks, zh_blocks = scan(en_text)[0], scan(zh_text)[0]
    errors = [*_captions(en_blocks, en_path), *_captions(zh_blocks, zh_path)]
    en, zh = spine(en_blocks), spine(zh_blocks)
    for tag, i, j, k, m in _matcher(en, zh).get_opcodes():
        if tag != "equal":
            for mine, theirs in zip_longest(zh[k:m], en[i:j]):
                errors.append(_difference(mine, theirs, en_path, zh_path))
    return errors


def prose_pairs(en: list[Block], zh: list[Block]) -> Iterator[tuple[Block, Block]]:
    """Pair the paragraphs and list items of two pages, as far as the spines agree."""
    ours, theirs = spine(en), spine(zh)
    for tag, i, j, k, m in _matcher(ours, theirs).get_opcodes():
        if tag == "equal":
            for mine, twin in zip(ours[i:j], theirs[k:m], strict=True):
                if mine.block and twin.block and prose(mine.block):
                    yield mine.block, twin.block


def _captions(blocks: list[Block], path: str | Path) -> list[BookError]:
    return [
        BookError("@figure without a caption", path, block.line)
        for block in blocks
        if block.directive and block.directive.kind == "figure" and not prose(block)
    ]


def _matcher(en: list[Item], zh: list[Item]) -> difflib.SequenceMatcher[Identity]:
    ours, theirs = ([item.identity for item in items] for items in (en, zh))
    return difflib.SequenceMatcher(None, ours, theirs, autojunk=False)


def _difference(
    zh: Item | None, en: Item | None, en_path: str | Path, zh_path: str | Path
) -> BookError:
    if zh is None:
        assert en is not None
        return BookError(f"{zh_path} lacks {en.label}", en_path, en.line)
    if en is None:
        return BookError(f"{en_path} lacks {zh.label}", zh_path, zh.line)
    place = f"{en_path}:{en.line}"
    if zh.kind == en.kind == "values":
        ours, theirs = Counter(zh.key), Counter(en.key)
        message = (
            f"values differ from {place}: lacks {_list(theirs - ours)}, "
            f"has {_list(ours - theirs)} besides"
        )
    elif zh.label == en.label:
        message = f"{zh.label} differs from the one at {place}"
    else:
        message = f"{zh.label}, but {place} has {en.label}"
    return BookError(message, zh_path, zh.line)


def _list(quoted: Counter[str]) -> str:
    return " ".join(sorted(quoted.elements())) or "none"


def side_by_side(en_text: str, zh_text: str, width: int = 80) -> str:
    """Print two pages' spines side by side where they differ; empty if nowhere.

    `|` stands between items that differ, `<` and `>` beside what one page lacks.
    """
    en, zh = (spine(scan(text)[0]) for text in (en_text, zh_text))
    column = (width - 3) // 2
    groups = []
    for group in _matcher(en, zh).get_grouped_opcodes(2):
        rows = []
        for tag, i, j, k, m in group:
            for ours, theirs in zip_longest(en[i:j], zh[k:m]):
                sign = " " if tag == "equal" else "|"
                sign = "<" if theirs is None else ">" if ours is None else sign
                left, right = _cell(ours, column), _cell(theirs, column)
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


def pairs(docs: Path) -> tuple[list[tuple[Path, Path]], list[BookError]]:
    """Pair the pages of `docs/en` and `docs/zh`; a page without a twin is an error."""
    pages = {
        language: {
            p.relative_to(docs / language) for p in docs.glob(f"{language}/**/*.md")
        }
        for language in ("en", "zh")
    }
    errors = [
        BookError(f"has no twin {docs / other / page}", docs / language / page)
        for language, other in (("en", "zh"), ("zh", "en"))
        for page in sorted(pages[language] - pages[other])
    ]
    both = sorted(pages["en"] & pages["zh"])
    return [(docs / "en" / page, docs / "zh" / page) for page in both], errors
