"""Write files whole or not at all, and list them by age."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

PART = ".part-"  # how the name of a file begins while it is written


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is never seen half-written, not even after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


def newest_first(folder: Path, pattern: str = "*") -> list[tuple[float, Path]]:
    """List files with their times; another process may delete one meanwhile."""
    found = []
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return sorted(found, reverse=True)
