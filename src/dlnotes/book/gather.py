"""Gather from a checkout what its pages are woven from."""

from dlnotes.book.book import Book
from dlnotes.book.catalogue import read_catalogue
from dlnotes.book.keys import Settings
from dlnotes.book.sources import Sources
from dlnotes.book.status import status
from dlnotes.book.store import Store


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
    )
