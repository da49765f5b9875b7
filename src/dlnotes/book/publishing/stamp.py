"""Know by content that a site is what a build would make of the book as it is now."""

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.status import moved
from dlnotes.book.storage.cache import engine, installed, key_of
from dlnotes.book.storage.store import Run, Store

KIND, NAME = "site", "stamp"
MADE = "generated"  # the folder of the theme that a build writes itself


def state(book: Book, settings: Settings) -> str:
    """Return a digest of all that a site is made from, but the runs.

    What they are made from is in it, their keys follow from it.
    """
    folders = (book.docs, book.root / "snippets", book.library.folder)
    texts = {
        book.relative(path).as_posix(): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {MADE, "__pycache__"} & {*path.parts}
    }
    machine = platform.system(), platform.machine()
    surroundings = engine(), installed(), book.configuration, settings.environment()
    return key_of(texts, machine, surroundings)


def is_current(book: Book, now: str, target: Path) -> bool:
    """Say whether a site is the one that was last built, and from this state.

    Every file of the site is read, and every run with the files that it read.
    """
    stamp = book.cache.get(KIND, NAME, now)
    if stamp is None or not target.is_dir() or stamp["files"] != _files(target):
        return False
    store = Store(book.store)
    runs = [store.load(name, key) for name, key in stamp["runs"].items()]
    return all(run is not None and not moved(run.manifest, book) for run in runs)


def remember(book: Book, now: str, target: Path, runs: dict[str, Run]) -> None:
    """Remember that a site was built from a state, with some runs."""
    keys = {name: run.manifest["key"] for name, run in runs.items()}
    stamp: dict[str, Any] = {"files": _files(target), "runs": keys}
    book.cache.put(KIND, NAME, now, stamp)


def _files(folder: Path) -> dict[str, str]:
    """Return a digest of each file below a folder, by path."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[os.path.relpath(path, folder)] = digest
    return found
