"""What a run read, whatever read it, is known; what it did not read does not count."""

from __future__ import annotations

import py_compile
import shutil
import sys
from pathlib import Path

import pytest

import dlnotes.book
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings, inputs
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
        from matplotlib.backends import backend_registry
        found = "svg" in backend_registry.list_all()  # looks at what is installed
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.values == {"found": True}
    assert run.manifest["files"] == {}


def test_folders_in_which_modules_are_looked_for_do_not_count(bench: Bench) -> None:
    folder = bench.root / "src/mini/sub"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "part.py").write_text("X = 1\n")
    bench.write(
        "good",
        """
        # %% go
        import os
        import numpy
        import numpy.testing  # not imported beforehand
        from mini.sub.part import X
        os.listdir(os.path.dirname(numpy.__file__))
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
        try:
            import extra
        except ImportError:
            found = "nothing"
        else:
            found = extra.NAME
        """,
    )
    assert bench.update()[0].runs["good"].values["found"] == "nothing"
    assert reasons(bench) == ()
    source = bench.root / "src"
    monkeypatch.syspath_prepend(source)
    (source / "extra.py").write_text("NAME = 'extra'\n")
    assert reasons(bench) == ("module extra is new",)
    assert bench.update()[0].runs["good"].values["found"] == "extra"
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
    hidden.write_text("def value():\n    return 1\n")
    bench.write(
        "good",
        f"""
        # %% go
        from matplotlib.backends.registry import backend_registry
        # a library that imports by name
        x = backend_registry.load_backend_module("module://mini.hidden").value()
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
    bench.write(
        "good",
        """
        # %% go
        from matplotlib.backends.registry import backend_registry
        version = backend_registry.load_backend_module("module://extra").version
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.manifest["packages"]["extra"] == "1.0"
    server = bench.runner._launcher
    shutil.rmtree(source / "extra-1.0.dist-info")
    install("2.0")
    assert bench.update()[0].runs["good"].values["version"] == "2.0"
    assert bench.runner._launcher is not server, "it has imported what was there"


READ = {
    "code as data": ("print(open(DATA + '/x.py').read())", "x.py"),
    "a module on another path": (
        "import threading\nthreading._sys.path.insert(0, DATA)\n"
        "try:\n    import other_x\nfinally:\n    pass",
        "other_x.py",
    ),
    "a link in the folder of the run": (
        "os.symlink(DATA + '/x.txt', 'here')\nprint(open('here').read())",
        "x.txt",
    ),
    "another name for a file": (
        "os.link(DATA + '/x.txt', 'here')\nprint(open('here').read())",
        "x.txt",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_counts_however_it_is_reached(bench: Bench, name: str) -> None:
    code, file = READ[name]
    data = bench.root / "data"
    data.mkdir()
    (data / file).write_text("V = 1\n")
    if file == "other_x.py":
        py_compile.compile(str(data / file))  # as whoever has imported it leaves it
    bench.write("good", f"# %% go\nimport os, sys\nDATA = {str(data)!r}\n{code}\n")
    bench.update()
    assert reasons(bench) == ()
    (data / file).write_text("V = 22\n")
    assert reasons(bench) == (f"file {{book}}/data/{file} changed",)


LISTED = ["'.'", "None"]
if sys.platform == "linux":  # which tells the path of a descriptor
    LISTED.append("os.open('.', os.O_RDONLY)")


@pytest.mark.parametrize("listed", LISTED)
def test_a_folder_outside_the_book_counts_however_it_is_named(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, listed: str
) -> None:
    folder = tmp_path_factory.mktemp("outside")
    code = f"import os\nos.chdir({str(folder)!r})\nprint(os.listdir({listed}))"
    bench.write("good", f"# %% go\n{code}\n")
    bench.update()
    assert reasons(bench) == ()
    (folder / "new").touch()
    assert reasons(bench) == (f"file {folder}/ changed",)


@pytest.mark.parametrize(
    ("found", "new"),
    [
        ("glob.glob(DATA + '/*/log.txt')", "two/log.txt"),
        ("glob.glob('*/log.txt', root_dir=DATA)", "two/log.txt"),
        ("glob.glob(DATA + '/*/a/log.txt')", "two/a"),
        ("glob.glob(DATA + '/**/log.txt', recursive=True)", "two/log.txt"),
        ("Path(DATA).glob('*/log.txt')", "two/log.txt"),
        ("Path(DATA).glob('two/log.txt')", "two/log.txt"),
        ("Path(DATA).glob('three/log.txt')", "three"),
        ("Path(DATA).rglob('two/log.txt')", "two/log.txt"),
        ("(os.chdir(DATA), Path('.').glob('*/log.txt'))[1]", "two/log.txt"),
    ],
)
def test_a_file_that_a_pattern_would_match_counts(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, found: str, new: str
) -> None:
    folder = tmp_path_factory.mktemp("outside")
    for name in ("one", "two"):
        (folder / name).mkdir()
    (folder / "one" / "log.txt").touch()
    (folder.parent / f"{folder.name}-beside").mkdir()
    code = f"import glob, os\nfrom pathlib import Path\nDATA = {str(folder)!r}"
    bench.write("good", f"# %% go\n{code}\nprint(len([*{found}]))\n")
    bench.update()
    assert reasons(bench) == ()
    (folder.parent / f"{folder.name}-beside" / "log.txt").touch()
    assert reasons(bench) == ()
    (folder / new).touch()
    changed = (folder / new).parent
    assert f"file {changed}/ changed" in reasons(bench)


@pytest.mark.parametrize("context", [None, "spawn", "forkserver"])
def test_a_process_that_a_library_starts_is_refused(
    bench: Bench, context: str | None
) -> None:
    failure = bench.failure(
        f"""
        # %% go
        from torch.utils.data import DataLoader
        if __name__ == "__main__":
            options = dict(num_workers=1, multiprocessing_context={context!r})
            print(list(DataLoader([1], **options)))
        """
    )
    assert "a snippet starts another process" in failure.message


def test_neither_modules_nor_settings_come_from_the_reader_s_folder(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "found_here.py").touch()
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\n")
    monkeypatch.chdir(tmp_path)
    bench.runner.close()
    bench.write(
        "good",
        "# %% go\nimport matplotlib\nw = matplotlib.rcParams['lines.linewidth']\n"
        "try:\n    import found_here\n    x = True\n"
        "except ImportError:\n    x = False\n",
    )
    values = bench.update()[0].runs["good"].values
    assert values["w"] == 1.5
    assert values["x"] is False


def test_the_folder_of_the_data_sets_counts_at_full_scale(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("good", "# %% go\nx = 1\n")
    book = Book(bench.root, "mini")
    known = {}
    for folder in "/one", "/one/", "/two":
        monkeypatch.setenv("DLNOTES_DATA", folder)
        for scale in "default", "full":
            found = inputs(book, book.snippets["good"], Settings(scale))
            known[folder, scale] = found
    assert known["/one", "default"] == known["/two", "default"]
    assert known["/one", "full"] == known["/one/", "full"]
    assert known["/one", "full"] != known["/two", "full"]


WARNS = "import numpy as np\n\n\ndef used():\n    return np.log(np.zeros(1))\n"


def test_a_warning_does_not_tell_its_line(bench: Bench) -> None:
    shown = []
    for text in WARNS, f"# A comment.\n{WARNS}", WARNS.replace("return", "x ="):
        (bench.root / "src" / "mini" / "warns.py").write_text(text)
        bench.write(
            "good", "# %% go\nfrom mini.warns import used\nx = used(), used()\n"
        )
        run = bench.update(force=True)[0].runs["good"]
        shown.append([item["text"] for item in run.outputs("go")])
    assert shown == [["RuntimeWarning: divide by zero encountered in log\n"]] * 3


def test_errors_that_end_nothing_do_not_tell_their_line(bench: Bench) -> None:
    bench.write(
        "good",
        """
        # %% go
        import threading, warnings
        import numpy as np
        def fail(error):
            raise error
        for error in ValueError("so"), SystemExit():
            thread = threading.Thread(target=fail, args=[error])
            thread.start()
            thread.join()
        with warnings.catch_warnings(record=True) as told:
            np.log(np.zeros(1))
        print(told[0])
        """,
    )
    run = bench.update()[0].runs["good"]
    assert {item["name"]: item["text"] for item in run.outputs("go")} == {
        "stderr": "ValueError: so\n",
        "stdout": "RuntimeWarning: divide by zero encountered in log\n",
    }
