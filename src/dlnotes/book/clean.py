"""Delete what the book generates: stored runs, the site, the font."""

import shutil
from pathlib import Path

from dlnotes.book.book import Book


def clean(book: Book) -> list[Path]:
    """Delete the stored runs, the site and what else was generated; return them."""
    generated = [
        book.store,
        book.site,
        book.docs / "theme" / "assets" / "generated",
        *book.root.glob(".site-*"),
    ]
    found = [path for path in generated if path.exists()]
    for path in found:
        shutil.rmtree(path)
    return found
