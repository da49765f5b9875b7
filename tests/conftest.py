"""Fixtures for the whole suite: the book itself, and its finished runs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from dlnotes.book.book import Book, find_book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Outcome, Runner
from dlnotes.book.pages.usage import pages_that_use
from dlnotes.book.progress import Report
from dlnotes.book.storage.store import Run

settings.register_profile("book", deadline=None)  # no test asserts a time
settings.load_profile("book")
torch.set_num_threads(1)  # as in the runs: what is small gets no faster by more

OFFSETS = (0, 1, 2)  # of the seeds: what the pages show, and two other draws
ONE_SEED = ("attention_scoring_dates", "attention_scoring_translation")
ROOT = Path(__file__).parent.parent


def pytest_xdist_auto_num_workers() -> int:
    """Use one worker more than there are cores: many tests wait for a process."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker is left with one."""
    slow = ("book", "site", "claims")
    items.sort(key=lambda item: not {*item.path.relative_to(ROOT).parts} & {*slow})


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread with all libraries that the tests have imported by now."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def book() -> Book:
    """The checkout that the tests lie in."""
    return find_book(ROOT)


@pytest.fixture(scope="session")
def outcome(book: Book) -> Outcome:
    """What running whatever is stale gives."""
    return up_to_date(book, Settings())


def up_to_date(book: Book, settings: Settings) -> Outcome:
    """Run what is stale; DLNOTES_ONLY=losses,optim names what to look at alone."""
    only = tuple(os.environ.get("DLNOTES_ONLY", "").split(","))
    names = [name for name in book.snippets if name.startswith(only)]
    if settings.seed_offset in OFFSETS[2:]:
        names = [name for name in names if draws_once(book, name)]
    with Runner(book) as runner:
        return runner.update(names, settings, Report(book))


def draws_once(book: Book, name: str) -> bool:
    """Say whether a snippet has one seed: most of later parts have three inside."""
    foundations = book.docs / "en" / "foundations"
    return name in ONE_SEED or any(
        page.parent == foundations for page in pages_that_use(book, name)
    )


@pytest.fixture(scope="session")
def runs(outcome: Outcome) -> dict[str, Run]:
    """Every run of the book."""
    assert not outcome.failures, outcome.failures
    return outcome.runs


@pytest.fixture(scope="session")
def book_run(outcome: Outcome) -> Callable[[str], Run]:
    """Return the run of a snippet by name."""
    return run_of(outcome)


@pytest.fixture(scope="session", params=OFFSETS, ids=lambda n: f"offset-{n}")
def any_run(request: pytest.FixtureRequest, book: Book) -> Callable[[str], Run]:
    """Return the run of a snippet by name, in turn with three sets of seeds.

    For what a page says of the matter, not of the numbers that it quotes.
    """
    return run_of(up_to_date(book, Settings(seed_offset=request.param)))


@pytest.fixture(scope="session", params=OFFSETS[:2], ids=lambda n: f"offset-{n}")
def vision_run(request: pytest.FixtureRequest, book: Book) -> Callable[[str], Run]:
    """Return the run of a snippet that has three seeds inside, at two offsets."""
    return run_of(up_to_date(book, Settings(seed_offset=request.param)))


@pytest.fixture(scope="session")
def every_run(book: Book) -> Callable[[str], list[Run]]:
    """Return the runs of a snippet by name, with all three sets of seeds."""
    found = [run_of(up_to_date(book, Settings(seed_offset=n))) for n in OFFSETS]
    return lambda name: [run(name) for run in found]


@pytest.fixture(scope="session")
def both_draws(book: Book) -> Callable[[str], list[Run]]:
    """Return the runs of a snippet that has three seeds inside: six draws in all."""
    found = [run_of(up_to_date(book, Settings(seed_offset=n))) for n in OFFSETS[:2]]
    return lambda name: [run(name) for run in found]


def run_of(outcome: Outcome) -> Callable[[str], Run]:
    def run(name: str) -> Run:
        failed = [failure for failure in outcome.failures if failure.name == name]
        assert not failed, failed[0]
        return outcome.runs[name]

    return run
