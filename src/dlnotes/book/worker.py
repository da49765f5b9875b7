"""Run one snippet in this process and leave its result in a folder.

This module is what a child of the fork server executes; on machines that cannot fork it
is a program of its own: `python -m dlnotes.book.worker JOB.json`.
"""

import ast
import codeop
import hashlib
import importlib.machinery
import io
import json
import os
import random
import socket
import sys
import sysconfig
import time
import traceback
import types
from pathlib import Path
from typing import Any

LIMIT = 200_000  # characters of output per snippet; a page cannot carry more
FRAMES = 4
LONGEST = 4_000  # characters of an error message
CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/")
STDLIB = sysconfig.get_path("stdlib") + os.sep
SEED = 0


class TooMuchOutput(BaseException):
    """The snippet printed more than a page can carry; not to be caught by it."""


class Outputs:
    """What the current cell has shown so far, in order, as notebook outputs."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.printed = 0

    def text(self, name: str, text: str) -> None:
        """Add printed text, joined to the text before it."""
        self.printed += len(text)
        if self.printed > LIMIT:
            raise TooMuchOutput(f"more than {LIMIT:,} characters of output")
        last = self.items[-1] if self.items else {}
        if last.get("name") == name:
            last["text"] += text
        else:
            self.items.append({"output_type": "stream", "name": name, "text": text})

    def display(self, data: dict[str, str]) -> None:
        """Add a rich output: MIME type -> content."""
        self.items.append(
            {"output_type": "display_data", "data": data, "metadata": {}}
        )

    def take(self) -> list[dict[str, Any]]:
        """Return the outputs since the last call."""
        items, self.items = self.items, []
        return items


class _Bytes(io.RawIOBase):
    def __init__(self, stream: "_Stream") -> None:
        self.stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.stream.write(bytes(data).decode("utf-8", "replace"))


class _Stream(io.TextIOBase):
    """Standard output or error of the snippet; what bypasses Python goes to `raw`."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, outputs: Outputs, name: str, fd: int, raw: Path) -> None:
        self.outputs, self.name, self.fd = outputs, name, fd
        self.buffer = _Bytes(self)
        self.raw = raw.open("rb")

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.fd

    def write(self, text: str) -> int:
        self.outputs.text(self.name, text)
        return len(text)

    def drain(self) -> None:
        """Add what a subprocess or a C library wrote to the descriptor."""
        if data := self.raw.read(LIMIT + 1):
            self.write(data.decode("utf-8", "replace"))


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
                if path.startswith(self.root + os.sep):
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


class Session:
    """The interpreter of one snippet: a fresh `__main__` and its outputs."""

    def __init__(self, job: dict[str, Any], outputs: Outputs) -> None:
        self.path: str = job["path"]
        self.name: str = job["name"]
        self.outputs = outputs
        self.module = types.ModuleType("__main__")
        self.module.__file__ = self.path
        sys.modules["__main__"] = self.module
        sys.argv = [self.path]
        sys.path.insert(0, os.path.dirname(self.path))
        sys.displayhook = self.display
        self.compiler = codeop.Compile()
        self.cell = ""
        self.figures = 0

    def run(self, cell: dict[str, Any]) -> None:
        """Execute one cell and show its last expression and its open figures."""
        self.cell = cell["name"]
        source = "\n" * (cell["first"] - 1) + cell["source"]
        tree = ast.parse(source, self.path)
        last = tree.body.pop() if tree.body and _shows(tree.body[-1]) else None
        namespace = self.module.__dict__
        flags = self.compiler.flags
        exec(compile(tree, self.path, "exec", flags), namespace)
        self.compiler(source, self.path, "exec")
        if isinstance(last, ast.Expr):
            code = compile(ast.Expression(last.value), self.path, "eval", flags)
            self.display(eval(code, namespace))
        self.show()

    def display(self, value: object) -> None:
        """Show a value as a notebook would."""
        if value is None:
            return
        data = {"text/plain": repr(value)}
        if callable(rich := getattr(value, "_repr_html_", None)):
            data["text/html"] = rich()
        self.outputs.printed += sum(map(len, data.values()))
        self.outputs.display(data)

    def show(self) -> None:
        """Show and close the open figures, as `plt.show()` does in a notebook."""
        import matplotlib.pyplot as plt

        from dlnotes.book.figures import to_svg

        for number in plt.get_fignums():
            self.figures += 1
            salt = f"{self.name}#{self.cell}-{self.figures}"
            self.outputs.display(
                {"image/svg+xml": to_svg(plt.figure(number), salt)}
            )
        plt.close("all")

    def values(self) -> dict[str, bool | int | float | str]:
        """Return the public variables that hold one number, truth value or text."""
        found = {}
        for name, value in self.module.__dict__.items():
            if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
                value = value.item()
            if not name.startswith("_") and isinstance(value, bool | int | float | str):
                found[name] = value
        return found


def _shows(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr)


def _error(error: BaseException, session: Session) -> dict[str, Any]:
    if isinstance(error, SystemExit):
        message = f"called sys.exit({error.code!r}); a snippet must run to its end"
    elif isinstance(error, TooMuchOutput):
        message = f"printed {error}; a page cannot carry it"
    else:
        message = "".join(traceback.format_exception_only(error)).strip()
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    own = [frame.lineno for frame in frames if frame.filename == session.path]
    line = own[-1] if own else getattr(error, "lineno", None)
    tail = traceback.StackSummary.from_list(frames[-FRAMES:])
    return {
        "cell": session.cell,
        "line": line,
        "message": message[:LONGEST],
        "frames": "".join(tail.format()).rstrip(),
    }


class _Fresh(importlib.machinery.SourceFileLoader):
    """Compile the book's own modules from source.

    Byte code is matched by size and whole seconds, so a quick edit could go unseen.
    """

    def path_stats(self, path: Any) -> Any:
        raise OSError("no byte code")


def _read_sources(folder: str) -> None:
    """Import modules below a folder from their source, never from byte code."""
    finder = importlib.machinery.FileFinder.path_hook((_Fresh, [".py"]))

    def hook(path: str) -> Any:
        if not os.path.abspath(path).startswith(folder):
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
    for path in [path for path in sys.path_importer_cache if path.startswith(folder)]:
        del sys.path_importer_cache[path]


def _prepare(job: dict[str, Any]) -> None:
    """Make this process the snippet's: folder, environment, seeds, threads, style."""
    os.chdir(job["scratch"])
    os.environ.update(job["environment"])
    os.environ["TMPDIR"] = job["scratch"]
    _read_sources(job["source"])
    import matplotlib.pyplot as plt
    import numpy
    import torch

    from dlnotes.book.figures import use_style

    random.seed(SEED)
    numpy.random.seed(SEED)  # noqa: NPY002
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    plt.switch_backend("agg")
    use_style()


def _redirect(out: Path) -> tuple[Path, Path]:
    """Point the process's descriptors 1 and 2 at files, 0 at nothing."""
    paths = out / "stdout", out / "stderr"
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for fd, path in enumerate(paths, 1):
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(target, fd)
        os.close(target)
    return paths


def execute(job: dict[str, Any]) -> None:
    """Run a snippet; `result.json` in the job's folder is written last, whole.

    Args:
        job: name, path, cells (name, first, source), out, scratch, root, source
            (the folder of the book's package), skipped folders, environment, offline.
    """
    out = Path(job["out"])
    raw = _redirect(out)
    _prepare(job)
    outputs = Outputs()
    streams = [
        _Stream(outputs, name, fd, path)
        for name, fd, path in zip(("stdout", "stderr"), (1, 2), raw, strict=True)
    ]
    sys.stdout, sys.stderr = streams  # type: ignore[assignment]
    socket.setdefaulttimeout(30)
    opened = Opened(job["root"], job["skipped"], job["offline"])
    before = set(sys.modules)
    session = Session(job, outputs)
    import matplotlib.pyplot as plt

    plt.show = lambda *_args, **_options: session.show()
    result: dict[str, Any] = {"cells": [], "error": None}
    started = time.perf_counter()
    for cell in job["cells"]:
        (out / "cell").write_text(cell["name"], encoding="utf-8")
        begun = time.perf_counter()
        try:
            session.run(cell)
            for stream in streams:
                stream.drain()
        except BaseException as error:  # a snippet may raise anything; all is reported
            result["error"] = _error(error, session)
        result["cells"].append(
            {
                "name": cell["name"],
                "outputs": outputs.take(),
                "seconds": time.perf_counter() - begun,
            }
        )
        if result["error"]:
            break
    result["seconds"] = time.perf_counter() - started
    result["values"] = session.values()
    result["files"] = opened.digests()
    result["modules"] = sorted(set(sys.modules) - before)
    result["memory"] = _peak_memory()
    _write(out / "result.json", json.dumps(result))


def _peak_memory() -> int | None:
    """Return the most memory this process has held, in bytes, None if unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    execute(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    os._exit(0)  # threads that the snippet left behind do not hold it up
