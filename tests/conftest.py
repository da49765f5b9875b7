"""Fixtures for the whole suite: the book itself, and its finished runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dlnotes.book.book import Book, find_book
from dlnotes.book.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.runner import Runner
from dlnotes.book.store import Run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def book() -> Book:
    """The checkout that the tests lie in."""
    return find_book(ROOT)


@pytest.fixture(scope="session")
def runs(book: Book) -> dict[str, Run]:
    """Every run of the book; what is stale runs first."""
    with Runner(book) as runner:
        outcome = runner.update(list(book.snippets), Settings(), Report(book))
    assert not outcome.failures, outcome.failures
    return outcome.runs


@pytest.fixture(scope="session")
def book_run(runs: dict[str, Run]) -> Callable[[str], Run]:
    """Return the run of a snippet by name."""
    return runs.__getitem__
