"""Weave a page for a builder, and know by content what it is woven into."""

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.storage.cache import engine, installed, key_of
from dlnotes.book.weaving.kept import errors, plain
from dlnotes.book.weaving.page import Stash
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.weave import Weaver

PLACE = "\x02wzxhzdk:{}\x03"  # as Python-Markdown writes what stands for HTML
HELD = re.compile("\x02wzxhzdk:(\\d+)\x03")
FORMULA = re.compile("<math.*?</math>", re.DOTALL)

_last: dict[tuple[str, str], tuple[Sources, str, str, list[str]]] = {}


@dataclass(frozen=True)
class Woven:
    """What is known of a woven page.

    Args:
        digest: of its Markdown and all HTML that it holds.
        characters: those that its formulas show, sorted.
        errors: what is wrong with it, with the lines of its file.
    """

    digest: str
    characters: str
    errors: list[BookError]


def weave_page(
    root: Path, sources: Sources, language: str, path: str, text: str, stash: Stash
) -> str:
    """Return a woven page.

    Args:
        root: of the book, to find the lines of front matter above the text.
        sources: what to weave from.
        language: that of the page.
        path: the page's path below its language's folder.
        text: its Markdown without front matter.
        stash: keeps a piece of HTML; returns what stands for it.

    Raises:
        BookError: for everything that is wrong with the page.
    """
    kept = _last.get((language, path))
    if kept and kept[0] is sources and kept[1] == text:
        _, _, body, held = kept
        return HELD.sub(lambda match: stash(held[int(match[1])]), body)
    weaver = Weaver(sources, language, path, f"docs/{language}/{path}", stash)
    woven = weaver.weave(text)
    if weaver.errors:
        raise BookError("\n".join(map(str, _moved(weaver.errors, root, text))))
    return woven


def woven(book: Book, sources: Sources, language: str, path: str, text: str) -> Woven:
    """Return what is known of a page once it is woven; it is kept.

    Args:
        book: the checkout.
        sources: what to weave from.
        language: that of the page.
        path: the page's path below its language's folder.
        text: its Markdown without front matter.
    """
    seen = sources.seen_by(text)
    key = key_of(engine(), installed(), seen.digest, book.configuration, text)
    make = partial(_weave, sources, seen, language, path, _normalised(text))
    known = book.cache.make(f"woven-{language}", path, key, make)
    found = _moved(errors(known["errors"]), book.root, text)
    return Woven(known["digest"], known["characters"], found)


def _weave(
    sources: Sources, seen: Sources, language: str, path: str, text: str
) -> dict[str, Any]:
    """Weave a page from what it can see of the sources."""
    from dlnotes.book.html.maths import characters

    held: list[str] = []

    def hold(html: str) -> str:
        held.append(html)
        return PLACE.format(len(held) - 1)

    weaver = Weaver(seen, language, path, f"docs/{language}/{path}", hold)
    body = weaver.weave(text)
    if weaver.errors and seen is not sources:
        # They had better be told in the light of all snippets.
        return _weave(sources, sources, language, path, text)
    if not weaver.errors:
        _last[language, path] = sources, text, body, held
    return {
        "digest": key_of(body, held),
        "characters": "".join(sorted(characters(FORMULA.findall("\n".join(held))))),
        "errors": plain(weaver.errors),
    }


def page_text(path: Path) -> str:
    """Return the Markdown of a page without its front matter, as the builder does."""
    from mkdocs.utils.meta import get_data

    text: str = get_data(path.read_text(encoding="utf-8-sig"))[0]
    return text


@lru_cache(maxsize=256)
def _normalised(text: str) -> str:
    """Return a text as Python-Markdown hands it to its extensions."""
    from markdown import Markdown

    converter = Markdown()
    lines = converter.preprocessors["normalize_whitespace"].run(text.split("\n"))
    return "\n".join(lines)


def _moved(found: list[BookError], root: Path, text: str) -> list[BookError]:
    """Return errors of a text with the lines of its file.

    Above the text the file has lines of front matter, which the builder takes off.
    """
    moved = []
    for error in found:
        path = root / str(error.path)
        whole = path.read_text(encoding="utf-8") if path.is_file() else text
        above = whole.rstrip().count("\n") - text.rstrip().count("\n")
        moved.append(type(error)(error.message, error.path, (error.line or 1) + above))
    return moved
