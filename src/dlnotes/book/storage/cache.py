"""Keep on disk what is slow to make, known by the content of what it was made from."""

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlnotes.book.storage.atomic import PART, newest_first, write_atomically

KEPT = 3  # entries per name: switching branches and back makes nothing again
SEAL = 64  # hexadecimal digits
WRITTEN = 60  # seconds after which whoever began to write an entry has been killed


class Cache:
    """JSON values in `KIND/NAME/KEY` below a folder, whole or not at all.

    An entry begins with a digest of the rest, which is checked on every reading.

    Args:
        folder: where the entries lie; it may be deleted at any time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, name: str, key: str) -> Any | None:
        """Return a value; None where there is none or any byte of it has changed."""
        path = self._folder(kind, name) / key
        try:
            data = path.read_bytes()
            os.utime(path)  # the entries used last are those that are kept
        except OSError:
            return None
        body = data[SEAL:]
        if hashlib.sha256(body).hexdigest().encode() != data[:SEAL]:
            return None
        return json.loads(body)

    def put(self, kind: str, name: str, key: str, value: Any) -> None:
        """Keep a value, and of the others of this name the newest."""
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        folder = self._folder(kind, name)
        write_atomically(folder / key, hashlib.sha256(body).hexdigest().encode() + body)
        files, now = newest_first(folder), time.time()
        parts = [item for item in files if item[1].name.startswith(PART)]
        entries = [item for item in files if item not in parts]
        killed = [(begun, path) for begun, path in parts if now - begun > WRITTEN]
        for _, path in entries[KEPT:] + killed:
            path.unlink(missing_ok=True)

    def make(self, kind: str, name: str, key: str, make: Callable[[], Any]) -> Any:
        """Return a value that is kept, or else make it and keep it."""
        value = self.get(kind, name, key)
        if value is None:
            value = make()
            self.put(kind, name, key, value)
        return value

    def collect(self, kind: str, names: Collection[str]) -> None:
        """Delete the entries of one kind whose name is not among those in use."""
        kept = {self._folder(kind, name) for name in names}
        for path in (self.folder / kind).glob("*"):
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _folder(self, kind: str, name: str) -> Path:
        return self.folder / kind / quote(name, safe="")


def key_of(*parts: object) -> str:
    """Return a key: a digest of what a value is made from.

    Args:
        parts: of JSON, and bytes.
    """
    text = json.dumps(parts, sort_keys=True, default=_digest)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(part: object) -> str:
    assert isinstance(part, bytes)
    return hashlib.sha256(part).hexdigest()


@cache
def installed() -> str:
    """Return what `installed_now` was when this process first asked."""
    return installed_now()


def installed_now() -> str:
    """Return a digest of the Python and the versions of all that is installed in it."""
    found = {
        path.name
        for folder in map(Path, sys.path)
        for pattern in ("*.dist-info", "*.egg-info")
        for path in folder.glob(pattern)
    }
    return key_of(sys.version, sorted(found))


@cache
def engine() -> str:
    """Return a digest of the code of the engine that is running."""
    return folder_digest(Path(__file__).parents[1], "*.py")


def folder_digest(folder: Path, pattern: str = "*") -> str:
    """Return a digest of the names and contents of the files below a folder."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return key_of(found)
