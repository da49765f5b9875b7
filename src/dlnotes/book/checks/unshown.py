"""Whether a chapter shows each snippet and each public symbol."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.pages.directive import TAKES
from dlnotes.book.pages.usage import directives
from dlnotes.book.weaving.sources import Sources

SHOWS = [kind for kind, takes in TAKES.items() if takes]  # a snippet or a symbol


def unshown(
    book: Book, sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each snippet and public symbol that no chapter shows.

    `docs/unshown.toml` lists the exceptions, each with its reason.
    """
    symbols = {symbol.name: symbol for symbol in book.library.public()}
    excused = _excused(book)
    for name, line in excused.items():
        if name not in {*symbols, *sources.snippets}:
            message = f"the book has no snippet or public symbol {name}"
            yield BookError(message, Path("docs/unshown.toml"), line)
    shown = {
        directive.target
        for page in book.pages(FIRST)
        for directive in directives(page)
        if directive.kind in SHOWS
    }
    for name, snippet in sources.snippets.items():
        if name not in {*shown, *excused}:
            yield _unseen(f"snippet {name}", book.relative(snippet.path), 1)
    for name, symbol in symbols.items():
        is_part = any(target.startswith(f"{name}.") for target in shown)
        if name not in {*shown, *excused} and not is_part:
            yield _unseen(name, book.relative(symbol.path), symbol.first)


def _excused(book: Book) -> dict[str, int]:
    """Return what need not be shown, and the line that says so."""
    path = book.docs / "unshown.toml"
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    try:
        listed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"this is not TOML: {error}", book.relative(path)) from error
    names = [*listed.get("snippets", {}), *listed.get("symbols", {})]
    return {name: text[: text.index(name)].count("\n") + 1 for name in names}


def _unseen(what: str, path: Path, line: int) -> BookError:
    return BookError(
        f"no chapter shows {what}: show it, or say why not in docs/unshown.toml",
        path,
        line,
    )
