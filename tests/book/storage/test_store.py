"""Stored runs: whole or not at all, and never believed without a check."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlnotes.book.storage.atomic import write_atomically
from dlnotes.book.storage.store import KEPT, Run, Store

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": "one\n"},
    {"output_type": "stream", "name": "stderr", "text": "aside\n"},
    {"output_type": "display_data", "data": {"text/plain": "2"}, "metadata": {}},
    {"output_type": "stream", "name": "stdout", "text": "two 图\n"},
]
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "_title", "source": "# one"},
        {"cell_type": "code", "id": "all", "outputs": OUTPUTS},
    ],
    "nbformat": 4,
}


def manifest(name: str = "one", key: str = "k" * 16, **more: object) -> dict:
    inputs = {"scale": "default", "torch": "2.15.0"}
    values = {"w": 0.1, "n": 3, "is_fit": True, "text": "η", "far": float("inf")}
    usual = {"name": name, "key": key, "inputs": inputs, "values": values}
    return {**usual, "seconds": 0.25, "files": {}, "packages": {}, **more}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store, whose folder and the one above are not there yet."""
    return Store(tmp_path / "book" / "runs of mine")


def files(store: Store) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_a_run_comes_back_as_it_was(store: Store) -> None:
    store.save(manifest(), NOTEBOOK)
    run = store.load("one", "k" * 16)
    assert run is not None
    assert run.values == {
        "w": 0.1,
        "n": 3,
        "is_fit": True,
        "text": "η",
        "far": float("inf"),
    }
    assert type(run.values["is_fit"]) is bool
    assert run.seconds == 0.25
    assert run.notebook == NOTEBOOK
    assert run.log("all") == "one\ntwo 图\n"
    assert run.outputs("all") == OUTPUTS
    with pytest.raises(KeyError, match="nothing"):
        run.outputs("nothing")


def test_what_is_not_there_is_not_loaded(store: Store) -> None:
    assert store.load("one", "k" * 16) is None
    assert not store.has("one", "k" * 16)
    assert next(store.stored("one", {"scale": "default"}), None) is None
    store.collect({"one"})
    assert files(store) == []


def test_the_files_are_named_by_run_and_by_content(store: Store) -> None:
    store.save(manifest(), NOTEBOOK)
    store.save(manifest(key="other"), NOTEBOOK)
    store.save(manifest(key="third"), dict(reversed(NOTEBOOK.items())))
    names = [path.relative_to(store.folder).as_posix() for path in files(store)]
    runs = "kkkkkkkkkkkkkkkk", "other", "third"
    assert names[1:] == [f"runs/one/{run}.json" for run in runs]
    assert names[0].startswith("notebooks/")
    assert store.has("one", "other")


@settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_a_changed_byte_anywhere_is_noticed(store: Store, data: st.DataObject) -> None:
    store.save(manifest(), NOTEBOOK)
    path = data.draw(st.sampled_from(files(store)))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    assert store.load("one", "k" * 16) is None
    path.write_bytes(whole)
    assert store.load("one", "k" * 16) is not None


def test_every_byte_flipped_and_every_length_is_noticed(store: Store) -> None:
    small = {"cells": []}
    store.save(manifest(values={}), small)
    for path in files(store):
        whole = path.read_bytes()
        for at in range(len(whole)):
            for damaged in (
                whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
                whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :],
                whole[:at],
            ):
                path.write_bytes(damaged)
                assert store.load("one", "k" * 16) is None, (path.name, at)
        for damaged in (whole + b"\n", b" " + whole, b"\xef\xbb\xbf" + whole):
            path.write_bytes(damaged)
            assert store.load("one", "k" * 16) is None
        path.unlink()
        assert store.load("one", "k" * 16) is None
        path.mkdir()
        assert store.load("one", "k" * 16) is None
        path.rmdir()
        path.write_bytes(whole)
        assert store.load("one", "k" * 16) is not None


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "null", "{}", '{"seal": 1}', "[" * 9000]
)
def test_any_text_in_place_of_a_manifest_is_noticed(store: Store, text: str) -> None:
    store.save(manifest(), NOTEBOOK)
    (store.folder / "runs" / "one" / f"{'k' * 16}.json").write_text(text)
    assert store.load("one", "k" * 16) is None
    assert next(store.stored("one", {"scale": "default"}), None) is None
    assert store.has("one", "k" * 16)


def test_a_manifest_with_the_same_meaning_in_other_bytes_is_not_believed(
    store: Store,
) -> None:
    store.save(manifest(), NOTEBOOK)
    path = store.folder / "runs" / "one" / f"{'k' * 16}.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    assert store.load("one", "k" * 16) is None


def test_a_manifest_in_another_place_is_not_believed(store: Store) -> None:
    store.save(manifest(), NOTEBOOK)
    store.save(manifest(name="two", key="z"), NOTEBOOK)
    sound = (store.folder / "runs" / "one" / f"{'k' * 16}.json").read_bytes()
    for name, key in (("one", "y"), ("two", "k" * 16)):
        path = store.folder / "runs" / name / f"{key}.json"
        path.write_bytes(sound)
        assert store.load(name, key) is None
    newest = next(store.stored("two", {"scale": "default"}), None)
    assert newest is not None
    assert (newest["name"], newest["key"]) == ("two", "z")


def test_stored_runs_come_newest_first_sound_ones_under_the_same_settings(
    store: Store,
) -> None:
    for number, scale in enumerate(["default", "default", "full"]):
        inputs = {"scale": scale}
        store.save(manifest(key=f"key-{number}", inputs=inputs), NOTEBOOK)
        path = store.folder / "runs" / "one" / f"key-{number}.json"
        os.utime(path, ns=(0, 1000 + number))

    def key(scale: str) -> str | None:
        found = next(store.stored("one", {"scale": scale}), None)
        return found["key"] if found else None

    assert (key("default"), key("full"), key("none")) == ("key-1", "key-2", None)
    (store.folder / "runs" / "one" / "key-1.json").write_bytes(b"{}")
    assert key("default") == "key-0"


def test_the_newest_three_are_kept(store: Store) -> None:
    for number in range(5):
        store.save(manifest(key=f"key-{number}"), {"cells": [], "number": number})
        path = store.folder / "runs" / "one" / f"key-{number}.json"
        os.utime(path, ns=(0, 1000 + number))
    assert [n for n in range(5) if store.load("one", f"key-{n}")] == [2, 3, 4]
    assert len(list((store.folder / "notebooks").iterdir())) == 5
    store.collect({"one"})
    assert len(list((store.folder / "notebooks").iterdir())) == 3
    assert [n for n in range(5) if store.load("one", f"key-{n}")] == [2, 3, 4]


def test_an_old_run_that_another_process_deletes_first_is_no_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def late(path: Path, missing_ok: bool = False) -> None:
        unlink(path)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", late)
    for number in range(KEPT + 1):
        store.save(manifest(key=f"key-{number}"), NOTEBOOK)
    assert len(store.manifests("one")) == KEPT


def test_runs_with_other_settings_push_none_out(store: Store) -> None:
    for offset in ("0", "1", "2"):
        for number in range(KEPT + 1):
            inputs = {"scale": "default", "seed_offset": offset}
            store.save(manifest(key=f"{offset}-{number}", inputs=inputs), NOTEBOOK)
            path = store.folder / "runs" / "one" / f"{offset}-{number}.json"
            os.utime(path, ns=(0, 1000 + number))
    for offset in ("0", "1", "2"):
        kept = [n for n in range(KEPT + 1) if store.load("one", f"{offset}-{n}")]
        assert kept == list(range(1, KEPT + 1))


MONTH = 30 * 24 * 60 * 60  # seconds


def age(store: Store, name: str, key: str, seconds: float) -> None:
    """Have a run be one that was last used some time ago."""
    then = time.time() - seconds
    os.utime(store.folder / "runs" / name / f"{key}.json", (then, then))


def test_runs_of_another_branch_are_kept_for_a_month_after_use(
    store: Store,
) -> None:
    for key in "abc":
        store.save(manifest("elsewhere", key), NOTEBOOK)
        age(store, "elsewhere", key, MONTH + 1)
    age(store, "elsewhere", "a", MONTH - 60)
    assert store.load("elsewhere", "b") is not None  # which is a use
    store.collect({"one"})
    found = [key for key in "abc" if store.load("elsewhere", key)]
    assert found == ["a", "b"]


def test_the_runs_used_last_are_kept(store: Store) -> None:
    for number in range(KEPT):
        store.save(manifest(key=f"key-{number}"), NOTEBOOK)
        age(store, "one", f"key-{number}", 1000 - number)
    assert store.load("one", "key-0") is not None
    store.save(manifest(key="new"), NOTEBOOK)
    found = [n for n in range(KEPT) if store.load("one", f"key-{n}")]
    assert found == [0, *range(2, KEPT)]


def test_collect_deletes_what_nothing_needs_and_nothing_else(store: Store) -> None:
    shared = {"cells": [], "shared": True}
    store.save(manifest("one", "a"), shared)
    store.save(manifest("gone", "b"), shared)
    store.save(manifest("gone", "c"), {"cells": [], "only": "gone"})
    for key in "bc":
        age(store, "gone", key, MONTH + 1)
    store.save(manifest("two", "d"), NOTEBOOK)
    for folder in ("notebooks", "runs/one"):
        (store.folder / folder / ".part-x1").write_bytes(b"half")
    (store.folder / "notebooks" / "stray.ipynb").write_bytes(b"{}")
    (store.folder / "runs" / "stray").write_bytes(b"a file")
    store.collect({"one", "two"})
    assert store.load("one", "a") is not None
    assert store.load("two", "d") is not None
    assert not store.has("gone", "b")
    assert not (store.folder / "runs" / "gone").exists()
    assert not [path for path in files(store) if path.name.startswith(".part")]
    assert len(list((store.folder / "notebooks").iterdir())) == 2
    before = [(path, path.read_bytes()) for path in files(store)]
    store.collect({"one", "two"})
    assert [(path, path.read_bytes()) for path in files(store)] == before


def test_collect_keeps_a_run_that_a_damaged_neighbour_does_not_need(
    store: Store,
) -> None:
    store.save(manifest(key="a"), NOTEBOOK)
    store.save(manifest(key="b"), {"cells": []})
    (store.folder / "runs" / "one" / "b.json").write_bytes(b"not json")
    store.collect({"one"})
    assert store.load("one", "a") is not None
    assert len(list((store.folder / "notebooks").iterdir())) == 1


def test_values_that_json_has_no_text_for_come_back_the_same_twice(
    store: Store,
) -> None:
    odd = {"nan": float("nan"), "lone": "\ud800", "big": 10**300, "tiny": 5e-324}
    store.save(manifest(values=odd), NOTEBOOK)
    run = store.load("one", "k" * 16)
    assert run is not None
    assert run.values["nan"] != run.values["nan"]
    assert (run.values["lone"], run.values["big"]) == ("?", 10**300)
    assert run.values["tiny"] == 5e-324


def test_writing_replaces_in_one_step_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "fdopen"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fails_at_the_manifest_leaves_no_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = os.replace, []

    def failing(source: str, target: Path) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="Input/output error"):
        store.save(manifest(), NOTEBOOK)
    assert [path.suffix for path in calls] == [".ipynb", ".json"]
    assert store.load("one", "k" * 16) is None
    assert not store.has("one", "k" * 16)
    monkeypatch.undo()
    store.save(manifest(), NOTEBOOK)
    assert store.load("one", "k" * 16) is not None


Python = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def python() -> Iterator[Python]:
    """Start processes that have the store's module as `store`; end those that last."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        program = (
            "import sys\nfrom dlnotes.book.storage import store\n"
            + textwrap.dedent(code)
        )
        command = [sys.executable, "-c", program, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_process_killed_before_the_manifest_leaves_nothing_to_read(
    store: Store, python: Python
) -> None:
    process = python(
        """
        import os, signal
        from pathlib import Path
        replace = os.replace
        def die_at_the_manifest(source, target):
            if str(target).endswith(".json"):
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)
        os.replace = die_at_the_manifest
        manifest = {"name": "one", "key": "a", "inputs": {}}
        store.Store(Path(sys.argv[1])).save(manifest, {"cells": []})
        """,
        store.folder,
    )
    assert process.wait(30) == -signal.SIGKILL
    assert [path.suffix for path in files(store)] == [".ipynb", ""]
    assert store.load("one", "a") is None
    assert next(store.stored("one", {"scale": "default"}), None) is None
    assert not store.has("one", "a")
    store.save(manifest(key="b"), NOTEBOOK)
    store.collect({"one"})
    assert store.load("one", "b") is not None
    assert len(files(store)) == 2


SAVE_MANY = """
    from pathlib import Path
    place, word = store.Store(Path(sys.argv[1])), sys.argv[2]
    inputs = {"scale": "default"}
    for number in range(40):
        manifest = {"name": "one", "key": f"key-{number % 4}", "inputs": inputs}
        place.save({**manifest, "word": word}, {"cells": [], "word": word})
        next(place.stored("one", {"scale": "default"}), None)
"""


def test_two_processes_may_save_at_once(store: Store, python: Python) -> None:
    processes = [python(SAVE_MANY, store.folder, word) for word in ("left", "right")]
    loaded = 0
    while any(process.poll() is None for process in processes):
        for number in range(4):
            if run := store.load("one", f"key-{number}"):
                loaded += 1
                assert run.notebook["word"] == run.manifest["word"]
    assert [process.wait() for process in processes] == [0, 0]
    assert loaded > 0
    assert sum(store.load("one", f"key-{n}") is not None for n in range(4)) >= 2
    assert not [path for path in files(store) if path.name.startswith(".part")]


def test_one_process_holds_the_store_and_others_wait(
    store: Store, python: Python
) -> None:
    heard = []
    with store.lock(lambda: heard.append("too soon")):
        assert heard == []
    process = python(
        """
        import time
        from pathlib import Path
        with store.Store(Path(sys.argv[1])).lock():
            print("held", flush=True)
            time.sleep(float(sys.argv[2]))
            Path(sys.argv[1], "done").touch()
        """,
        store.folder,
        0.5,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with store.lock(lambda: heard.append("waiting")):
        assert (store.folder / "done").exists()
    assert heard == ["waiting"]
    with store.lock(lambda: heard.append("too late")):
        assert heard == ["waiting"]
    assert process.wait(10) == 0


def test_the_lock_of_a_killed_process_is_free(store: Store, python: Python) -> None:
    process = python(
        """
        import time
        from pathlib import Path
        with store.Store(Path(sys.argv[1])).lock():
            print("held", flush=True)
            time.sleep(60)
        """,
        store.folder,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    started = time.monotonic()
    with store.lock():
        assert time.monotonic() - started < 5


def test_a_run_of_a_snippet_is_damaged_file_by_file(small: SmallBook) -> None:
    small.snippet("# %% all\nprint(1)\n")
    key = small.save()
    assert isinstance(small.status().run, Run)
    reason = "its stored run is damaged"
    for path in [path for path in files(small.store) if path.suffix]:
        whole = path.read_bytes()
        for damaged in (whole[:-1], b"", bytes([whole[0] ^ 1]) + whole[1:]):
            path.write_bytes(damaged)
            status = small.status()
            assert (status.run, status.reasons) == (None, (reason,))
        path.unlink()
        status = small.status()
        expected = "it has not run yet" if path.suffix == ".json" else reason
        assert (status.run, status.reasons) == (None, (expected,))
        assert small.save() == key
        assert small.status().run is not None
