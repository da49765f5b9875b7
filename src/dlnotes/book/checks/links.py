"""Links of a language's pages: to pages, headings and runs that exist."""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.inline import inline
from dlnotes.book.pages.page import prose, scan
from dlnotes.book.weaving.sources import Sources

_OUTSIDE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

Anchors = dict[str, set[str]]


def dangling(
    book: Book, _sources: Sources, texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each link of a page that leads nowhere.

    Links to `runs/<name>.*` are right although the file is yet to be made.
    """
    for language in LANGUAGES:
        pages = {book.name(path): scan(texts[path])[0] for path in book.pages(language)}
        anchors = {
            page: {block.ident for block in blocks if block.ident}
            for page, blocks in pages.items()
        }
        docs, known = book.docs / language, book.snippets
        for page, blocks in pages.items():
            for target, line in _links(blocks):
                if message := _fault(docs, page, target, anchors, known):
                    yield BookError(message, Path("docs", language, page), line)


def _links(blocks: list[Block]) -> Iterator[tuple[str, int]]:
    for block in blocks:
        text = prose(block)
        for piece in inline(text):
            if piece.kind in ("link", "image"):
                yield piece.content, block.line + text.count("\n", 0, piece.start)


def _fault(
    docs: Path, page: str, target: str, anchors: Anchors, known: Collection[str]
) -> str:
    """Say what is wrong with a link of a page; empty if nothing is."""
    if target.startswith("/"):
        return f"absolute link {target}; link to the .md file, relative to this one"
    if _OUTSIDE.match(target):
        return ""
    path, _, anchor = unquote(target).partition("#")
    path = path.partition("?")[0]
    goal = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    goal = goal if path else page
    if not target or goal.startswith(".."):
        return f"link {target!r} leads out of the book" if target else "empty link"
    if goal in anchors:
        return _anchor_fault(target, anchor, anchors[goal])
    if goal.startswith("runs/"):
        name = posixpath.basename(goal).partition(".")[0]
        return "" if name in known else f"link {target}: no run is called {name}"
    if goal.endswith(".html") or not posixpath.splitext(goal)[1]:
        return f"link {target}: link to the .md file, relative to this one"
    shared = goal.startswith("assets/") and (docs.parent / goal).is_file()
    return "" if shared or (docs / goal).is_file() else f"link {target}: no such file"


def _anchor_fault(target: str, anchor: str, idents: set[str]) -> str:
    if not anchor or anchor in idents:
        return ""
    return f"link {target}: no heading there has {{#{anchor}}}"
