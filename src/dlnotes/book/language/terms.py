"""The words of the book, from `docs/terms.toml`, and the concepts of its chapters."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.locales.languages import FIRST, LANGUAGES, others
from dlnotes.book.pages.page import front_matter, scan


@dataclass(frozen=True, eq=False)
class Term:
    """A word of the book.

    Args:
        ident: its id; a concept's is the one that its chapter claims.
        names: by language, the ways to write it; the first is the name.
        meanings: by language, one line.
        chapter: the page that explains it, below its language's folder; or empty.
        section: the heading there that it stands under.
        banned: by language, renderings that the book does not use.
        not_in: by language, longer words in which its name is another word.
        paired: where one language says it, the other has to as well.
        is_concept: whether its chapter claims it.
        line: where it stands in the file.
    """

    ident: str
    names: Mapping[str, tuple[str, ...]]
    meanings: Mapping[str, str]
    chapter: str
    section: str
    banned: Mapping[str, tuple[str, ...]]
    not_in: Mapping[str, tuple[str, ...]]
    paired: bool
    is_concept: bool
    line: int


def read_terms(path: Path) -> list[Term]:
    """Read the glossary's source, in its order; without a file it is empty.

    Raises:
        BookError: it is not TOML, or an entry lacks a field, has one that does not
            exist, or a word that another entry has.
    """
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"this is not TOML: {error}", path) from error
    tables.pop("instead", None)  # read by `wording`
    if unknown := set(tables) - {"concepts", "terms"}:
        message = f"unknown table {min(unknown)!r}: concepts, terms or instead"
        raise BookError(message, path, 1)
    terms = [
        _term(ident, fields, kind, _line(text, f"[{kind}.{ident}]"), path)
        for kind, entries in tables.items()
        for ident, fields in entries.items()
    ]
    taken: dict[tuple[str, str], Term] = {}
    for term in terms:
        for language, names in term.names.items():
            for name in names:
                if other := taken.get((language, name.lower())):
                    message = f"{name!r} is a word of {other.ident} already"
                    raise BookError(message, path, term.line)
                taken[language, name.lower()] = term
    return sorted(terms, key=lambda term: term.line)


def _line(text: str, header: str) -> int:
    return text[: text.index(header)].count("\n") + 1 if header in text else 1


def _term(ident: str, fields: Any, kind: str, line: int, path: Path) -> Term:
    if not isinstance(fields, dict):
        raise BookError(f"{kind}.{ident} is no table of fields", path, line)
    needed, possible = _fields()
    for name, value in fields.items():
        if name not in possible or not isinstance(value, possible[name]):
            known = ", ".join(possible)
            message = f"{ident}: {name} = {value!r} is no field; they are {known}"
            raise BookError(message, path, line)
    if lacking := [name for name in needed if not fields.get(name)]:
        raise BookError(f"{ident} lacks {', '.join(lacking)}", path, line)
    if kind == "concepts" and "chapter" not in fields:
        raise BookError(f"{ident} lacks the chapter that claims it", path, line)
    return Term(
        ident,
        {code: tuple(fields[code]) for code in LANGUAGES},
        {code: fields[f"meaning_{code}"] for code in LANGUAGES},
        fields.get("chapter", ""),
        fields.get("section", ident),
        {code: tuple(fields.get(f"banned_{code}", ())) for code in LANGUAGES},
        {code: tuple(fields.get(f"not_in_{code}", ())) for code in LANGUAGES},
        fields.get("paired", False),
        kind == "concepts",
        line,
    )


def _fields() -> tuple[list[str], dict[str, type]]:
    """Return the names of the fields that an entry needs, and the types of all."""
    names: dict[str, type] = dict.fromkeys(LANGUAGES, list)
    meanings = dict.fromkeys((f"meaning_{code}" for code in LANGUAGES), str)
    listed = (f"{kind}_{code}" for code in others() for kind in ("banned", "not_in"))
    further = {"chapter": str, "section": str, **dict.fromkeys(listed, list)}
    return [*names, *meanings], names | meanings | further | {"paired": bool}


def unclaimed(book: Book, terms: list[Term]) -> Iterator[BookError]:
    """Yield an error for each concept that is not claimed by its chapter alone."""
    path = book.relative(book.terms)
    concepts = {term.ident: term for term in terms if term.is_concept}
    for term in terms:
        if term.chapter and not (book.docs / FIRST / term.chapter).is_file():
            message = f"{term.ident}: there is no page {term.chapter}"
            yield BookError(message, path, term.line)
    for language in LANGUAGES:
        for page in book.pages(language):
            chapter = book.name(page)
            text = page.read_text(encoding="utf-8")
            claimed, line = _claims(text)
            owned = [term.ident for term in terms if _owns(term, chapter)]
            for ident in claimed:
                if ident not in concepts:
                    message = f"docs/terms.toml has no concept {ident}"
                    yield BookError(message, book.relative(page), line)
                elif ident not in owned:
                    message = f"{ident} belongs to {concepts[ident].chapter}"
                    yield BookError(message, book.relative(page), line)
            for ident in owned:
                if ident not in claimed:
                    message = f"the front matter does not claim the concept {ident}"
                    yield BookError(message, book.relative(page), line)


def _owns(term: Term, chapter: str) -> bool:
    return term.is_concept and term.chapter == chapter


def _claims(text: str) -> tuple[list[str], int]:
    """Return the concepts in a page's front matter, and their line."""
    if not text.startswith("---"):
        return [], 1
    try:
        found = front_matter(scan(text)[0][:1]).get("concepts") or []
    except BookError:  # told by whoever weaves the page
        return [], 1
    match = re.search(r"^concepts:", text, re.MULTILINE)
    line = text.count("\n", 0, match.start()) + 1 if match else 1
    return [str(ident) for ident in found], line
