"""Each item of the page on misconceptions has a run that settles it, and a test."""

import re
from itertools import groupby
from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.page import scan

HERE = Path(__file__).parent


def items(book: Book, language: str) -> dict[str, list[Block]]:
    """Return the blocks under each heading of the third level."""
    path = book.docs / language / "reference/misconceptions.md"
    found: dict[str, list[Block]] = {}
    ident = ""
    for block in scan(path.read_text(encoding="utf-8"))[0]:
        if block.kind == "heading":
            ident = block.ident if block.level == 3 else ""
        elif ident and block.kind != "blank":
            found.setdefault(ident, []).append(block)
    return found


def settled() -> set[str]:
    """Return what the tests beside this file say they settle."""
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py")]
    return set(re.findall(r'mark\.settles\(\s*"([a-z0-9-]+)"', "\n".join(texts)))


def test_every_item_has_a_test_and_every_such_test_an_item(book: Book) -> None:
    listed = set(items(book, "en"))
    assert len(listed) > 30
    assert settled() == listed


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_item_shows_what_a_run_gave(book: Book, language: str) -> None:
    without = [
        ident
        for ident, blocks in items(book, language).items()
        if not any("[[" in block.text or block.directive for block in blocks)
    ]
    assert without == []


def test_items_stand_under_the_chapter_that_they_link_to(book: Book) -> None:
    text = (book.docs / "en/reference/misconceptions.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^## .*\{#([\w-]+)\}|^→ \[.*\]\((?:.*/)?([\w-]+)\.md#", text, re.M
    )
    chapter = ""
    for is_heading, group in groupby(lines, key=lambda pair: bool(pair[0])):
        for heading, linked in group:
            chapter = heading if is_heading else chapter
            assert is_heading or linked == chapter
