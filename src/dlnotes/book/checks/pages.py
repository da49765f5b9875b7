"""What is wrong with a page alone: what it refers to, its furniture, its typography."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.language import typography
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.weave import Weaver


def pages(
    book: Book, sources: Sources, texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield what is wrong with each page; that of unchanged pages is kept."""
    for language in LANGUAGES:
        for path in book.pages(language):
            made_from = sources.seen_by(texts[path]).digest, texts[path]
            find = partial(_page, book, language, path, texts[path], sources)
            name, kind = book.name(path), f"check-{language}"
            yield from kept(book, kind, name, made_from, find)


def _page(
    book: Book, language: str, path: Path, text: str, sources: Sources
) -> Iterator[BookError]:
    file, name = str(book.relative(path)), book.name(path)
    weaver = Weaver(sources, language, name, file, lambda _: "")
    weaver.weave(text)
    yield from weaver.errors
    if _lacks_setup(weaver):
        message = (
            "the chapter shows code: write @setup on a line before its first section"
        )
        yield BookError(message, file, 1)
    yield from typography.check(text, language, file)


def _lacks_setup(weaver: Weaver) -> bool:
    """Say whether a woven page is a chapter that shows code, but not how to run it."""
    part = weaver.path.rpartition("/")[0]
    has_box = any(directive.kind == "setup" for directive in weaver.directives)
    return part not in ("", "reference") and bool(weaver.copied) and not has_box
