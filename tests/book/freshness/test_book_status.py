"""Editing the real book: exactly the runs that an edit can change become stale."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.freshness import keys
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.progress import Report
from dlnotes.book.storage.store import Run, Store

Stale = Callable[[], dict[str, tuple[str, ...]]]

READ_ROWS = ("multilayer_perceptron_shapes", "perceptron", "perceptron_exercises")


@pytest.fixture
def copy(book: Book, runs: dict[str, Run], tmp_path: Path) -> Path:
    """A copy of the book with its fresh runs."""
    stored = ".runs/runs", ".runs/notebooks", ".runs/cache/keys"
    with Store(book.store).lock():  # other tests may run snippets
        for name in ("src", "snippets", *stored):
            shutil.copytree(book.root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def stale(copy: Path) -> Stale:
    """Return what is stale in the copy now, by name, with the reasons."""

    def look() -> dict[str, tuple[str, ...]]:
        book = Book(copy)
        found = Runner(book).statuses(list(book.snippets), Settings())
        return {item.snippet.name: item.reasons for item in found if not item.run}

    assert look() == {}
    return look


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} does not hold {old!r} once"
    path.write_text(text.replace(old, new))


def test_comments_docstrings_and_new_functions_make_nothing_stale(
    copy: Path, stale: Stale
) -> None:
    linear = copy / "src/dlnotes/linear.py"
    edit(
        linear,
        "    A = design_matrix(X)  # (..., N, 1 + C)\n    Aty",
        "    # in words\n    A = design_matrix(X)  # and a shape\n\n    Aty",
    )
    linear.write_text(linear.read_text() + "\n\ndef unrelated(x):\n    return x + 1\n")
    edit(copy / "src/dlnotes/losses.py", "Return the squared error", "Give the error")
    edit(copy / "snippets/perceptron.py", "# %% imports\n", "# %% imports\n# a word\n")
    assert stale() == {}


def test_a_function_and_a_constant_make_the_snippets_stale_that_reach_them(
    copy: Path, stale: Stale
) -> None:
    edit(
        copy / "src/dlnotes/linear.py",
        "    Aty = A.mT @ y[..., None]  #",
        "    Aty = A.mT @ y[..., None] * 1  #",
    )
    edit(
        copy / "src/dlnotes/basics/perceptron.py",
        "ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])",
        "ROWS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])",
    )
    reason = (
        "dlnotes.basics.perceptron (on import) changed",  # it calls a function
        "dlnotes.basics.perceptron.ROWS changed",
    )
    assert stale() == {
        "linear_regression_closed_form": ("dlnotes.linear.normal_equation changed",),
        **dict.fromkeys(READ_ROWS, reason),
    }


def test_the_code_of_a_snippet_makes_it_stale(copy: Path, stale: Stale) -> None:
    edit(
        copy / "snippets/linear_regression.py",
        "seed_everything(1809)",
        "seed_everything(1810)",
    )
    assert stale() == {"linear_regression": ("cell data changed",)}


def test_a_new_version_of_torch_makes_everything_stale(
    copy: Path, stale: Stale, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = keys.version("torch")
    real = keys.version
    monkeypatch.setattr(keys, "version", lambda n: "99" if n == "torch" else real(n))
    found = stale()
    assert set(found) == set(Book(copy).snippets)
    assert set(found.values()) == {(f"torch: {installed} -> 99",)}


def test_each_file_of_a_stored_run_is_believed_only_whole(
    copy: Path, stale: Stale
) -> None:
    manifest = max(
        (
            path
            for path in (copy / ".runs/runs/perceptron").glob("*.json")
            if json.loads(path.read_bytes())["inputs"].get("seed_offset") == "0"
        ),
        key=lambda path: path.stat().st_mtime_ns,
    )
    notebook = next(
        path
        for path in (copy / ".runs/notebooks").glob("*.ipynb")
        if path.stem in manifest.read_text()
    )
    for path in (manifest, notebook):
        data = path.read_bytes()
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        for damaged in (flipped, data[:middle], b""):
            path.write_bytes(damaged)
            assert list(stale()) == ["perceptron"], path
        path.unlink()
        assert list(stale()) == ["perceptron"], path
        path.write_bytes(data)
        assert stale() == {}


def test_reasons_are_told_against_the_nearest_stored_run(
    copy: Path, stale: Stale
) -> None:
    snippet = copy / "snippets/perceptron_exercises.py"
    text = snippet.read_text()
    snippet.write_text(text + "\nextra = 1\n")
    book = Book(copy)
    with Runner(book) as runner:
        runner.update(["perceptron_exercises"], Settings(), Report(book))
    snippet.write_text(text)
    assert stale() == {}, "the first run is kept beside the second"
    edit(
        copy / "src/dlnotes/basics/perceptron.py",
        "[1, 0], [1, 1]])",
        "[1, 0], [2, 1]])",
    )
    reason = (
        "dlnotes.basics.perceptron (on import) changed",  # it calls a function
        "dlnotes.basics.perceptron.ROWS changed",
    )
    assert stale() == dict.fromkeys(READ_ROWS, reason)
