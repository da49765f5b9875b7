"""Run the snippets of a small book: what tests of runs share."""

import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.execution.ending import Failure
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Outcome, Runner
from dlnotes.book.freshness.status import Status

DEFAULT = Settings()


@dataclass
class Listener:
    """Progress that remembers what it was told."""

    planned: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def plan(self, stale: list[Status], fresh: int) -> None:
        self.planned = sorted(item.snippet.name for item in stale)

    def finished(self, name: str, seconds: float) -> None: ...

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure)

    def waiting(self) -> None: ...


@dataclass
class Bench:
    """A small book and a runner over it."""

    root: Path
    runner: Runner
    package: str = "mini"

    def write(self, name: str, text: str) -> None:
        (self.root / "snippets" / f"{name}.py").write_text(textwrap.dedent(text))

    def update(
        self, settings: Settings = DEFAULT, **options: object
    ) -> tuple[Outcome, list[str]]:
        listener = Listener()
        self.runner.book = book = Book(self.root, self.package)
        options = {"timeout": 60.0, **options}
        outcome = self.runner.update(list(book.snippets), settings, listener, **options)  # type: ignore[arg-type]
        return outcome, listener.planned

    def failure(self, text: str, **options: object) -> Failure:
        self.write("bad", text)
        outcome, _ = self.update(**options)
        (failure,) = outcome.failures
        return failure


def make_book(root: Path) -> None:
    (root / "snippets").mkdir()
    package = root / "src" / "mini"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "shapes.py").write_text(
        "PI = 3.0\n\n\ndef area(r):\n    return PI * r * r\n"
    )
    (root / "mkdocs.yml").touch()
    for language in ("en", "zh"):
        (root / "docs" / language).mkdir(parents=True)
