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

pytestmark = pytest.mark.skipif(
    not hasattr(sys, "monitoring"), reason="only Python 3.12 and newer tell"
)
IMPORTS = """# %% all
from dlnotes.looking import Recorder
from dlnotes.schedule import constant, exponential, step_decay
"""
CALLS = "exponential(0.5)(2), step_decay(0.5, every=2)\n"
LAMBDA = "    return lambda step: factor**step"


@pytest.fixture
def started(book: Book) -> Started:
    """What `CALLS` starts: two functions, and a lambda that one of them returns."""
    symbols = [
        book.library.find(f"dlnotes.schedule.{name}")
        for name in ("exponential", "step_decay")
    ]
    path = str(symbols[0].path)
    lines = symbols[0].path.read_text(encoding="utf-8").split("\n")
    return {*((path, s.first) for s in symbols), (path, lines.index(LAMBDA) + 1)}


def test_functions_that_start_are_seen_and_those_only_imported_are_not(
    started: Started, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(IMPORTS + CALLS, encoding="utf-8")
    ran = run(program, tmp_path / "out")
    assert ran.failure == ""
    assert ran.started == started


@pytest.mark.parametrize(
    ("calls", "missed"),
    [(CALLS, 0), ("exponential(0.5)\n", 1), ("step_decay(0.5, 2)\n", 2), ("", 3)],
)
def test_what_starts_and_no_key_covers_is_found(
    calls: str, missed: int, started: Started, book: Book, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(IMPORTS + calls, encoding="utf-8")
    found = uncovered(started, book.library, read_snippet(program).module)
    assert found <= started
    assert len(found) == missed
