"""Renderings that the book does not use, and what it writes in their place."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlnotes.book.errors import BookError
from dlnotes.book.language.terminology import whole
from dlnotes.book.language.terms import Term
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.pages.inline import visible
from dlnotes.book.pages.page import prose, scan

_QUOTED = re.compile("“[^”]*”|「[^」]*」")


@dataclass(frozen=True)
class Rendering:
    """A rendering that is not used, why, and the longer words in which it is right."""

    word: str
    message: str
    right_in: tuple[str, ...] = ()

    def found(self, text: str) -> Iterator[int]:
        """Yield where it stands in some text."""
        words = map(whole, (*self.right_in, self.word))
        for match in re.finditer("|".join(words), text):
            if match[0] == self.word:
                yield match.start()


def of_terms(terms: Iterable[Term], language: str) -> list[Rendering]:
    """Return the renderings that the terms are not written with in a language."""
    return [
        Rendering(
            word,
            f"{word} is not used for {term.names[FIRST][0]}: "
            f"write {term.names[language][0]}",
            term.not_in[language],
        )
        for term in terms
        for word in term.banned[language]
    ]


def read_instead(path: Path) -> list[Rendering]:
    """Read the table `[instead]` of the terms; without a file it is empty.

    It is of all languages but the first: a rendering is a word of its own language.

    Raises:
        BookError: an entry is not `"word" = { write = "…", not_in = ["…"] }`.
    """
    if not path.exists():
        return []
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("instead", {})
    return [_rendering(word, fields, path) for word, fields in table.items()]


def _rendering(word: str, fields: Any, path: Path) -> Rendering:
    known = isinstance(fields, dict) and set(fields) <= {"write", "not_in"}
    if not known or not isinstance(fields.get("write"), str):
        form = f'"{word}" = {{ write = "…", not_in = ["…"] }}'
        raise BookError(f"instead: write {form}, not {fields!r}", path)
    right_in = tuple(fields.get("not_in", ()))
    return Rendering(word, f"{word}: write {fields['write']}", right_in)


def banned(
    text: str, renderings: Iterable[Rendering], path: str | Path
) -> Iterator[BookError]:
    """Yield an error for each rendering in a text that the book does not use.

    One in quotation marks or in code is spoken about, not used.
    """
    known = tuple(renderings)
    for block in scan(text)[0]:
        words = prose(block)
        shown, offsets = visible(words)
        shown = _QUOTED.sub(lambda match: "\n" * len(match[0]), shown)
        for rendering in known:
            for start in rendering.found(shown):
                at = words.count("\n", 0, offsets[start])
                yield BookError(rendering.message, path, block.line + at)
