"""The one kind of error that is an author's to mend."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class BookError(ValueError):
    """Say what is wrong with a source of the book, and where.

    Args:
        message: what is wrong, in words.
        path: the file to mend.
        line: its line, counted from 1.
    """

    def __init__(
        self, message: str, path: str | Path | None = None, line: int | None = None
    ) -> None:
        super().__init__(message, path, line)
        self.message = message
        self.path = path
        self.line = line

    def __str__(self) -> str:
        if self.path is None:
            place = "" if self.line is None else f"line {self.line}"
        else:
            place = f"{self.path}" if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}" if place else self.message


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that offers near names; empty without any."""
    near = difflib.get_close_matches(name, known, 3, 0.5)
    return f"; did you mean {', '.join(near)}?" if near else ""
