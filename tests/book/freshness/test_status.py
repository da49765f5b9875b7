"""Fresh or stale, and why."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from dlnotes.book.freshness import keys, status
from dlnotes.book.freshness.status import changes, moved
from dlnotes.book.sandbox.opened import file_digest

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

OLD, NEW = "0" * 16, "0123456789abcdef"


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ({"a": OLD}, {"a": OLD}, ()),
        ({"a": OLD}, {"a": NEW}, ("a changed",)),
        ({"torch": "2.15.0"}, {"torch": "2.16.0"}, ("torch: 2.15.0 -> 2.16.0",)),
        ({"torch": "2.15.0"}, {"torch": "none"}, ("torch: 2.15.0 -> none",)),
        (
            {"torch": "2.15.0.dev202610"},  # as long as a digest
            {"torch": "2.15.0.dev202611"},
            ("torch: 2.15.0.dev202610 -> 2.15.0.dev202611",),
        ),
        ({"torch": OLD}, {"torch": "2"}, (f"torch: {OLD} -> 2",)),
        ({}, {"m.f": NEW}, ("m.f is reached now",)),
        ({"m.f": OLD}, {}, ("m.f is no longer reached",)),
        ({}, {"cell a": NEW}, ("cell a is new",)),
        ({"cell a": OLD}, {}, ("cell a is gone",)),
        ({"order of m": OLD}, {}, ("order of m is gone",)),
        ({"name m.x": "m.a"}, {"name m.x": "m.b"}, ("name m.x: m.a -> m.b",)),
        (
            {"b": OLD, "gone": OLD, "a": OLD},
            {"a": NEW, "new": NEW, "b": NEW},
            (
                "a changed",
                "new is reached now",
                "b changed",
                "gone is no longer reached",
            ),
        ),
    ],
)
def test_changes_name_what_differs_in_the_order_of_the_inputs(
    old: dict[str, str], new: dict[str, str], reasons: tuple[str, ...]
) -> None:
    assert changes(old, new) == reasons


@pytest.fixture
def one(small: SmallBook) -> SmallBook:
    """A book with one snippet that reaches one function, and has run."""
    small.module("shapes", "def area():\n    return 1\n")
    small.snippet("# %% all\nfrom mini.shapes import area\narea()\n")
    small.save()
    return small


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_run_from_when_runs_had_a_device_is_stale(
    one: SmallBook, device: str
) -> None:
    """Its manifest is sound and is the nearest there is; nothing of it is believed."""
    inputs = {**one.inputs(), "device": device}
    shutil.rmtree(one.store.folder)
    one.save(key=keys.key(inputs), inputs=inputs)
    found = one.status()
    assert found.run is None
    assert found.reasons == ("device is no longer reached",)
    assert found.last == 0.5
    one.save()
    assert one.status().run is not None


def test_a_stored_run_is_fresh(one: SmallBook) -> None:
    found = one.status()
    assert found.run is not None
    assert (found.reasons, found.last) == ((), 0.5)
    assert found.run.values == {"answer": 42}
    assert found.key == found.run.manifest["key"]
    assert found.snippet.name == "one"


def test_a_snippet_that_never_ran_says_so(small: SmallBook) -> None:
    small.snippet("# %% all\n1\n")
    found = small.status()
    assert (found.run, found.last) == (None, None)
    assert found.reasons == ("it has not run yet",)


def test_a_change_is_named_and_undoing_it_makes_the_run_fresh_again(
    one: SmallBook,
) -> None:
    known = one.status().key
    one.module("shapes", "def area():\n    return 2\n")
    found = one.status()
    assert (found.run, found.last) == (None, 0.5)
    assert found.reasons == ("mini.shapes.area changed",)
    assert found.key != known
    one.save()
    assert one.status().run is not None
    one.module("shapes", "def area():\n    return 1\n")
    assert one.status().run is not None
    assert one.status().key == known


def test_other_settings_have_runs_of_their_own(one: SmallBook) -> None:
    one.settings = keys.Settings("full")
    assert one.status().reasons == ("it has not run yet",)
    one.save()
    assert one.status().run is not None
    one.settings = keys.Settings()
    assert one.status().run is not None


def test_a_new_version_of_torch_makes_all_stale_and_is_named(
    one: SmallBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.snippet("# %% all\n1\n", "two")
    one.save("two")
    before = keys.version("torch")

    def newer(name: str) -> str:
        return "9.9.9" if name == "torch" else "1"

    monkeypatch.setattr(keys, "version", newer)
    for name in ("one", "two"):
        assert f"torch: {before} -> 9.9.9" in one.status(name).reasons


def test_a_damaged_manifest_or_notebook_is_told(one: SmallBook) -> None:
    (notebook,) = (one.store.folder / "notebooks").iterdir()
    whole = notebook.read_bytes()
    notebook.write_bytes(whole + b" ")
    reason = "its stored run is damaged"
    assert (one.status().run, one.status().reasons) == (None, (reason,))
    notebook.unlink()
    assert one.status().reasons == (reason,)
    notebook.write_bytes(whole)
    (manifest,) = (one.store.folder / "runs" / "one").iterdir()
    manifest.write_bytes(manifest.read_bytes()[:-1])
    assert one.status().reasons == (reason,)
    one.save()
    assert one.status().run is not None


def test_a_damaged_manifest_is_told_beside_a_sound_one_of_other_inputs(
    one: SmallBook,
) -> None:
    one.module("shapes", "def area():\n    return 2\n")
    damaged = one.save()
    path = one.store.folder / "runs" / "one" / f"{damaged}.json"
    path.write_bytes(b"{}")
    found = one.status()
    assert (found.run, found.reasons) == (None, ("its stored run is damaged",))


def test_a_manifest_of_another_snippet_or_key_is_not_believed(one: SmallBook) -> None:
    one.snippet("# %% all\nfrom mini.shapes import area\narea()\n", "two")
    source = one.store.folder / "runs" / "one" / f"{one.status('one').key}.json"
    target = one.store.folder / "runs" / "two" / f"{one.status('two').key}.json"
    target.parent.mkdir()
    target.write_bytes(source.read_bytes())
    found = one.status("two")
    assert (found.run, found.reasons) == (None, ("its stored run is damaged",))
    one.module("shapes", "def area():\n    return 2\n")
    target = one.store.folder / "runs" / "one" / f"{one.status('one').key}.json"
    target.write_bytes(source.read_bytes())
    found = one.status("one")
    assert (found.run, found.reasons) == (None, ("its stored run is damaged",))


def test_data_files_that_moved_are_named(one: SmallBook) -> None:
    data = one.root / "data.csv"
    data.write_text("1,2")
    folder = f"{one.root}{os.sep}"
    gone = one.root / "later.csv"
    files = {
        "{book}/data.csv": file_digest(str(data)),
        "{book}/": file_digest(folder),
        "{book}/later.csv": None,
    }
    one.save(files=files)
    assert one.status().run is not None
    data.write_text("1,3")
    found = one.status()
    assert (found.run, found.last) == (None, 0.5)
    assert found.reasons == ("file {book}/data.csv changed",)
    data.unlink()
    assert one.status().reasons == (
        "file {book}/ changed",
        "file {book}/data.csv is gone",
    )
    data.write_text("1,2")
    assert one.status().run is not None
    gone.write_text("")
    assert one.status().reasons == (
        "file {book}/ changed",
        "file {book}/later.csv is new",
    )


def test_packages_that_a_run_imported_and_that_changed_are_named(
    one: SmallBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = keys.version("scikit-learn")
    one.save(packages={"scikit-learn": known, "numpy": keys.version("numpy")})
    assert one.status().run is not None
    monkeypatch.setattr(status, "version", lambda name: "9" if "sci" in name else known)
    manifest = {"files": {}, "packages": {"scikit-learn": known}}
    assert moved(manifest, one.book) == (f"scikit-learn: {known} -> 9",)
    assert one.status().run is None
