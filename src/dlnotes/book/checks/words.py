"""Check the words of the book, wherever it has them, and in all languages."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks import parity
from dlnotes.book.errors import BookError
from dlnotes.book.language import typography
from dlnotes.book.language.terminology import unnamed, unpaired
from dlnotes.book.language.terms import Term, unclaimed
from dlnotes.book.language.wording import Rendering, banned, of_terms, read_instead
from dlnotes.book.locales.languages import FIRST, others
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources


def words(
    book: Book, sources: Sources, texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each word that is not the book's, or not where it should be.

    Args:
        book: the checkout.
        sources: what its pages are woven from.
        texts: these, by path.
    """
    terms = sources.terms
    yield from unclaimed(book, list(terms))
    known = book.terms.read_text(encoding="utf-8") if book.terms.exists() else ""
    for language in others():
        renderings = [*of_terms(terms, language), *read_instead(book.terms)]
        for paths in parity.pairs(book, language)[0]:
            name, pair = book.name(paths[0]), [texts[path] for path in paths]
            find = partial(_pair, book, language, name, pair, terms, renderings)
            yield from kept(book, f"check-words-{language}", name, [*pair, known], find)
        labels = [*sources.catalogues[language].values()]
        find = partial(_labels, book, language, labels, terms, renderings)
        yield from kept(book, "check-labels", language, [labels, known], find)


def _pair(
    book: Book,
    language: str,
    name: str,
    pair: Sequence[str],
    terms: Sequence[Term],
    renderings: list[Rendering],
) -> Iterator[BookError]:
    """Yield the errors of a page and its twin in another language."""
    paths = [book.relative(book.docs / code / name) for code in (FIRST, language)]
    yield from banned(pair[1], renderings, paths[1])
    blocks = [scan(text)[0] for text in pair]
    yield from unpaired(parity.prose_pairs(*blocks), terms, language, paths[1])
    yield from unnamed([(name, paths[0], pair[0])], terms, FIRST)
    yield from unnamed([(name, paths[1], pair[1])], terms, language)


def _labels(
    book: Book,
    language: str,
    labels: Sequence[str],
    terms: Sequence[Term],
    renderings: list[Rendering],
) -> Iterator[BookError]:
    """Yield the errors of labels of figures and meanings of terms."""
    for label in labels:
        for error in banned(label, renderings, book.relative(book.catalogue(language))):
            yield BookError(error.message, error.path)
    for term in terms:
        meaning, path = term.meanings[language], book.relative(book.terms)
        for error in (
            *typography.check(meaning, language, path),
            *banned(meaning, renderings, path),
        ):
            yield BookError(error.message, path, term.line)
