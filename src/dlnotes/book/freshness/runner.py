"""Run what is stale: each snippet in its own process, several at a time."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.execution.ending import Failure, result_of
from dlnotes.book.execution.launch import Launcher, launcher
from dlnotes.book.freshness.job import unfinished, write_job
from dlnotes.book.freshness.keys import Settings, forget_versions
from dlnotes.book.freshness.manifest import manifest_of
from dlnotes.book.freshness.notebook import executed_notebook
from dlnotes.book.freshness.status import Status, has_changed, status
from dlnotes.book.storage.cache import installed_now
from dlnotes.book.storage.store import Run, Store

TIMEOUT = 300.0  # seconds


class Progress(Protocol):
    """Is told how the work goes; called from the calling thread only."""

    def waiting(self) -> None:
        """Hear that another process holds the store, and the work begins after it."""

    def plan(self, stale: list[Status], fresh: int) -> None:
        """Hear which snippets will run, and how many need not."""

    def finished(self, name: str, seconds: float) -> None:
        """Hear that a snippet ended well, and how long its own code took."""

    def failed(self, failure: Failure) -> None:
        """Hear that a snippet failed, and how."""


@dataclass
class Outcome:
    """What a call did: fresh and finished runs by name, and the failures."""

    runs: dict[str, Run] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


class Runner:
    """Brings runs up to date; keeps its server of processes warm between calls.

    Args:
        book: the checkout.
        launch: makes the launcher when the first snippet has to run.
    """

    def __init__(
        self, book: Book, launch: Callable[[Path, Path, set[str]], Launcher] = launcher
    ) -> None:
        self.book = book
        self.store = Store(book.store)
        self._launch = launch
        self._launcher: Launcher | None = None
        self._engine = ""
        self._installed = installed_now()
        self._parsing = Lock()  # Python before 3.13 parses in one thread at a time

    def close(self) -> None:
        """Stop the server and whatever it runs."""
        if self._launcher:
            self._launcher.close()
            self._launcher = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def statuses(self, names: Iterable[str], settings: Settings) -> list[Status]:
        """Return the status of each named snippet."""
        snippets = self.book.snippets
        return [
            status(self.book, self.store, snippets[name], settings) for name in names
        ]

    def update(
        self,
        names: list[str],
        settings: Settings,
        progress: Progress,
        *,
        jobs: int | None = None,
        timeout: float = TIMEOUT,
        force: bool = False,
    ) -> Outcome:
        """Run the named snippets that are stale and store those that end well.

        Args:
            names: of snippets.
            settings: the scale.
            progress: is told how it goes.
            jobs: how many at a time; as many as there are cores by default.
            timeout: limit for each, in seconds.
            force: run them even when they are fresh.
        """
        with self.store.lock(progress.waiting):
            self._look()
            outcome, stale = Outcome(), []
            for name in names:
                item = status(self.book, self.store, self.book.snippets[name], settings)
                if item.run and not force:
                    outcome.runs[name] = item.run
                else:
                    stale.append(item)
                    self.warm()  # its imports go on while we look at the others
            progress.plan(stale, len(outcome.runs))
            if stale:
                self._run(stale, settings, progress, jobs, timeout, outcome)
        return outcome

    def _look(self) -> None:
        """Take the book, and what is installed, as they are by now."""
        self.book = Book(self.book.root, self.book.package)
        if self._installed != (now := installed_now()):
            forget_versions()
            self.close()  # it has imported what was there
            self._installed = now

    def collect(self) -> None:
        """Delete what no run of the book needs any more."""
        with self.store.lock():
            self.store.collect(set(self.book.snippets))

    def _run(
        self,
        stale: list[Status],
        settings: Settings,
        progress: Progress,
        jobs: int | None,
        timeout: float,
        outcome: Outcome,
    ) -> None:
        work = self.book.store / "work"
        shutil.rmtree(work, ignore_errors=True)  # of a build that was killed
        work.mkdir(parents=True, exist_ok=True)
        stale.sort(key=lambda item: -(item.last if item.last is not None else 1e9))
        process = self.warm()
        pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
        try:
            futures = [
                pool.submit(self._one, process, item, settings, timeout)
                for item in stale
            ]
            for future in as_completed(futures):
                result = future.result()
                if isinstance(result, Failure):
                    outcome.failures.append(result)
                    progress.failed(result)
                else:
                    name = result.manifest["name"]
                    outcome.runs[name] = result
                    outcome.ran.append(name)
                    progress.finished(name, result.seconds)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            self.close()
            raise
        finally:
            pool.shutdown()
            shutil.rmtree(work, ignore_errors=True)

    def warm(self) -> Launcher:
        """Start what runs snippets, if it does not run the engine as it is now."""
        now = self.book.engine
        if self._launcher and (not self._launcher.alive or self._engine != now):
            self.close()
        if self._launcher is None:
            self._launcher = self._launch(
                self.book.store / "matplotlib",
                self.book.library.folder.parent,
                self.book.imported,
            )
            self._engine = now
        return self._launcher

    def _one(
        self, process: Launcher, item: Status, settings: Settings, timeout: float
    ) -> Run | Failure:
        """Run a snippet; whatever happens to it, the others go on."""
        try:
            return self._finish(process, item, settings, timeout)
        except (BookError, OSError, RuntimeError) as error:
            return Failure(item.snippet.name, "", None, str(error))

    def _finish(
        self, process: Launcher, item: Status, settings: Settings, timeout: float
    ) -> Run | Failure:
        name = item.snippet.name
        out = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.book.store / "work"))
        ended = process.run(write_job(self.book, item, settings, out), timeout)
        result = result_of(name, out, ended, timeout)
        if isinstance(result, Failure):
            return result
        with self._parsing:
            if has_changed(item, self.book, settings):
                why = "its code changed while it ran; run it again"
                return Failure(name, "", None, why)
            manifest = manifest_of(item, self.book, result)
        notebook = executed_notebook(item.snippet, result["cells"])
        self.store.save(manifest, notebook)
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(unfinished(self.book, item), ignore_errors=True)
        return Run(manifest, notebook)
