"""Watch what a process opens, by an audit hook."""

import hashlib
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/")
STDLIB = sysconfig.get_path("stdlib") + os.sep


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
        self.paths: dict[str, None] = {}
        self.active = True
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            path, mode, flags = args
            if isinstance(path, str | bytes | os.PathLike) and _reads(mode, flags):
                self._note(os.path.abspath(os.fsdecode(path)))
        elif event in ("os.listdir", "os.scandir") and args[0] is not None:
            if isinstance(args[0], str | bytes | os.PathLike):
                path = os.path.abspath(os.fsdecode(args[0])) + os.sep
                imports = path.rstrip(os.sep) in sys.path  # Python looks for modules
                if path.startswith(self.root + os.sep) and not imports:
                    self._note(path)
        elif self.offline and event == "socket.connect":
            self._refuse(args[1])

    def _note(self, path: str) -> None:
        if path.endswith(CODE_SUFFIXES) or path.startswith(self.skipped + SYSTEM):
            return
        if path.startswith(STDLIB) and "-packages" not in path:
            return
        self.paths[path] = None

    def _refuse(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is None or host in ("localhost", "::1") or host.startswith("127."):
            return
        raise ConnectionError(
            f"a snippet tried to reach {host}: snippets run offline; "
            "use data inside installed packages, or --scale full"
        )

    def digests(self) -> dict[str, str | None]:
        """Return the digest of each file or folder listing, None for what is gone."""
        self.active = False
        return {path: file_digest(path) for path in self.paths}


def file_digest(path: str) -> str | None:
    """Return the SHA-256 of a file's bytes or of a folder's names, None if missing."""
    try:
        if path.endswith(os.sep):
            data = "\n".join(sorted(os.listdir(path))).encode()
        else:
            data = Path(path).read_bytes()
    except OSError:
        return None
    return hashlib.sha256(data).hexdigest()


def _reads(mode: str | None, flags: int) -> bool:
    if mode is None:
        return flags & (os.O_WRONLY | os.O_RDWR) != os.O_WRONLY
    return "r" in mode or "+" in mode
