"""What is kept: by content, whole or not at all, the newest few of each name."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from dlnotes.book.freshness.keys import inputs, key
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.storage.cache import KEPT, WRITTEN, Cache, folder_digest, key_of


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def refuse() -> Any:
    raise AssertionError("it is there")


def test_a_value_is_made_once(cache: Cache) -> None:
    value = {"text": "é\ud800", "list": [1, None, 2.5]}
    assert cache.get("kind", "name", "key") is None
    assert cache.make("kind", "name", "key", lambda: value) == value
    assert cache.make("kind", "name", "key", refuse) == value
    assert cache.get("kind", "name", "other") is None
    assert cache.get("other", "name", "key") is None


def test_names_may_hold_what_paths_may_not(cache: Cache) -> None:
    cache.put("kind", "a/../../b c", "key", 1)
    assert cache.get("kind", "a/../../b c", "key") == 1
    assert [path.name for path in cache.folder.iterdir()] == ["kind"]


@pytest.mark.parametrize("size", range(0, 87, 8))
def test_a_part_of_an_entry_is_no_entry(cache: Cache, size: int) -> None:
    cache.put("kind", "name", "key", "a text of some length")
    (path,) = cache.folder.glob("*/*/*")
    data = path.read_bytes()
    assert size < len(data)
    path.write_bytes(data[:size])
    assert cache.make("kind", "name", "key", lambda: "again") == "again"
    assert cache.get("kind", "name", "key") == "again"


def test_a_changed_byte_is_noticed(cache: Cache) -> None:
    cache.put("kind", "name", "key", 42)
    (path,) = cache.folder.glob("*/*/*")
    path.write_bytes(path.read_bytes().replace(b"42", b"43"))
    assert cache.get("kind", "name", "key") is None


def test_the_entries_used_last_are_kept(cache: Cache) -> None:
    for number in range(KEPT):
        cache.put("kind", "name", str(number), number)
        time.sleep(0.01)
    assert cache.get("kind", "name", "0") == 0
    time.sleep(0.01)
    cache.put("kind", "name", "new", "new")
    left = {path.name for path in cache.folder.glob("*/*/*")}
    assert left == {"new", "0", *map(str, range(2, KEPT))}


def test_what_a_killed_writer_left_goes_and_what_is_being_written_stays(
    cache: Cache,
) -> None:
    cache.put("kind", "name", "key", 1)
    folder = cache.folder / "kind" / "name"
    killed, written = folder / ".part-killed", folder / ".part-written"
    for path in (killed, written):
        path.write_bytes(b"half")
    then = time.time() - 2 * WRITTEN
    os.utime(killed, (then, then))
    cache.put("kind", "name", "other", 2)
    assert {path.name for path in folder.iterdir()} == {"key", "other", written.name}


def test_names_that_are_no_more_are_collected(cache: Cache) -> None:
    for name in ("here/a.md", "gone/b.md"):
        cache.put("kind", name, "key", name)
    cache.put("other", "gone/b.md", "key", 1)
    cache.collect("kind", ["here/a.md", "never"])
    assert cache.get("kind", "here/a.md", "key") == "here/a.md"
    assert cache.get("kind", "gone/b.md", "key") is None
    assert cache.get("other", "gone/b.md", "key") == 1
    cache.collect("nothing", [])


def test_a_key_tells_parts_apart() -> None:
    keys = [
        key_of("a", "b"),
        key_of("ab"),
        key_of(b"ab"),
        key_of("a", b"b"),
        key_of(["a", "b"]),
        key_of({"a": "b"}),
        key_of("a", "b", None),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})


def test_a_folder_is_known_by_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one").write_text("1")
    before = folder_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "one").write_text("1")
    assert folder_digest(tmp_path) == before
    (tmp_path / "deep" / "one").rename(tmp_path / "deep" / "two")
    renamed = folder_digest(tmp_path)
    (tmp_path / "deep" / "two").write_text("2")
    assert len({before, renamed, folder_digest(tmp_path)}) == 3


# The keys of runs, which are kept


def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the snippets whose syntax trees are asked for code."""
    asked: list[str] = []
    code_by_cell = Snippet.code_by_cell

    def listen(self: Snippet) -> dict[str, str]:
        asked.append(self.name)
        return code_by_cell(self)

    monkeypatch.setattr(Snippet, "code_by_cell", listen)
    return asked


def test_keys_are_found_anew_only_for_what_changed(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.module("shapes", "def square(x):\n    return x * x\n")
    small.snippet("# %% all\nfrom mini.shapes import square\nx = square(2)\n", "one")
    small.snippet("# %% all\nz = 3\n", "three")
    names = ["one", "three"]
    asked = count(monkeypatch)
    before = [small.inputs(name) for name in names]
    assert asked == names
    assert [small.inputs(name) for name in names] == before
    assert asked == names
    small.snippet("# %% all\nfrom mini.shapes import square\nx = square(3)\n", "one")
    after = [small.inputs(name) for name in names]
    assert asked == [*names, "one"]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]
    small.module("shapes", "def square(x):\n    return x**2\n")
    assert small.inputs("one") != after[0]
    assert small.inputs("three") == after[1]


def test_a_damaged_key_is_found_anew(small: Any) -> None:
    small.snippet("# %% all\nx = 1\n", "one")
    right = key(small.inputs("one"))
    for path in (small.root / ".runs" / "cache" / "keys").glob("*/*"):
        path.write_bytes(path.read_bytes()[:-1])
    assert key(inputs(small.book, small.read("one"), small.settings)) == right
