"""Fixtures for the whole suite: the book itself, and its finished runs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dlnotes.book.book import Book, find_book
from dlnotes.book.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.runner import Outcome, Runner
from dlnotes.book.store import Run

# One thread, as in the runs: what is small gets no faster by more, and what is chaotic
# ends elsewhere.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def book() -> Book:
    """The checkout that the tests lie in."""
    return find_book(ROOT)


@pytest.fixture(scope="session")
def outcome(book: Book) -> Outcome:
    """What running whatever is stale gives."""
    with Runner(book) as runner:
        return runner.update(list(book.snippets), Settings(), Report(book))


@pytest.fixture(scope="session")
def runs(outcome: Outcome) -> dict[str, Run]:
    """Every run of the book."""
    assert not outcome.failures, outcome.failures
    return outcome.runs


@pytest.fixture(scope="session")
def book_run(outcome: Outcome) -> Callable[[str], Run]:
    """Return the run of a snippet by name."""

    def run(name: str) -> Run:
        failed = [failure for failure in outcome.failures if failure.name == name]
        assert not failed, failed[0]
        return outcome.runs[name]

    return run
