"""What a run read, whatever read it, is known; what it did not read does not count."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dlnotes.book
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
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
        run = bench.update()[0].runs["good"]
        assert run.values["x"] == 1
        assert run.manifest["files"] == {}, "what draws is part of the engine"
        (package / "__init__.py").write_text("X = 2\n")
        assert bench.update()[0].runs["good"].values["x"] == 2


def test_a_data_file_inside_the_package_counts(bench: Bench) -> None:
    folder = bench.root / "src" / "mini" / "data"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from importlib.resources import files\n\n\ndef corpus():\n"
        "    return files('mini.data').joinpath('corpus.txt').read_text()\n"
    )
    (folder / "corpus.txt").write_text("one")
    bench.write("good", "# %% go\nfrom mini.data import corpus\nx = corpus()\n")
    assert bench.update()[0].runs["good"].values["x"] == "one"
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").touch()
    (folder / "other.py").touch()
    assert reasons(bench) == ()
    (folder / "corpus.txt").write_text("two")
    assert reasons(bench) == ("file {book}/src/mini/data/corpus.txt changed",)


def test_variables_of_the_reader_do_not_reach_a_run(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.runner.close()
    monkeypatch.setenv("FAST", "1")
    bench.write("good", "# %% go\nimport os\nx = os.environ.get('FAST', 'none')\n")
    assert bench.update()[0].runs["good"].values["x"] == "none"


def test_what_is_installed_is_no_data(bench: Bench) -> None:
    bench.write(
        "good",
        """
        # %% go
        from importlib.metadata import distribution, entry_points
        found = len(entry_points()) > 0
        name = distribution("numpy").metadata["Name"]
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.values == {"found": True, "name": "numpy"}
    assert run.manifest["files"] == {}


def test_folders_in_which_modules_are_looked_for_do_not_count(bench: Bench) -> None:
    for place in ("src/mini/sub", ".venv/lib/python3/site-packages/sub"):
        folder = bench.root / place
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "part.py").write_text("X = 1\n")
    bench.write(
        "good",
        f"""
        # %% go
        import os, sys
        from mini.sub.part import X
        sys.path.append({str(bench.root / ".venv/lib/python3/site-packages")!r})
        import sub.part
        os.listdir(os.path.dirname(sub.__file__))
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.manifest["files"] == {}


def test_a_folder_that_a_run_lists_counts_without_what_python_leaves_there(
    bench: Bench,
) -> None:
    folder = bench.root / "src" / "mini" / "texts"
    folder.mkdir()
    code = (
        "from importlib.resources import files\n\n\n"
        "def listed():\n    return [*files('mini.texts').iterdir()]\n"
    )
    (folder / "__init__.py").write_text(code)
    bench.write(
        "good",
        """
        # %% go
        from mini.texts import listed
        found = len(listed())
        """,
    )
    assert bench.update()[0].runs["good"].values["found"] == 1
    (folder / "__pycache__").mkdir()
    assert reasons(bench) == ()
    (folder / "a.txt").touch()
    assert reasons(bench) == ("file {book}/src/mini/texts/ changed",)


def test_versions_of_all_that_is_loaded_count(bench: Bench) -> None:
    bench.write("good", "# %% go\nx = 1\n")
    found = bench.update()[0].runs["good"].manifest["packages"]
    assert {"kiwisolver", "fonttools", "pillow", "numpy"} <= found.keys()
    assert "dlnotes" not in found


def test_a_module_that_was_not_there_counts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(
        "good",
        """
        # %% go
        import importlib.util
        try:
            import extra
        except ImportError:
            found = "nothing"
        else:
            found = extra.NAME
        is_there = importlib.util.find_spec("another") is not None
        """,
    )
    assert bench.update()[0].runs["good"].values["found"] == "nothing"
    assert reasons(bench) == ()
    source = bench.root / "src"
    monkeypatch.syspath_prepend(source)
    (source / "extra.py").write_text("NAME = 'extra'\n")
    (source / "another.py").touch()
    assert reasons(bench) == ("module another is new", "module extra is new")
    run = bench.update()[0].runs["good"]
    assert (run.values["found"], run.values["is_there"]) == ("extra", True)
    assert reasons(bench) == ()


def test_a_file_counts_as_it_was_when_it_was_read(bench: Bench) -> None:
    data = bench.root / "data.txt"
    data.write_text("7")
    bench.write(
        "good",
        f"""
        # %% go
        from pathlib import Path
        data = Path({str(data)!r})
        n = int(data.read_text())
        data.write_text("8")
        """,
    )
    assert bench.update()[0].runs["good"].values["n"] == 7
    assert reasons(bench) == ("file {book}/data.txt changed",)
    assert bench.update()[0].runs["good"].values["n"] == 8
    assert reasons(bench) == ()


def test_a_module_counts_as_it_was_when_it_was_imported(bench: Bench) -> None:
    hidden = bench.root / "src" / "mini" / "hidden.py"
    hidden.write_text("X = 1\n")
    bench.write(
        "good",
        f"""
        # %% go
        from logging.config import BaseConfigurator
        x = BaseConfigurator({{}}).resolve("mini.hidden.X")
        open({str(hidden)!r}, "w").write("X = 2\\n")
        """,
    )
    assert bench.update()[0].runs["good"].values["x"] == 1
    assert reasons(bench) == ("file {book}/src/mini/hidden.py changed",)


def test_a_file_that_is_written_over_is_not_read(bench: Bench) -> None:
    data = bench.root / "data.txt"
    bench.write(
        "good",
        f"""
        # %% go
        with open({str(data)!r}, "w+") as file:
            file.write("text")
            file.seek(0)
            text = file.read()
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.values["text"] == "text"
    assert run.manifest["files"] == {}


def test_a_new_version_of_what_is_installed_is_seen_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bench.root / "src"

    def install(version: str) -> None:
        about = source / f"extra-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Name: extra\nVersion: {version}\n")
        (about / "top_level.txt").write_text("extra\n")
        (source / "extra.py").write_text(f"version = {version!r}\n")

    monkeypatch.syspath_prepend(source)
    install("1.0")
    bench.write("good", "# %% go\nfrom extra import version\n")
    run = bench.update()[0].runs["good"]
    assert run.manifest["packages"]["extra"] == "1.0"
    server = bench.runner._launcher
    shutil.rmtree(source / "extra-1.0.dist-info")
    install("2.0")
    assert bench.update()[0].runs["good"].values["version"] == "2.0"
    assert bench.runner._launcher is not server, "it has imported what was there"
