"""What a run depends on, and what it does not."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dlnotes.book
from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.execution.engine import engine_digest
from dlnotes.book.freshness import keys
from dlnotes.book.freshness.keys import (
    Settings,
    forget_versions,
    key,
    local,
    packages,
    portable,
    version,
)
from dlnotes.book.freshness.status import changes
from dlnotes.book.source.code import digest
from dlnotes.book.source.library import Library

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

SHAPES = """\
SIDE = 2
OTHER = 3


def area():
    return SIDE * SIDE


def unrelated():
    return OTHER
"""
ONE = """\
# %% imports
from mini.shapes import area

# %% fit
w = area()  # why

# %% draw
print(w)
"""


@pytest.fixture
def one(small: SmallBook) -> SmallBook:
    """A book with a snippet of three cells that reaches one function."""
    small.module("shapes", SHAPES)
    small.snippet(ONE)
    return small


def edit(small: SmallBook, old: str, new: str, path: str = "snippets/one.py") -> None:
    text = (small.root / path).read_text()
    assert text.count(old) == 1, old
    (small.root / path).write_text(text.replace(old, new))


def test_inputs_name_everything_that_a_run_depends_on(one: SmallBook) -> None:
    found = one.inputs()
    assert list(found) == [
        "cell imports",
        "cell fit",
        "cell draw",
        "order of the cells",
        "mini.shapes.area",
        "mini.shapes.SIDE",
        "torch",
        "torchvision",
        "numpy",
        "matplotlib",
        *("scikit-learn", "scipy", "joblib", "threadpoolctl"),
        "python",
        "machine",
        "engine",
        "scale",
        "seed_offset",
    ]
    import numpy

    assert found["numpy"] == numpy.__version__
    assert re.match(r"\d+\.\d+", found["torch"])
    assert re.fullmatch(r"3\.\d+\.\d+\S*", found["python"])
    assert found["order of the cells"] == "imports fit draw"
    assert (found["engine"], found["scale"]) == ("e" * 16, "default")


def test_a_key_is_a_digest_of_names_and_values() -> None:
    known = key({"a": "1", "b": "2"})
    assert re.fullmatch("[0-9a-f]{16}", known)
    assert key({"b": "2", "a": "1"}) == known
    others = [
        {"a": "2", "b": "1"},
        {"a": "1"},
        {"a": "1", "c": "2"},
        {"a": "1b", "": "2"},
    ]
    assert known not in map(key, others)
    assert len(set(map(key, others))) == len(others)


SHAPES_PATH = "src/mini/shapes.py"


@pytest.mark.parametrize(
    ("path", "old", "new", "reasons"),
    [
        ("snippets/one.py", "# why", "# because", ()),
        ("snippets/one.py", "w = area()", "w = (\n    area()\n)", ()),
        ("snippets/one.py", "# %% draw", "# %% [markdown]\n# Text.\n\n# %% draw", ()),
        ("snippets/one.py", "# %% imports", '"""Text."""\n# %% imports', ()),
        (SHAPES_PATH, "def area():", "# new\ndef area():\n    '''Text.'''", ()),
        (SHAPES_PATH, "OTHER = 3", "OTHER = 4", ()),
        (SHAPES_PATH, "return OTHER", "return 1", ()),
        (SHAPES_PATH, "SIDE = 2", "def new():\n    pass\n\n\nSIDE = 2", ()),
        (SHAPES_PATH, "SIDE = 2", "SIDE = 5", ("mini.shapes.SIDE changed",)),
        (SHAPES_PATH, "SIDE * SIDE", "SIDE + SIDE", ("mini.shapes.area changed",)),
        (
            SHAPES_PATH,
            "return SIDE * SIDE",
            "return 4",
            ("mini.shapes.area changed", "mini.shapes.SIDE is no longer reached"),
        ),
        (
            SHAPES_PATH,
            "return SIDE * SIDE",
            "return SIDE * OTHER",
            ("mini.shapes.area changed", "mini.shapes.OTHER is reached now"),
        ),
        (SHAPES_PATH, "SIDE = 2", "", ("mini.shapes.SIDE is no longer reached",)),
        (
            SHAPES_PATH,
            "SIDE = 2",
            "SIDE = 2\nprint(SIDE)",
            (
                "mini.shapes (on import) is reached now",
                "order of mini.shapes is new",
                "order of imports is new",
            ),
        ),
        ("snippets/one.py", "w = area()", "w = area() + 1", ("cell fit changed",)),
        (
            "snippets/one.py",
            "# %% draw",
            "# %% show",
            (
                "cell show is new",
                "order of the cells: imports fit draw -> imports fit show",
                "cell draw is gone",
            ),
        ),
        (
            "snippets/one.py",
            "# %% draw",
            "# %% more\nx = 1\n\n# %% draw",
            (
                "cell more is new",
                "order of the cells: imports fit draw -> imports fit more draw",
            ),
        ),
        (
            "snippets/one.py",
            "\n# %% draw",
            "",
            (
                "cell fit changed",
                "order of the cells: imports fit draw -> imports fit",
                "cell draw is gone",
            ),
        ),
    ],
)
def test_what_changed_is_named(
    one: SmallBook, path: str, old: str, new: str, reasons: tuple[str, ...]
) -> None:
    known = one.inputs()
    edit(one, old, new, path)
    assert changes(known, one.inputs()) == reasons
    assert (key(one.inputs()) == key(known)) == (not reasons)


def test_the_order_of_the_cells_counts(one: SmallBook) -> None:
    one.snippet("# %% a\nx = 1\n# %% b\ny = 2\n")
    known = one.inputs()
    one.snippet("# %% b\ny = 2\n# %% a\nx = 1\n")
    assert changes(known, one.inputs()) == ("order of the cells: a b -> b a",)


def test_code_moved_to_another_cell_counts(one: SmallBook) -> None:
    one.snippet("# %% a\nx = 1\nprint(x)\n# %% b\ny = 2\n")
    known = one.inputs()
    one.snippet("# %% a\nx = 1\n# %% b\nprint(x)\ny = 2\n")
    assert changes(known, one.inputs()) == ("cell a changed", "cell b changed")


def test_two_snippets_that_read_one_constant_both_change(one: SmallBook) -> None:
    one.snippet("# %% all\nfrom mini.shapes import SIDE\n", "two")
    one.snippet("# %% all\nfrom mini.shapes import unrelated\n", "three")
    names = ("one", "two", "three")
    known = {name: one.inputs(name) for name in names}
    edit(one, "SIDE = 2", "SIDE = 7", SHAPES_PATH)
    found = {name: changes(known[name], one.inputs(name)) for name in names}
    assert found == {
        "one": ("mini.shapes.SIDE changed",),
        "two": ("mini.shapes.SIDE changed",),
        "three": (),
    }


def test_a_new_version_of_torch_is_named(
    one: SmallBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = one.inputs()

    def newer(name: str) -> str:
        return "3.0.0" if name == "torch" else version(name)

    monkeypatch.setattr(keys, "version", newer)
    assert changes(known, one.inputs()) == (f"torch: {known['torch']} -> 3.0.0",)


def test_settings_are_part_of_the_key_and_reach_the_snippet(one: SmallBook) -> None:
    known = one.inputs()
    one.settings = Settings("full")
    assert changes(known, one.inputs()) == ("scale: default -> full",)
    one.settings = Settings(seed_offset=2)
    assert changes(known, one.inputs()) == ("seed_offset: 0 -> 2",)
    assert one.settings.environment() == {
        "DLNOTES_SCALE": "default",
        "DLNOTES_SEED_OFFSET": "2",
    }


def test_another_engine_is_named(one: SmallBook) -> None:
    known = one.inputs()
    one.engine = "f" * 16
    assert changes(known, one.inputs()) == ("engine changed",)


@pytest.mark.parametrize(
    "line", ["import one as first", "from one import w", "import math, one"]
)
def test_a_snippet_that_imports_another_is_refused(one: SmallBook, line: str) -> None:
    path = one.snippet(f"# %% all\n\n{line}\n", "two")
    with pytest.raises(BookError, match="the snippet one is imported") as found:
        one.inputs("two")
    assert (found.value.path, found.value.line) == (path, 3)


@pytest.fixture
def copy(tmp_path: Path) -> Library:
    """A copy of the package that has the engine in it."""
    source = Path(dlnotes.book.__file__).parents[1]
    folder = tmp_path / "dlnotes"
    ignored = shutil.ignore_patterns("__pycache__", "*.js", "*.woff2")
    shutil.copytree(source, folder, ignore=ignored)
    return Library(folder)


def test_the_engine_is_the_code_that_a_run_goes_through(copy: Library) -> None:
    book = copy.folder / "book"

    def after(name: str, old: str, new: str) -> str:
        path = book / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        found = engine_digest(Library(copy.folder))
        path.write_text(text, encoding="utf-8")
        return found

    known = engine_digest(copy)
    assert re.fullmatch("[0-9a-f]{16}", known)
    assert after("sandbox/worker", "import ast\n", "# why\nimport ast\n\n\n") == known
    assert after("sandbox/worker", '"""Run one', '"""Start one') == known
    assert after("freshness/status", "import Any\n", "import Any\n\nX = 1\n") == known
    assert after("execution/launch", "class Exit", "class Ended") == known
    changed = [
        after("sandbox/worker", "import ast\n", "import ast\n\nX = 1\n"),
        after("sandbox/failing", "LONGEST = 4_000", "LONGEST = 4_001"),
        after("figures/figure", "import io\n", "import io\n\nX = 1\n"),
        after(
            "execution/environment", '"PYTHONHASHSEED": "0"', '"PYTHONHASHSEED": "1"'
        ),
        after("execution/environment", '"OMP_NUM_THREADS",', ""),
    ]
    assert known not in changed
    assert len(set(changed)) == len(changed)


def test_a_book_without_an_engine_runs_by_this_one(small: SmallBook) -> None:
    own = engine_digest(Library(Path(dlnotes.book.__file__).parents[1]))
    assert engine_digest(small.book.library) == own
    assert Book(small.root, "mini").engine == own


def test_paths_mean_the_same_in_another_checkout(
    small: SmallBook, tmp_path: Path
) -> None:
    import numpy

    here = small.book
    there = Book(tmp_path / "there", "mini")
    data = here.root / "data" / "{home}" / "x.csv"
    assert portable(str(data), here) == "{book}/data/{home}/x.csv"
    path = portable(str(data), here)
    assert local(path, here) == str(data)
    assert local(path, there) == str(there.root / "data" / "{home}" / "x.csv")
    assert portable(f"{here.root}{os.sep}", here) == "{book}/"
    assert local("{book}/", there) == f"{there.root}/"
    assert portable(numpy.__file__, here).startswith("{packages}/numpy/")
    assert local(portable(numpy.__file__, here), there) == numpy.__file__
    assert (
        portable("/elsewhere/x", here) == local("/elsewhere/x", here) == "/elsewhere/x"
    )
    assert portable(f"{here.root}-other/x", here).endswith("-other/x")
    assert portable(str(Path.home() / "x.csv"), here) == "{home}/x.csv"
    assert (
        portable(os.__file__, here)
        == f"{{python}}{os.__file__[len(sys.base_prefix) :]}"
    )


def test_settings_come_from_the_environment_that_they_make(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings("full", 7)
    for name, text in settings.environment().items():
        monkeypatch.setenv(name, text)
    assert Settings.of_environment() == settings
    for name in settings.environment():
        monkeypatch.delenv(name)
    assert Settings.of_environment() == Settings("default", 0)


def test_versions_are_looked_up_again_once_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_versions()
    known = packages(["numpy"])
    monkeypatch.setattr(keys.metadata, "version", lambda name: "0")
    monkeypatch.setattr(
        keys.metadata, "packages_distributions", lambda: {"numpy": ["other"]}
    )
    assert packages(["numpy"]) == known
    forget_versions()
    assert packages(["numpy"]) == {"other": "0"}
    monkeypatch.undo()
    forget_versions()
    assert packages(["numpy"]) == known


def test_packages_are_named_by_distribution_with_their_versions() -> None:
    found = packages(
        ["numpy", "numpy.linalg", "sklearn.datasets", "os", "dlnotes.book"]
    )
    assert found == {"numpy": version("numpy"), "scikit-learn": version("scikit-learn")}
    assert version("no-such-distribution") == "none"


def test_a_digest_is_short_and_of_text() -> None:
    assert digest("") == "e3b0c44298fc1c14"
    assert digest("图") != digest("Ü")


def test_a_book_is_found_from_any_folder_in_it(small: SmallBook) -> None:
    inside = small.root / "docs" / "en"
    inside.mkdir(parents=True)
    assert find_book(inside).root == small.root.resolve()
    assert find_book(small.root).root == small.root.resolve()
    shutil.rmtree(small.root / "snippets")
    with pytest.raises(BookError) as caught:
        find_book(inside)
    message = "no folder above it has both mkdocs.yml and snippets/"
    assert str(caught.value).endswith(message)
    assert str(caught.value).startswith(f"{inside.resolve()} is not in a checkout")
