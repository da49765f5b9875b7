"""Check the sources of the book: directives, the languages, links, typography."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks.followed import unfollowed
from dlnotes.book.checks.links import dangling
from dlnotes.book.checks.pages import pages
from dlnotes.book.checks.parity import differing, twins
from dlnotes.book.checks.unshown import unshown
from dlnotes.book.checks.untranslated import untranslated
from dlnotes.book.checks.words import words
from dlnotes.book.errors import BookError
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.weaving.sources import Sources, StaleError

Check = Callable[[Book, Sources, Mapping[Path, str]], Iterator[BookError]]

CHECKS: tuple[Check, ...] = (
    pages,
    dangling,
    twins,
    words,
    unshown,
    unfollowed,
    untranslated,
)


@dataclass(frozen=True)
class Checked:
    """What a check found: `errors` in order, and all of it as text."""

    errors: list[BookError]
    text: str


def check(book: Book, sources: Sources) -> Checked:
    """Run all checks on the pages of all languages.

    What a stale run would show is left out, and said so: it cannot be known. What one
    check says, those after it do not say again, wherever they find it.

    Args:
        book: the checkout.
        sources: what its pages are woven from.

    Raises:
        BookError: a page or the catalogue cannot be read at all.
    """
    texts = {page: book.read(page) for name in LANGUAGES for page in book.pages(name)}
    errors: list[BookError] = []
    for find in CHECKS:
        said = {error.message for error in errors}
        found = find(book, sources, texts)
        errors += [error for error in found if error.message not in said]
    stale = any(isinstance(error, StaleError) for error in errors)
    errors = [error for error in errors if not isinstance(error, StaleError)]
    errors = list({str(error): error for error in errors}.values())
    lines = [*map(str, errors), *(differing(book, texts) if errors else ())]
    if stale:
        names = ", ".join(sources.stale)
        lines.append(
            f"not checked, since their runs are stale (`dlnotes run`): {names}"
        )
    lines.append(_summary(len(texts), len(errors)))
    return Checked(errors, "\n".join(lines))


def _summary(pages: int, errors: int) -> str:
    if errors:
        return f"{errors} error{'s' if errors > 1 else ''} in {pages} pages"
    return f"{pages} pages checked: nothing wrong"
