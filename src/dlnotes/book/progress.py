"""Show how a build goes: a live line in a terminal, plain lines elsewhere."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from dlnotes.book.book import Book
from dlnotes.book.execution.ending import Failure
from dlnotes.book.freshness.runner import Outcome
from dlnotes.book.freshness.status import Status
from dlnotes.book.html.results import without_controls
from dlnotes.book.pages.usage import pages_that_use


class Report:
    """Tells on standard error which snippets run, finish and fail.

    Args:
        book: the checkout, for the pages that use a snippet that fails.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        # Without emoji, since rich sees one in `page.md:100:`.
        self.console = Console(
            stderr=True, highlight=False, soft_wrap=True, emoji=False
        )
        self._bar: Progress | None = None

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self.console.print(text, markup=False)

    def waiting(self) -> None:
        """Tell that another build is at work."""
        self.say("another build is running snippets; waiting for it")

    def plan(self, stale: list[Status], fresh: int) -> None:
        """Tell how much will run."""
        if not stale:
            self.say(f"all {fresh} runs are fresh; no snippet runs")
            return
        self.say(f"{len(stale)} to run, {fresh} fresh")
        self._bar = Progress(
            TextColumn("running"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )
        self._bar.add_task("run", total=len(stale))
        self._bar.start()

    def _step(self) -> None:
        if self._bar:
            self._bar.advance(self._bar.task_ids[0])
            if self._bar.finished:
                self._bar.stop()

    def finished(self, name: str, seconds: float) -> None:
        """Tell that a snippet ended well."""
        self.say(f"  {name}  {seconds:.2f} s")
        self._step()

    def failed(self, failure: Failure) -> None:
        """Tell that a snippet failed, where, and which chapters wait for it."""
        self._step()
        self.say(f"  {failure.name}  FAILED")
        self.say(describe(failure, self.book))

    def close(self, outcome: Outcome) -> None:
        """End with a line that sums up."""
        if self._bar:
            self._bar.stop()
        if outcome.failures:
            names = ", ".join(failure.name for failure in outcome.failures)
            self.say(f"failed: {names}; {len(outcome.ran)} ran and are kept")


def describe(failure: Failure, book: Book) -> str:
    """Say what failed, where it stands, its last frames and who uses it."""
    path = book.relative(book.snippets[failure.name].path)
    place = f"{path}:{failure.line}" if failure.line else f"{path}"
    cell = f", cell {failure.cell}" if failure.cell else ""
    lines = [f"{place}{cell}: {failure.message}"]
    lines += ["  " + line for line in failure.frames.splitlines()]
    pages = [str(book.relative(page)) for page in pages_that_use(book, failure.name)]
    lines.append(f"used by {', '.join(pages)}" if pages else "used by no chapter")
    text = without_controls("\n".join(lines))
    return "\n".join("    " + line for line in text.splitlines())
