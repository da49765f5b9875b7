"""Watch what a process opens, by an audit hook."""

import glob
import hashlib
import importlib.metadata
import importlib.util
import linecache
import os
import site
import subprocess
import sys
import sysconfig
import threading
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any


def _below(*folders: str) -> tuple[str, ...]:
    """Return what paths in folders begin with, by their names and where these lead."""
    both = {place for path in folders for place in (path, os.path.realpath(path))}
    return tuple(sorted(path.rstrip(os.sep) + os.sep for path in both))


CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/")
STDLIB = _below(sysconfig.get_path("stdlib"))
INSTALLED = (f".dist-info{os.sep}", f".egg-info{os.sep}")
PACKAGES = _below(
    *(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")),
    *(*site.getsitepackages(), site.getusersitepackages()),
)
IMPORTS = "<frozen importlib._bootstrap_external>"
LOOKS_FOR_MODULES = (IMPORTS, importlib.metadata.__file__)
SHOWS_CODE = (linecache.__file__, tokenize.__file__)  # in what is told of an error
PROCESSES = ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")
STARTS = (
    "a snippet starts another process, and what that reads is not known: "
    "do it in this one"
)


class Opened:
    """The data files that the process opens for reading, by an audit hook.

    Args:
        source: the folder of the book's package, whose modules count in other ways.
        skipped: folders whose files do not count.
        offline: refuse connections that leave this machine.
    """

    def __init__(self, source: str, skipped: list[str], offline: bool) -> None:
        self.counted = (*_below(source), *PACKAGES)
        self.skipped = (*_below(*skipped), *SYSTEM)
        self.offline = offline
        self.active = True
        self._digests: dict[str, str | None] = {}
        self._looking: set[int] = set()  # threads in which this looks at folders
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active or threading.get_ident() in self._looking:
            return
        if event == "open":
            path, mode, flags = args
            if isinstance(path, str | bytes | os.PathLike) and _reads(mode, flags):
                self._note_file(os.path.abspath(os.fsdecode(path)))
        elif event == "os.link":
            self._note_file(os.path.abspath(os.fsdecode(args[0])))
        elif event in ("os.listdir", "os.scandir"):
            if _caller() not in LOOKS_FOR_MODULES:
                self._note_folder(_folder(args[0]))
        elif event in ("glob.glob/2", "pathlib.Path.glob", "pathlib.Path.rglob"):
            self._note_pattern(_pattern(event, args))
        elif event in PROCESSES and _caller() != subprocess.__file__:
            raise RuntimeError(STARTS)  # libraries may ask the system of itself
        elif self.offline and event == "socket.connect":
            self._refuse(args[1])

    def _note_file(self, path: str) -> None:
        """Note a file that is opened, unless it counts as code."""
        caller = _caller()
        if caller == IMPORTS and path.endswith(".pyc"):
            with suppress(ValueError):
                path = importlib.util.source_from_cache(path)
        if path.endswith(CODE_SUFFIXES):
            is_counted = path.startswith(self.counted)
            if (is_counted and caller == IMPORTS) or caller in SHOWS_CODE:
                return
        if path.startswith(SYSTEM):
            return
        for place in {path, os.path.realpath(path)}:
            self._note(place)

    def _note_folder(self, path: str) -> None:
        path = os.path.realpath(path) + os.sep
        if not path.startswith(PACKAGES):
            self._note(path)

    def _note_pattern(self, pattern: str) -> None:
        """Note the folders in which a file could appear that a pattern matches.

        Where a part of it is no pattern, Python looks for that name alone.
        """
        if pattern.startswith((*PACKAGES, *self.skipped)):
            return
        self._looking.add(threading.get_ident())
        try:
            folders = [*_folders(pattern)]
        finally:
            self._looking.remove(threading.get_ident())
        for folder in folders:
            self._note_folder(folder)

    def _note(self, path: str) -> None:
        """Keep the digest of what is read, as it is now: it may change later."""
        if path.startswith(self.skipped):
            return
        if path.startswith(STDLIB) and "-packages" not in path:
            return
        if any(part in path for part in INSTALLED):
            return  # packages, whose versions count
        if path in sys.path and not os.path.exists(path):
            return  # where modules are looked for
        if path in self._digests:
            return
        self._digests[path] = None
        if os.path.isfile(path) or os.path.isdir(path):
            self._digests[path] = file_digest(path)

    def _refuse(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is None or host in ("localhost", "::1") or host.startswith("127."):
            return
        raise ConnectionError(
            f"a snippet tried to reach {host}: snippets run offline; "
            "use data inside installed packages, or --scale full"
        )

    def digests(self) -> dict[str, str | None]:
        """Return the digest of each file or folder listing, None for what is missing.

        From now on nothing is watched.
        """
        self.active = False
        return self._digests


def file_digest(path: str) -> str | None:
    """Return the SHA-256 of a file's bytes or of a folder's names, None if missing."""
    try:
        if path.endswith(os.sep):
            names = sorted({*os.listdir(path)} - {"__pycache__"})
            return hashlib.sha256("\n".join(names).encode()).hexdigest()
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _caller() -> str:
    """Return the file of the code whose call is watched, empty if there is none."""
    frame = sys._getframe()
    while frame and frame.f_code.co_filename == __file__:
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_code.co_filename if frame else ""


def _folder(given: Any) -> str:
    """Return the path of a folder that is listed: by name, by descriptor, or this."""
    if isinstance(given, int):
        return f"/proc/self/fd/{given}"
    return os.fsdecode(given or os.curdir)


def _pattern(event: str, args: tuple[Any, ...]) -> str:
    """Return the absolute pattern that `glob.glob` or a path looks for."""
    if event == "glob.glob/2":
        text, _, folder, _ = args
    else:
        folder, text = args
    root = glob.escape(os.path.abspath(os.fsdecode(folder or os.curdir)))
    anywhere = "**" if event == "pathlib.Path.rglob" else ""
    return os.path.join(root, anywhere, os.fsdecode(text))


def _folders(pattern: str) -> Iterator[str]:
    """Yield the folders that a pattern leads through, from the last on upwards."""
    for parent in map(str, Path(pattern).parents):
        found = glob.glob(parent + os.sep, recursive=True)
        yield from found
        if found and not glob.has_magic(parent):
            return


def _reads(mode: str | None, flags: int) -> bool:
    if mode is None:
        return not flags & (os.O_WRONLY | os.O_TRUNC)
    return "r" in mode or (mode.startswith("a") and "+" in mode)
