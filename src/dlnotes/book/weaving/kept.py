"""Keep what is wrong with a page until the page or what it is made from changes."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.storage.cache import engine, installed, key_of
from dlnotes.book.weaving.sources import StaleError

KINDS = {kind.__name__: kind for kind in (BookError, StaleError)}


def kept(
    book: Book,
    kind: str,
    page: str,
    made_from: object,
    find: Callable[[], Iterable[BookError]],
) -> list[BookError]:
    """Return the errors of a page, found anew only if it is made from something else.

    Args:
        book: the checkout.
        kind: which errors they are.
        page: its path below its language's folder.
        made_from: JSON that tells all that the errors depend on.
        find: yields the errors.
    """
    key = key_of(engine(), installed(), made_from)
    return errors(book.cache.make(kind, page, key, lambda: plain(find())))


def plain(found: Iterable[BookError]) -> list[Any]:
    """Write errors as JSON."""
    return [
        [
            type(error).__name__,
            error.message,
            None if error.path is None else str(error.path),
            error.line,
        ]
        for error in found
    ]


def errors(found: list[Any]) -> list[BookError]:
    """Read errors from JSON."""
    return [
        KINDS[name](message, None if path is None else Path(path), line)
        for name, message, path, line in found
    ]
