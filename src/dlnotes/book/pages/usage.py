"""Know which pages use which snippets and symbols."""

from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.directive import Directive
from dlnotes.book.pages.inline import values
from dlnotes.book.pages.page import scan


def directives(path: Path) -> list[Directive]:
    """Return the directives of a page, in order; what is wrong with it is left out."""
    blocks, _ = scan(path.read_text(encoding="utf-8"))
    return [block.directive for block in blocks if block.directive]


def pages_that_use(book: Book, name: str) -> list[Path]:
    """Return the pages that show or quote a snippet."""
    found = []
    for language in LANGUAGES:
        for path in book.pages(language):
            text = path.read_text(encoding="utf-8")
            quoted = any(value.name == name for value in values(text))
            if quoted or any(item.target == name for item in directives(path)):
                found.append(path)
    return found
