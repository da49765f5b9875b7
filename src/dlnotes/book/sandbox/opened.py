"""Watch what a process opens, by an audit hook."""

import hashlib
import importlib.metadata
import os
import sys
import sysconfig
from typing import Any

CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/")
STDLIB = sysconfig.get_path("stdlib") + os.sep
INSTALLED = (f".dist-info{os.sep}", f".egg-info{os.sep}")
LOOKS_FOR_MODULES = (
    "<frozen importlib._bootstrap_external>",
    importlib.metadata.__file__,
)


class Opened:
    """The data files that the process opens for reading, by an audit hook.

    Args:
        root: the book's folder.
        skipped: folders whose files do not count.
        offline: refuse connections that leave this machine.
    """

    def __init__(self, root: str, skipped: list[str], offline: bool) -> None:
        self.root = root
        self.skipped = tuple(path.rstrip(os.sep) + os.sep for path in skipped)
        self.offline = offline
        self.active = True
        self._digests: dict[str, str | None] = {}
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            path, mode, flags = args
            if isinstance(path, str | bytes | os.PathLike) and _reads(mode, flags):
                self._note(os.path.abspath(os.fsdecode(path)))
        elif event in ("os.listdir", "os.scandir") and args[0] is not None:
            caller = sys._getframe(1).f_code.co_filename
            is_path = isinstance(args[0], str | bytes | os.PathLike)
            if is_path and caller not in LOOKS_FOR_MODULES:
                path = os.path.abspath(os.fsdecode(args[0])) + os.sep
                if path.startswith(self.root + os.sep) and "-packages" not in path:
                    self._note(path)
        elif self.offline and event == "socket.connect":
            self._refuse(args[1])

    def _note(self, path: str) -> None:
        """Keep the digest of what is read, as it is now: it may change later."""
        if path.endswith(CODE_SUFFIXES) or path.startswith(self.skipped + SYSTEM):
            return
        if path.startswith(STDLIB) and "-packages" not in path:
            return
        if path in sys.path or any(part in path for part in INSTALLED):
            return  # packages, whose versions count
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


def _reads(mode: str | None, flags: int) -> bool:
    if mode is None:
        return not flags & (os.O_WRONLY | os.O_TRUNC)
    return "r" in mode or (mode.startswith("a") and "+" in mode)
