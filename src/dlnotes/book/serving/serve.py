"""Serve the site to its author, and rebuild it on every change."""

import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks.check import check
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings, packages
from dlnotes.book.freshness.runner import TIMEOUT, Runner
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.progress import Report
from dlnotes.book.publishing.editions import EditionError, Editions
from dlnotes.book.publishing.site import forget, publish_font
from dlnotes.book.publishing.stamp import is_current, state
from dlnotes.book.root import write_root
from dlnotes.book.serving.live import Live, served
from dlnotes.book.serving.watch import look, wait
from dlnotes.book.storage.cache import folder_digest, installed_now
from dlnotes.book.storage.swap import replace
from dlnotes.book.weaving.gather import Gatherer


class Recorder(Report):
    """Keeps what it prints."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        """Print a line, and keep it."""
        super().say(text)
        self.said.append(text)


class Desk:
    """The author's desk: what is served, and what keeps it up to date.

    Args:
        book: the checkout.
        runner: brings the runs up to date.
        settings: those of the runs that the pages show.
        live: serves the site, and shows what is wrong.
        jobs: snippets at a time; as many as there are cores by default.
        timeout: limit for each snippet, in seconds.
    """

    def __init__(
        self,
        book: Book,
        runner: Runner,
        settings: Settings,
        live: Live,
        jobs: int | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.book = book
        self.runner = runner
        self.settings = settings
        self.live = live
        self.jobs = jobs
        self.timeout = timeout
        self._engine = ""
        self._failed: set[str] = set()
        self._gatherer = Gatherer()
        self._editions: Editions | None = None

    def close(self) -> None:
        """End the processes that build."""
        if self._editions:
            self._editions.close()
            self._editions = None

    def warm(self) -> Editions:
        """Return the processes that build, which run what is installed now."""
        now = folder_digest(Path(__file__).parents[1], "*.py") + installed_now()
        if self._editions is None or self._engine != now or not self._editions.alive:
            self.close()
            self._engine = now
            self._editions = Editions(self.book, self.settings)
        return self._editions

    def open(self) -> bool:
        """Show the site that is built already, if it is what a build would make."""
        if not is_current(self.book, state(self.book, self.settings), self.book.site):
            return False
        shutil.copytree(self.book.site, self.live.folder, dirs_exist_ok=True)
        self.live.announce("")
        return True

    def get_ready(self) -> None:
        """Do now what the first change would have to wait for."""
        self.runner.warm()
        self.runner.statuses(self.book.snippets, self.settings)
        packages([*sys.modules])  # which looks through all that is installed
        with suppress(EditionError):  # told when a change comes
            self.warm().prepare()

    def rebuild(self, changed: list[str]) -> None:
        """Bring what is served up to date, or show why that cannot be.

        Pages are shown as soon as they are built; then they are checked.

        Args:
            changed: paths of files; none if everything may have changed.
        """
        begun = time.monotonic()
        self.book = self.runner.book = Book(self.book.root, self.book.package)
        report = Recorder(self.book)
        try:
            self._run(changed, report)
            self._build(changed)
            seconds = time.monotonic() - begun
            checked = check(self.book, self._gatherer.gather(self.book, self.settings))
            if checked.errors:
                raise BookError(checked.text)
            forget(self.book)
            self.runner.collect()
            report.say(f"built in {seconds:.1f} s")
        except (BookError, EditionError, OSError) as error:
            report.say(str(error))
            self.live.announce("\n".join(report.said))
        else:
            self.live.announce("")

    def _run(self, changed: list[str], report: Report) -> None:
        """Run what is stale, unless only pages have changed."""
        if changed and all(_is_in(path, self.book.docs) for path in changed):
            return
        self.warm().look()  # while the snippets run
        outcome = self.runner.update(
            self._affected(changed),
            self.settings,
            report,
            jobs=self.jobs,
            timeout=self.timeout,
        )
        report.close(outcome)
        self._failed = {failure.name for failure in outcome.failures}
        if outcome.failures:
            raise BookError("the site is as it was")

    def _affected(self, changed: list[str]) -> list[str]:
        """Return the snippets that may be stale."""
        snippets = self.book.snippets
        folder = self.book.root / "snippets"
        if not changed or not all(_is_in(path, folder) for path in changed):
            return list(snippets)
        names = {Path(path).stem for path in changed}
        return [name for name in snippets if name in self._failed | names]

    def _build(self, changed: list[str]) -> None:
        """Build all languages, and show each as soon as it is there."""
        editions, folder = self.warm(), self.live.folder
        publish_font(self.book, editions.prepare())
        with tempfile.TemporaryDirectory(
            dir=folder.parent, ignore_cleanup_errors=True
        ) as part:  # a builder may still write into it when Ctrl-C ends this
            editions.start(Path(part))
            for language in editions.finished(first=self._language(changed)):
                replace(Path(part, language), folder / language)
                self.live.announce(self.live.message)
        write_root(self.book, folder)

    def _language(self, changed: list[str]) -> str:
        """Return the language whose pages have changed, if it is one."""
        for language in LANGUAGES:
            folder = self.book.docs / language
            if changed and all(_is_in(path, folder) for path in changed):
                return language
        return FIRST


def _is_in(path: str, folder: Path) -> bool:
    return Path(path).is_relative_to(folder)


def serve(
    book: Book,
    runner: Runner,
    settings: Settings,
    *,
    host: str,
    port: int,
    jobs: int | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Serve the site and rebuild it when a source changes, until interrupted.

    The site is built into a folder of its own; `site/` is not touched.
    """
    watched = [book.docs, book.root / "snippets", book.library.folder]
    watched += [book.config(language) for language in LANGUAGES]
    with tempfile.TemporaryDirectory(prefix="dlnotes-serve-") as folder:
        live = Live(Path(folder) / "site")
        live.folder.mkdir()
        desk = Desk(book, runner, settings, live, jobs, timeout)
        with served(live, host, port) as port:
            print(f"serving at http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
            try:
                desk.warm()
                seen = look(watched)
                if not desk.open():
                    desk.rebuild([])
                desk.get_ready()
                while True:
                    seen, changed = wait(watched, seen)
                    desk.rebuild(changed)
            except KeyboardInterrupt:
                print("stopped")
            finally:
                desk.close()
