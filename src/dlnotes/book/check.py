"""Check the sources of the book: directives, the two languages, links, typography."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dlnotes.book import links, parity, typography
from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.errors import BookError
from dlnotes.book.gather import gather
from dlnotes.book.keys import Settings
from dlnotes.book.page import scan
from dlnotes.book.usage import directives
from dlnotes.book.weave import Sources, StaleError, Weaver

SHOWS = ("source", "code", "run", "figure", "log", "table")


@dataclass(frozen=True)
class Checked:
    """What a check found: `errors` in order, and all of it as text."""

    errors: list[BookError]
    text: str


def check(book: Book, settings: Settings | None = None) -> Checked:
    """Check every page of both languages.

    What a stale run would show is left out, and said so: it cannot be known.
    """
    sources = gather(book, settings or Settings())
    errors: list[BookError] = []
    for language in LANGUAGES:
        errors += _pages(book, language, sources)
    pairs, alone = parity.pairs(book.docs)
    errors += alone
    side_by_side = []
    for en, zh in pairs:
        texts = en.read_text(encoding="utf-8"), zh.read_text(encoding="utf-8")
        found = parity.compare(*texts, book.relative(en), book.relative(zh))
        errors += found
        if found:
            side_by_side.append(parity.side_by_side(*texts, 100))
    errors += unshown(book, sources)
    stale = [error for error in errors if isinstance(error, StaleError)]
    errors = [error for error in errors if not isinstance(error, StaleError)]
    errors = list({str(error): error for error in errors}.values())
    lines = [str(error) for error in errors] + side_by_side
    if stale:
        names = ", ".join(sources.stale)
        lines.append(
            f"not checked, since their runs are stale (`dlnotes run`): {names}"
        )
    lines.append(_summary(book, errors))
    return Checked(errors, "\n".join(lines))


def _summary(book: Book, errors: list[BookError]) -> str:
    count = sum(len(book.pages(language)) for language in LANGUAGES)
    if errors:
        return f"{len(errors)} error{'s' if len(errors) > 1 else ''} in {count} pages"
    return f"{count} pages checked: nothing wrong"


def _pages(book: Book, language: str, sources: Sources) -> Iterable[BookError]:
    folder = book.docs / language
    for path in book.pages(language):
        text = path.read_text(encoding="utf-8")
        file = str(book.relative(path))
        weaver = Weaver(
            sources, language, path.relative_to(folder).as_posix(), file, lambda _: ""
        )
        weaver.weave(text)
        yield from weaver.errors
        yield from (
            typography.check(text, file)
            if language == "zh"
            else typography.check_en(text, file)
        )
    for error in links.check(folder, known=set(book.snippets)):
        path = book.relative(Path(error.path or folder))
        yield BookError(error.message, path, error.line)


def unshown(book: Book, sources: Sources) -> Iterable[BookError]:
    """Yield an error for each snippet and public symbol that no chapter shows.

    `docs/unshown.toml` lists the exceptions, each with its reason.
    """
    path = book.docs / "unshown.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    excused = {**listed.get("snippets", {}), **listed.get("symbols", {})}
    shown = {
        directive.target
        for page in book.pages("en")
        if not scan(page.read_text(encoding="utf-8"))[1]
        for directive in directives(page)
        if directive.kind in SHOWS
    }
    for name, snippet in sources.snippets.items():
        if name not in shown and name not in excused:
            yield _unseen(f"snippet {name}", book.relative(snippet.path), 1)
    for symbol in book.library.public():
        if symbol.name in excused or any(
            name == symbol.name or name.startswith(f"{symbol.name}.") for name in shown
        ):
            continue
        yield _unseen(symbol.name, book.relative(symbol.path), symbol.first)


def _unseen(what: str, path: Path, line: int) -> BookError:
    return BookError(
        f"no chapter shows {what}: show it, or say why not in docs/unshown.toml",
        path,
        line,
    )
