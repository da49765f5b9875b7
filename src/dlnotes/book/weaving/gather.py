"""Gather from a checkout what its pages are woven from."""

from functools import lru_cache
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.status import Status, status
from dlnotes.book.language.catalogue import read_catalogue
from dlnotes.book.language.terms import read_terms
from dlnotes.book.locales.languages import LANGUAGES, others
from dlnotes.book.pages.page import scan
from dlnotes.book.storage.cache import key_of
from dlnotes.book.storage.store import Store
from dlnotes.book.weaving.sources import Chapter, Sources


def gather(book: Book, settings: Settings) -> Sources:
    """Return the sources of a book's pages, with the runs that are fresh."""
    return Gatherer().gather(book, settings)


class Gatherer:
    """Gathers again and again; what has not changed is not looked at again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Status]] = {}

    def gather(self, book: Book, settings: Settings) -> Sources:
        """Return the sources as they are now."""
        store = Store(book.store)
        found = [self._status(book, store, name, settings) for name in book.snippets]
        return Sources(
            library=book.library,
            snippets=book.snippets,
            runs={item.snippet.name: item.run for item in found if item.run},
            stale={
                item.snippet.name: "; ".join(item.reasons)
                for item in found
                if not item.run
            },
            catalogues={
                language: read_catalogue(book.catalogue(language))
                for language in others()
            },
            terms=tuple(read_terms(book.terms)),
            chapters=_chapters(book),
            repository=book.repository,
        )

    def _status(
        self, book: Book, store: Store, name: str, settings: Settings
    ) -> Status:
        """Return a snippet's status; it follows from its code and its stored runs."""
        snippet = book.snippets[name]
        stored = {path.name: _bytes(path) for path in store.manifests(name)}
        state = key_of(
            settings.environment(), book.library.digest, snippet.source, stored
        )
        if name not in self._known or self._known[name][0] != state:
            self._known[name] = state, status(book, store, snippet, settings)
        return self._known[name][1]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # another build has just deleted an old run
        return b""


def _chapters(book: Book) -> dict[str, dict[str, Chapter]]:
    return {
        language: {
            book.name(page): _chapter(book.read(page), page.stem)
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
