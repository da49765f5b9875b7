"""What a run read, whatever read it, is known; what it did not read does not count."""

from __future__ import annotations

import shutil
from pathlib import Path

import dlnotes.book
from dlnotes.book.book import Book
from dlnotes.book.keys import Settings
from dlnotes.book.runner import Runner
from running import Bench

TEST = Settings()


def reasons(bench: Bench, name: str = "good") -> tuple[str, ...]:
    """Return why a snippet's run is stale by now; nothing if it is fresh."""
    bench.runner.book = Book(bench.root, bench.runner.book.package)
    (status,) = bench.runner.statuses([name], TEST)
    return status.reasons


def test_a_warm_server_keeps_no_old_package(tmp_path: Path) -> None:
    package = tmp_path / "src" / "dlnotes"
    source = Path(dlnotes.book.__file__).parents[1]
    shutil.copytree(source / "book", package / "book")
    shutil.copy(source / "palette.py", package)
    (package / "__init__.py").write_text("X = 1\n")
    (tmp_path / "snippets").mkdir()
    text = "# %% go\nfrom dlnotes import X\nx = X\n"
    with Runner(Book(tmp_path)) as runner:
        bench = Bench(tmp_path, runner, "dlnotes")
        bench.write("good", text)
        assert bench.update()[0].runs["good"].values["x"] == 1
        (package / "__init__.py").write_text("X = 2\n")
        assert bench.update()[0].runs["good"].values["x"] == 2
        (package / "__init__.py").write_text('"""Two."""\nX = 2\n')
        bench.write("good", "# %% go\nimport dlnotes\nx = dlnotes.__doc__\n")
        assert bench.update()[0].runs["good"].values["x"] == "Two."
        (package / "__init__.py").write_text('"""Three."""\nX = 2\n')
        assert bench.update()[0].runs["good"].values["x"] == "Three."
