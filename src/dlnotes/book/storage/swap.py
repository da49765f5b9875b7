"""Put one folder in the place of another."""

import ctypes
import os
import sys
import tempfile
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def replace(new: Path, old: Path) -> None:
    """Put one folder in the place of another, in one step where the system can.

    Linux exchanges the two; elsewhere the old one is moved aside first, and back if
    the new one cannot be moved in.
    """
    if not old.exists():
        new.rename(old)
        return
    if sys.platform == "linux" and _exchange(new, old):
        return
    aside = Path(tempfile.mkdtemp(prefix=".site-", dir=old.parent)) / "old"
    try:
        old.rename(aside)
        try:
            new.rename(old)
        except BaseException:
            aside.rename(old)
            raise
        aside.rename(new)
    finally:
        aside.parent.rmdir()


def _exchange(one: Path, other: Path) -> bool:
    """Say whether the system could make two folders trade places in one step."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # not every libc has it
    names = os.fsencode(one), os.fsencode(other)
    call = (AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE)
    return rename is not None and rename(*call) == 0
