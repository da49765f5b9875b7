"""Directives: the lines of a chapter that stand for code, figures, logs and tables."""

import re
from dataclasses import dataclass

from dlnotes.book.errors import BookError

SYMBOL = "dlnotes.module.symbol"
CELL = "snippet#cell"
TAKES = {
    "source": SYMBOL,
    "code": CELL,
    "run": CELL,
    "figure": CELL,
    "log": CELL,
    "table": CELL,
    "setup": "",
    "runs": "",
    "concepts": "",
    "glossary": "",
}

_LINE = re.compile(r"[ \t]*@([A-Za-z][\w-]*)([^\n]*?)\s*\Z")
_SYMBOL = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_SNIPPET = re.compile(r"([^\W\d]\w*)#([a-z][a-z0-9-]*)")
_MARK = re.compile(r'\s+mark="((?:\\.|[^"\\])*)"(?=\s|$)')


@dataclass(frozen=True)
class Directive:
    """One directive line.

    `kind` is a key of `TAKES`; `target` a dotted symbol (`source`), a snippet's name,
    or empty (`setup`, `runs`, …); `cell` names a cell of the snippet.
    """

    kind: str
    target: str
    cell: str | None
    marks: tuple[str, ...]
    caption: str


def parse_directive(text: str) -> Directive | None:
    """Read one line; None when it is no directive.

    Raises:
        BookError: the line starts with `@word`, and is not a directive of the book.
    """
    match = _LINE.match(text)
    if match is None:
        return None
    try:
        kind, rest = match.groups()
        target, cell, rest = _reference(kind, rest)
        marks, rest = _marks(rest)
    except ValueError as error:
        raise BookError(str(error)) from None
    return Directive(kind, target, cell, marks, rest.strip())


def _reference(kind: str, rest: str) -> tuple[str, str | None, str]:
    """Split off the reference: (target, cell, what follows)."""
    if kind not in TAKES:
        known = ", ".join(f"@{name}" for name in TAKES)
        raise ValueError(f"unknown directive @{kind}; the known ones are {known}")
    usage = f"@{kind} {TAKES[kind]}".rstrip()
    words = rest.split(maxsplit=1)
    if not TAKES[kind]:
        if words:
            raise ValueError(f"@{kind} stands alone, without {rest.strip()!r}")
        return "", None, ""
    if not words or not rest[0].isspace() or words[0].startswith("mark="):
        raise ValueError(f"@{kind} names no target; write {usage}")
    reference, rest = words[0], rest.partition(words[0])[2]
    if TAKES[kind] == SYMBOL:
        if "#" in reference:
            raise ValueError(f"@source shows a symbol, not the cell {reference!r}")
        if not _SYMBOL.fullmatch(reference):
            raise ValueError(f"{reference!r} is no dotted name; write {usage}")
        return reference, None, rest
    match = _SNIPPET.fullmatch(reference)
    if match is None:
        lacks = "is no reference to a cell" if "#" in reference else "names no cell"
        raise ValueError(f"{reference!r} {lacks}; write {usage}")
    return match[1], match[2], rest


def _marks(rest: str) -> tuple[tuple[str, ...], str]:
    """Split off `mark="..."`, any number of times: (marks, what follows)."""
    marks = []
    while match := _MARK.match(rest):
        marks.append(re.sub(r"\\(.)", r"\1", match[1]))
        rest = rest[match.end() :]
    if re.match(r"\s*mark\s*=", rest) or "" in marks:
        raise ValueError(
            'malformed mark; write mark="text of the line", '
            r"a quote inside it as \", before the caption"
        )
    return tuple(marks), rest
