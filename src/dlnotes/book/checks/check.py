"""Check the sources of the book: directives, the two languages, links, typography."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.checks import links, parity
from dlnotes.book.checks.followed import unfollowed
from dlnotes.book.checks.quantities import misquoted
from dlnotes.book.checks.unshown import unshown
from dlnotes.book.checks.words import words
from dlnotes.book.errors import BookError
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.html.results import translated
from dlnotes.book.language import typography
from dlnotes.book.language.terms import unclaimed
from dlnotes.book.weaving import setup
from dlnotes.book.weaving.exhibits import untranslated_message
from dlnotes.book.weaving.kept import kept
from dlnotes.book.weaving.sources import Sources, StaleError
from dlnotes.book.weaving.weave import Weaver


@dataclass(frozen=True)
class Checked:
    """What a check found: `errors` in order, and all of it as text."""

    errors: list[BookError]
    text: str


def check(book: Book, sources: Sources) -> Checked:
    """Check every page of both languages.

    What a stale run would show is left out, and said so: it cannot be known.

    Args:
        book: the checkout.
        sources: what its pages are woven from.

    Raises:
        BookError: a page or the catalogue cannot be read at all.
    """
    texts = {page: book.read(page) for name in LANGUAGES for page in book.pages(name)}
    errors = [e for name in LANGUAGES for e in _pages(book, name, texts, sources)]
    found, side_by_side = _twins(book, texts)
    errors += found
    errors += unclaimed(book, list(sources.terms))
    errors += words(book, texts, sources)
    errors += misquoted(book, texts, sources.catalogue)
    errors += unshown(book, sources)
    errors += unfollowed(book)
    said = {error.message for error in errors}
    errors += [e for e in untranslated(book, sources) if e.message not in said]
    stale = any(isinstance(error, StaleError) for error in errors)
    errors = [error for error in errors if not isinstance(error, StaleError)]
    errors = list({str(error): error for error in errors}.values())
    lines = [str(error) for error in errors] + side_by_side
    if stale:
        names = ", ".join(sources.stale)
        lines.append(
            f"not checked, since their runs are stale (`dlnotes run`): {names}"
        )
    lines.append(_summary(len(texts), len(errors)))
    return Checked(errors, "\n".join(lines))


def _twins(book: Book, texts: dict[Path, str]) -> tuple[list[BookError], list[str]]:
    """Compare the languages: the errors, and the pages that differ side by side."""
    pairs, alone = parity.pairs(book.docs)
    errors = []
    for error in alone:
        message = error.message.replace(f"{book.root}{os.sep}", "")
        errors.append(BookError(message, book.relative(Path(error.path or "")), 1))
    side_by_side = []
    for en, zh in pairs:
        pair = texts[en], texts[zh]
        found = kept(
            book,
            "check-twins",
            _name(book, en),
            pair,
            partial(parity.compare, *pair, book.relative(en), book.relative(zh)),
        )
        errors += found
        if found:
            side_by_side.append(parity.side_by_side(*pair, 100))
    return errors, side_by_side


def _summary(pages: int, errors: int) -> str:
    if errors:
        return f"{errors} error{'s' if errors > 1 else ''} in {pages} pages"
    return f"{pages} pages checked: nothing wrong"


def _name(book: Book, page: Path) -> str:
    """Return a page's path below its language's folder."""
    return page.relative_to(book.docs).as_posix().partition("/")[2]


def _pages(
    book: Book, language: str, texts: dict[Path, str], sources: Sources
) -> Iterator[BookError]:
    folder = book.docs / language
    for path in book.pages(language):
        made_from = sources.seen_by(texts[path]).digest, texts[path]
        find = partial(_page, book, language, path, texts[path], sources)
        yield from kept(book, f"check-{language}", _name(book, path), made_from, find)
    for error in links.check(folder, known=set(book.snippets)):
        path = book.relative(Path(error.path or folder))
        yield BookError(error.message, path, error.line)


def _page(
    book: Book, language: str, path: Path, text: str, sources: Sources
) -> Iterator[BookError]:
    file, page = str(book.relative(path)), _name(book, path)
    weaver = Weaver(sources, language, page, file, lambda _: "")
    weaver.weave(text)
    yield from weaver.errors
    yield from setup.missing(page, weaver.directives, file)
    yield from (
        typography.check(text, file)
        if language == "zh"
        else typography.check_en(text, file)
    )


def untranslated(book: Book, sources: Sources) -> Iterator[BookError]:
    """Yield an error for each comment and label that the run pages show in English."""
    for name, snippet in sources.snippets.items():
        path = book.relative(snippet.path)
        for cell in snippet.code:
            where = f"{name}#{cell.name}"
            _, comments = translate_comments(cell.source, sources.catalogue)
            for line, text in comments:
                message = untranslated_message("comment", text, where)
                yield BookError(message, path, cell.first + line - 1)
            run = sources.runs.get(name)
            for output in run.outputs(cell.name) if run else ():
                for text in translated(output, sources.catalogue)[1]:
                    message = untranslated_message("label", text, where)
                    yield BookError(message, path, cell.first)
