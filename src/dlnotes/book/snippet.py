"""Read a snippet: a percent-format program cut into named cells."""

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.reach import code_of
from dlnotes.book.symbols import Module, parse

MARK = re.compile(r"^# %%(?:\s+(?P<name>\S.*?))?\s*$")
NAME = re.compile(r"[a-z][a-z0-9-]*")


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
            line.removeprefix("#").removeprefix(" ")
            for line in self.source.splitlines()
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

    @property
    def module(self) -> Module:
        """The program as a module, for following what it reaches."""
        return Module("__main__", self.path, self.source, self.tree, "")

    @property
    def description(self) -> str:
        """The docstring that opens the file, empty where there is none."""
        return textwrap.dedent(ast.get_docstring(self.tree) or "")

    @property
    def code(self) -> list[Cell]:
        """The cells that run."""
        return [cell for cell in self.cells if not cell.is_markdown]

    def code_by_cell(self) -> dict[str, str]:
        """Return each code cell's code, free of comments and layout, by name."""
        return {
            cell.name: code_of([parse(cell.source, self.path)]) for cell in self.code
        }

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
        BookError: the file is not valid Python, code stands before the first cell, or
            a cell has no name, a malformed one, or one that is taken.
    """
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    marks = [
        (number, match["name"] or "")
        for number, line in enumerate(lines, 1)
        if (match := MARK.match(line))
    ]
    if not marks:
        raise BookError(
            "no cell: a snippet needs at least one line '# %% name'", path, 1
        )
    _check_names(marks, path)
    for statement in parse(source, path).body:
        is_text = isinstance(statement, ast.Expr) and isinstance(
            statement.value, ast.Constant
        )
        if statement.lineno < marks[0][0] and not is_text:
            raise BookError(
                "code before the first cell: put it below a line '# %% name'",
                path,
                statement.lineno,
            )
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
