"""Wait until files change."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from dlnotes.book.publishing.stamp import MADE

LOOK = 0.2  # seconds between two looks at the files
REST = 0.05  # seconds in which nothing changes once a file is saved

Files = dict[str, tuple[int, int, int]]


def wait(watched: list[Path], before: Files) -> tuple[Files, list[str]]:
    """Wait until files change and then rest; return them all, and what has changed."""
    while (now := look(watched)) == before:
        time.sleep(LOOK)
    rested = before
    while rested != now:
        time.sleep(REST)
        rested, now = now, look(watched)
    names = before.keys() | now.keys()
    return now, sorted(name for name in names if before.get(name) != now.get(name))


def look(watched: list[Path]) -> Files:
    """Return when each file was last written, and how long it is."""
    found = {}
    for top in watched:
        for path in (top, *_below(top)):
            try:
                about = path.stat()
            except OSError:  # just deleted
                continue
            if stat.S_ISREG(about.st_mode):
                kept = about.st_mtime_ns, about.st_ctime_ns, about.st_size
                found[str(path)] = kept
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; one that is deleted meanwhile has none."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (MADE, "__pycache__")]
        yield from (Path(place, name) for name in names)
