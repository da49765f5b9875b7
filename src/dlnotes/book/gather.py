"""Gather from a checkout what its pages are woven from."""

from dataclasses import replace
from functools import lru_cache

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.cache import key_of
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
        chapters=_chapters(book),
        repository=book.repository,
    )


class Gatherer:
    """Gathers again and again; while only pages change, only they are read again."""

    def __init__(self) -> None:
        self._state = ""
        self._sources: Sources | None = None

    def gather(self, book: Book, settings: Settings) -> Sources:
        """Return the sources as they are now."""
        state = _state(book, settings)
        if self._sources is None or state != self._state:
            self._state, self._sources = state, gather(book, settings)
        else:
            self._sources = replace(self._sources, chapters=_chapters(book))
        return self._sources


def _state(book: Book, settings: Settings) -> str:
    """Return a digest of the contents of all that sources are read from but pages."""
    texts = [path for path in (book.catalogue, book.terms) if path.exists()]
    stored = sorted((book.store / "runs").glob("*/*.json"))
    return key_of(
        settings.environment(),
        book.repository,
        book.library.digest,
        {name: item.source for name, item in book.snippets.items()},
        {str(path): path.read_bytes() for path in [*texts, *stored]},
    )


def _chapters(book: Book) -> dict[str, dict[str, Chapter]]:
    return {
        language: {
            page.relative_to(book.docs / language).as_posix(): _chapter(
                page.read_text(encoding="utf-8"), page.stem
            )
            for page in book.pages(language)
        }
        for language in LANGUAGES
    }


@lru_cache(maxsize=1024)
def _chapter(text: str, stem: str) -> Chapter:
    blocks = scan(text)[0]
    headings = [block for block in blocks if block.kind == "heading"]
    title = headings[0].title if headings else stem
    return Chapter(title, frozenset(block.ident for block in headings))
