import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlnotes.book.execution import launch
from dlnotes.book.execution.environment import environment
from dlnotes.book.execution.launch import Spawner, launcher
from running import make_book


def of(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "cache", tmp_path / "source")


def test_the_folder_of_the_data_sets_reaches_a_snippet_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DLNOTES_SCALE", "DLNOTES_OTHER", "PYTHONSTARTUP", "MPLSTYLE", "FAST"):
        monkeypatch.setenv(name, "of the reader")
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    found = of(tmp_path)
    assert found["DLNOTES_DATA"] == str(tmp_path)
    assert "of the reader" not in found.values()


@pytest.mark.parametrize("value", [None, ""])
def test_no_folder_chosen_is_none_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("DLNOTES_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("DLNOTES_DATA", value)
    assert "DLNOTES_DATA" not in of(tmp_path)


def test_a_snippet_runs_elsewhere_so_the_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/reader")
    for given, expected in [("sets", f"{tmp_path}/sets"), ("~/s", "/home/reader/s")]:
        monkeypatch.setenv("DLNOTES_DATA", given)
        assert of(tmp_path)["DLNOTES_DATA"] == expected


def test_where_forking_is_impossible_or_unsafe_processes_are_started_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kind() -> type:
        return type(launcher(tmp_path / "cache", tmp_path / "source", set()))

    class Forking(Spawner):
        """Stands for the server, which would start at once."""

    monkeypatch.setattr(launch, "ForkServer", Forking)
    monkeypatch.setattr(sys, "platform", "linux")
    assert kind() is Forking
    for name in ("waitid", "fork"):  # Python before 3.13 on macOS; Windows
        with monkeypatch.context() as without:
            without.delattr(os, name)
            assert kind() is Spawner
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kind() is Spawner


WITHOUT_FORK = """
import os, sys
del os.fork, os.waitid
from pathlib import Path
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.progress import Report

book = Book(Path(sys.argv[1]), "mini")
with Runner(book) as runner:
    outcome = runner.update(list(book.snippets), Settings(), Report(book))
print({name: run.values for name, run in sorted(outcome.runs.items())})
print([(failure.name, failure.cell, failure.message) for failure in outcome.failures])
"""


def test_snippets_run_where_nothing_can_be_forked(tmp_path: Path) -> None:
    make_book(tmp_path)
    snippets = {
        "bad": "# %% go\n1 / 0\n",
        "good": "# %% go\nfrom mini.shapes import area\n\nx = area(2.0)\n",
        "large": "# %% go\nx = 2**10\n",
    }
    for name, text in snippets.items():
        (tmp_path / "snippets" / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FORK, str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "{'good': {'x': 12.0}, 'large': {'x': 1024}}",
        "[('bad', 'go', 'ZeroDivisionError: division by zero')]",
    ], done.stderr
