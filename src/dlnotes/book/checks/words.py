"""Check the words of the book, wherever it has them, and in all languages."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import Text, prose_pairs
from dlnotes.book.errors import BookError
from dlnotes.book.language import typography
from dlnotes.book.language.terminology import unnamed, unpaired
from dlnotes.book.language.terms import unclaimed
from dlnotes.book.language.wording import Rendering, banned, of_terms, read_instead
from dlnotes.book.locales.languages import FIRST, others
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.sources import Sources


def worded(book: Book, sources: Sources, page: Text) -> Iterator[BookError]:
    """Yield an error for each word of a page that is not the book's, or is missing."""
    terms, language = sources.terms, page.language
    if language != FIRST:
        yield from banned(page.text, _renderings(book, sources, language), page.path)
    if page.first is not None:
        pairs = prose_pairs(scan(page.first)[0], scan(page.text)[0])
        yield from unpaired(pairs, terms, language, page.path)
    yield from unnamed(page.name, page.path, page.text, terms, language)


def words(
    book: Book, sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each wrong word outside the pages, and unclaimed concept."""
    yield from unclaimed(book, list(sources.terms))
    for language in others():
        renderings = _renderings(book, sources, language)
        path = book.relative(book.catalogue(language))
        for label in sources.catalogues[language].values():
            for error in banned(label, renderings, path):
                yield BookError(error.message, error.path)
        path = book.relative(book.terms)
        for term in sources.terms:
            meaning = term.meanings[language]
            for error in (
                *typography.check(meaning, language, path),
                *banned(meaning, renderings, path),
            ):
                yield BookError(error.message, path, term.line)


def _renderings(book: Book, sources: Sources, language: str) -> list[Rendering]:
    return [*of_terms(sources.terms, language), *read_instead(book.terms)]
