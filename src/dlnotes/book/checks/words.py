"""Check the words of the book, wherever it has Chinese, and in both languages."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.checks import parity
from dlnotes.book.errors import BookError
from dlnotes.book.language import typography
from dlnotes.book.language.terminology import unnamed, unpaired
from dlnotes.book.language.terms import Term
from dlnotes.book.language.wording import Rendering, banned, of_terms, read_instead
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources


def words(book: Book, texts: dict[Path, str], sources: Sources) -> Iterator[BookError]:
    """Yield an error for each word that is not the book's, or not where it should be.

    Args:
        book: the checkout.
        texts: its pages, by path.
        sources: what they are woven from.
    """
    terms = sources.terms
    renderings = [*of_terms(terms), *read_instead(book.terms)]
    known = book.terms.read_text(encoding="utf-8") if book.terms.exists() else ""
    for en, zh in parity.pairs(book.docs)[0]:
        name = en.relative_to(book.docs / "en").as_posix()
        pair = texts[en], texts[zh]
        find = partial(_pair, book, name, pair, terms, renderings)
        yield from kept(book, "check-words", name, [*pair, known], find)
    catalogue = sources.catalogue
    find = partial(_labels, book, catalogue.values(), terms, renderings)
    yield from kept(book, "check-labels", "all", [[*catalogue.values()], known], find)


def _pair(
    book: Book,
    name: str,
    pair: tuple[str, str],
    terms: Sequence[Term],
    renderings: list[Rendering],
) -> Iterator[BookError]:
    """Yield the errors of a page in both languages."""
    path = book.relative(book.docs / "zh" / name)
    yield from banned(pair[1], renderings, path)
    blocks = [scan(text)[0] for text in pair]
    yield from unpaired(parity.prose_pairs(*blocks), terms, path)
    for language, text in zip(LANGUAGES, pair, strict=True):
        page = name, book.relative(book.docs / language / name), text
        yield from unnamed([page], terms, language)


def _labels(
    book: Book,
    labels: Iterable[str],
    terms: Sequence[Term],
    renderings: list[Rendering],
) -> Iterator[BookError]:
    """Yield the errors of labels of figures and meanings of terms."""
    for chinese in labels:
        for error in banned(chinese, renderings, book.relative(book.catalogue)):
            yield BookError(error.message, error.path)
    for term in terms:
        meaning, path = term.meanings["zh"], book.relative(book.terms)
        for error in (
            *typography.check(meaning, path),
            *banned(meaning, renderings, path),
        ):
            yield BookError(error.message, path, term.line)
