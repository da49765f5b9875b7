"""Refuse code of the package whose part in a result no key could know."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.closure.subset import check, check_module
from dlnotes.book.errors import BookError
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import names
from dlnotes.book.source.syntax import IMPORT
from dlnotes.book.weaving.sources import Sources


def unfollowed(
    book: Book, _sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield the first error of each module, whether a snippet needs it or not.

    Snippets are followed for their keys, and refused there.
    """
    for name in book.library.names():
        module = book.library.module(name)
        if module and not book.library.is_engine(name):
            try:
                _check(book, module)
            except BookError as error:
                path = book.relative(module.path)
                yield BookError(error.message, path, error.line)


def _check(book: Book, module: Module) -> None:
    check_module(book.library, module)
    for statement in module.tree.body:
        if not isinstance(statement, IMPORT) and not module.is_skipped(statement):
            check(module, statement, names(statement))
