"""Compare what a program executed of a package with what the key of a run covers."""

import ast

from dlnotes.book.closure.closure import Closure
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module

Started = set[tuple[str, int]]  # functions: file, first line


def uncovered(started: Started, library: Library, program: Module) -> Started:
    """Return the functions that started and that the key of no run covers."""
    lines = covered(library, program) if started else {}
    return {(path, line) for path, line in started if line not in lines[path]}


def covered(library: Library, program: Module) -> dict[str, set[int]]:
    """Return where code begins that the key of a run covers: lines, file by file."""
    found: dict[str, set[int]] = {str(path): set() for path in library.files}
    closure = Closure(library, program)
    for module in closure.modules:
        nodes = closure.statements(module)
        parts = [part for node in nodes for part in ast.walk(node)]
        found[str(module.path)] |= {getattr(part, "lineno", 0) for part in parts}
    return found
