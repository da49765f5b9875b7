"""Which functions of the package a program starts is seen, and compared with its key.

`test_snippets.py` compares it for every snippet that it runs as plain Python.
"""

import sys
from pathlib import Path

import pytest

from covered import Started, uncovered
from dlnotes.book.book import Book
from dlnotes.book.source.snippet import read_snippet
from programs import run

PROGRAM = """# %% all
from dlnotes.schedule import constant, exponential, step_decay
from dlnotes.table import Table

exponential(0.5)(2), step_decay(0.5, every=2)
"""
LAMBDA = "    return lambda step: factor**step"


@pytest.fixture
def started(book: Book) -> Started:
    """What `PROGRAM` starts: two functions, and a lambda that one of them returns."""
    names = "dlnotes.schedule.exponential", "dlnotes.schedule.step_decay"
    symbols = [book.library.find(name) for name in names]
    path = symbols[0].path
    lines = path.read_text(encoding="utf-8").split("\n")
    firsts = [*(symbol.first for symbol in symbols), lines.index(LAMBDA) + 1]
    return {(str(path), first) for first in firsts}


@pytest.mark.skipif(
    not hasattr(sys, "monitoring"), reason="only Python 3.12 and newer tell"
)
def test_functions_that_start_are_seen_and_those_only_imported_are_not(
    started: Started, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    ran = run(program, tmp_path / "out")
    assert ran.failure == ""
    assert ran.started == started


@pytest.mark.parametrize(
    ("imported", "missed"),
    [("exponential, step_decay", 0), ("exponential", 1), ("step_decay", 2)],
)
def test_what_starts_and_no_key_covers_is_found(
    imported: str, missed: int, started: Started, book: Book, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    text = f"# %% all\nfrom dlnotes.schedule import {imported}\n"
    program.write_text(text, encoding="utf-8")
    found = uncovered(started, book.library, read_snippet(program).module)
    assert found <= started
    assert len(found) == missed
