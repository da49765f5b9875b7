"""Gather from a checkout what its pages are woven from."""

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.catalogue import read_catalogue
from dlnotes.book.keys import Settings
from dlnotes.book.page import scan
from dlnotes.book.sources import Chapter, Sources
from dlnotes.book.status import status
from dlnotes.book.store import Store
from dlnotes.book.terms import read_terms


def gather(book: Book, settings: Settings) -> Sources:
    """Return the sources of a book's pages, with the runs that are fresh."""
    store = Store(book.store)
    found = [status(book, store, item, settings) for item in book.snippets.values()]
    return Sources(
        library=book.library,
        snippets=book.snippets,
        runs={item.snippet.name: item.run for item in found if item.run},
        stale={
            item.snippet.name: "; ".join(item.reasons) for item in found if not item.run
        },
        catalogue=read_catalogue(book.catalogue),
        terms=tuple(read_terms(book.terms)),
        chapters={language: _chapters(book, language) for language in LANGUAGES},
        repository=book.repository,
    )


def _chapters(book: Book, language: str) -> dict[str, Chapter]:
    chapters = {}
    for page in book.pages(language):
        blocks = scan(page.read_text(encoding="utf-8"))[0]
        headings = [block for block in blocks if block.kind == "heading"]
        title = headings[0].title if headings else page.stem
        idents = frozenset(block.ident for block in headings)
        name = page.relative_to(book.docs / language).as_posix()
        chapters[name] = Chapter(title, idents)
    return chapters
