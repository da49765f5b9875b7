"""Read a snippet: a percent-format program cut into named cells."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.source.code import code_of
from dlnotes.book.source.module import Module, parse, read_source
from dlnotes.book.source.syntax import first_line, is_text

MARK = re.compile(r"^# %%(?:\s+(?P<name>\S.*?))?\s*$")
LIKE_MARK = re.compile(r"^#\s*%%")  # what editors take for the start of a cell
NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")  # a notebook allows 64 characters


@dataclass(frozen=True)
class Cell:
    """A named part of a snippet; `first` is the line where `source` starts."""

    name: str
    first: int
    source: str

    @property
    def is_markdown(self) -> bool:
        """Say whether the cell holds text for a notebook instead of code."""
        return self.name == "[markdown]"

    @property
    def markdown(self) -> str:
        """The text of a Markdown cell without its comment signs."""
        return "\n".join(
            line.removeprefix("#").removeprefix(" ") for line in self.source.split("\n")
        )


@dataclass(frozen=True)
class Snippet:
    """One program of the book.

    Args:
        name: the file's stem, which directives use.
        path: the file.
        source: its whole text.
        cells: its cells in order.
    """

    name: str
    path: Path
    source: str
    cells: tuple[Cell, ...]

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the whole program."""
        return parse(self.source, self.path)

    @cached_property
    def module(self) -> Module:
        """The program as a module, for following what it reaches."""
        return Module("__main__", self.path, self.source, self.tree, "")

    @property
    def description(self) -> str:
        """The docstring that opens the file, empty where there is none."""
        is_above = self.tree.body and self.tree.body[0].lineno < self.cells[0].first
        return (ast.get_docstring(self.tree) if is_above else None) or ""

    @property
    def code(self) -> list[Cell]:
        """The cells that run."""
        return [cell for cell in self.cells if not cell.is_markdown]

    def code_by_cell(self) -> dict[str, str]:
        """Return each code cell's code, free of comments and layout, by name."""
        found: dict[str, list[ast.stmt]] = {cell.name: [] for cell in self.code}
        for statement in self.tree.body:
            if cell := self.at(first_line(statement)):
                found[cell.name].append(statement)
        return {name: code_of(statements) for name, statements in found.items()}

    def cell(self, name: str) -> Cell:
        """Return a cell by name.

        Raises:
            BookError: the snippet has no such cell; the message lists those it has.
        """
        for cell in self.code:
            if cell.name == name:
                return cell
        known = ", ".join(cell.name for cell in self.code)
        raise BookError(f"snippet {self.name} has no cell {name!r}; it has {known}")

    def at(self, line: int) -> Cell | None:
        """Return the cell that a line number of the file lies in."""
        return next((c for c in reversed(self.cells) if c.first <= line), None)


def read_snippet(path: Path) -> Snippet:
    """Read a percent-format program.

    Raises:
        BookError: the file is not valid Python; there is code before the first cell or
            in a text cell; a cell starts inside a statement; or it has no name, a
            malformed one, or one that is taken.
    """
    return _cut(path, read_source(path))


@lru_cache(maxsize=1024)
def _cut(path: Path, source: str) -> Snippet:
    lines = source.split("\n")
    marks = [
        (number, match["name"] or "" if (match := MARK.match(line)) else line)
        for number, line in enumerate(lines, 1)
        if LIKE_MARK.match(line)
    ]
    if not marks:
        raise BookError(
            "no cell: a snippet needs at least one line '# %% name'", path, 1
        )
    _check_names(marks, path)
    _check_places(marks, parse(source, path).body, path)
    ends = [number - 1 for number, _ in marks[1:]] + [len(lines)]
    cells = tuple(
        _cell(name, number, lines[number:end])
        for (number, name), end in zip(marks, ends, strict=True)
    )
    return Snippet(path.stem, path, source, cells)


def _cell(name: str, mark: int, lines: list[str]) -> Cell:
    blank = 0
    while blank < len(lines) and not lines[blank].strip():
        blank += 1
    return Cell(name, mark + 1 + blank, "\n".join(lines[blank:]).rstrip())


def _check_names(marks: list[tuple[int, str]], path: Path) -> None:
    taken: dict[str, int] = {}
    for number, name in marks:
        if name == "[markdown]":
            continue
        if not NAME.fullmatch(name):
            raise BookError(
                f"cell name {name!r}: write '# %% name' with lower-case letters, "
                "digits and hyphens",
                path,
                number,
            )
        if name in taken:
            raise BookError(
                f"cell name {name!r} is taken by line {taken[name]}", path, number
            )
        taken[name] = number


def _check_places(
    marks: list[tuple[int, str]], statements: list[ast.stmt], path: Path
) -> None:
    for number, statement in enumerate(statements):
        first, last = first_line(statement), statement.end_lineno or 0
        above = [name for line, name in marks if line < first]
        if cut := [line for line, _ in marks if first < line <= last]:
            raise BookError("a cell starts inside a statement or text", path, cut[0])
        if not above and not (number == 0 and is_text(statement)):
            raise BookError(
                "code before the first cell: put it below a line '# %% name'",
                path,
                first,
            )
        if above and above[-1] == "[markdown]":
            raise BookError(
                "code in a text cell: write text as comments, code below '# %% name'",
                path,
                first,
            )
