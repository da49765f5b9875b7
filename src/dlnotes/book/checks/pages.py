"""What is wrong with a page: as it is woven, and as it is written."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import Text, different
from dlnotes.book.checks.quantities import misquoted
from dlnotes.book.checks.words import worded
from dlnotes.book.errors import BookError
from dlnotes.book.language import typography
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.woven import page_text, woven


def pages(
    book: Book, sources: Sources, texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield what is wrong with each page; that of unchanged pages is kept."""
    listed = (book.terms, book.quantities)
    words = [path.read_bytes() if path.exists() else b"" for path in listed]
    for language in LANGUAGES:
        made_from = [*words, dict(sources.catalogues.get(language, {}))]
        for path in book.pages(language):
            name = book.name(path)
            first = None if language == FIRST else texts.get(book.docs / FIRST / name)
            page = Text(language, name, texts[path], first)
            yield from woven(book, sources, language, name, page_text(path)).errors
            yield from kept(
                book,
                f"check-{language}",
                name,
                [page.text, page.first, *made_from],
                lambda page=page: _written(book, sources, page),  # type: ignore[misc]
            )


def _written(book: Book, sources: Sources, page: Text) -> Iterator[BookError]:
    for find in OF_A_PAGE:
        yield from find(book, sources, page)


def furnished(_book: Book, _sources: Sources, page: Text) -> Iterator[BookError]:
    """Yield an error for a chapter that shows code, but not how to run it."""
    part = page.name.rpartition("/")[0]
    blocks, _ = scan(page.text)
    kinds = {block.directive.kind for block in blocks if block.directive}
    shows_code = {"source", "code", "run"} & kinds
    if part not in ("", "reference") and shows_code and "setup" not in kinds:
        message = (
            "the chapter shows code: write @setup on a line before its first section"
        )
        yield BookError(message, page.path, 1)


def typeset(_book: Book, _sources: Sources, page: Text) -> Iterator[BookError]:
    """Yield an error for what is certainly wrong in the typography of a page."""
    yield from typography.check(page.text, page.language, page.path)


OF_A_PAGE: tuple[Callable[[Book, Sources, Text], Iterator[BookError]], ...] = (
    furnished,
    typeset,
    different,
    worded,
    misquoted,
)
