"""Check the words of the book, wherever it has Chinese, and in both languages."""

from collections.abc import Iterator
from pathlib import Path

from dlnotes.book import parity, typography
from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.errors import BookError
from dlnotes.book.page import scan
from dlnotes.book.sources import Sources
from dlnotes.book.terminology import unnamed, unpaired
from dlnotes.book.wording import banned, of_terms, read_instead


def words(book: Book, texts: dict[Path, str], sources: Sources) -> Iterator[BookError]:
    """Yield an error for each word that is not the book's, or not where it should be.

    Args:
        book: the checkout.
        texts: its pages, by path.
        sources: what they are woven from.
    """
    terms = sources.terms
    renderings = [*of_terms(terms), *read_instead(book.terms)]
    for en, zh in parity.pairs(book.docs)[0]:
        path = book.relative(zh)
        yield from banned(texts[zh], renderings, path)
        blocks = (scan(texts[page])[0] for page in (en, zh))
        yield from unpaired(parity.prose_pairs(*blocks), terms, path)
    for language in LANGUAGES:
        folder = book.docs / language
        pages = (
            (page.relative_to(folder).as_posix(), book.relative(page), texts[page])
            for page in book.pages(language)
        )
        yield from unnamed(pages, terms, language)
    for chinese in sources.catalogue.values():
        for error in banned(chinese, renderings, book.relative(book.catalogue)):
            yield BookError(error.message, error.path)
    for term in terms:
        meaning, path = term.meanings["zh"], book.relative(book.terms)
        for error in (
            *typography.check(meaning, path),
            *banned(meaning, renderings, path),
        ):
            yield BookError(error.message, path, term.line)
