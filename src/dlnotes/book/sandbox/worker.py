"""Run one snippet in this process and leave its result in a folder.

This module is what a child of the fork server executes; on machines that cannot fork it
is a program of its own: `python -m dlnotes.book.sandbox.worker JOB.json`.
"""

import ast
import codeop
import json
import os
import socket
import sys
import tempfile
import threading
import time
import types
import warnings
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from dlnotes.book.sandbox.failing import told
from dlnotes.book.sandbox.fresh_import import import_from_source
from dlnotes.book.sandbox.missing import Missing
from dlnotes.book.sandbox.opened import STARTS, Opened
from dlnotes.book.sandbox.orphan import die_with_parent
from dlnotes.book.sandbox.outputs import Outputs, Stream
from dlnotes.book.sandbox.quotable import quotable


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
        self.lines = range(0)
        self.figures = 0

    def run(self, cell: dict[str, Any]) -> None:
        """Execute one cell and show its last expression and its open figures."""
        self.cell = cell["name"]
        size = cell["source"].count("\n") + 1
        self.lines = range(cell["first"], cell["first"] + size)
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
        """Show and close the open figures, as `plt.show()` does in a notebook.

        Two or more that all have names are the frames of one.
        """
        import matplotlib.pyplot as plt

        from dlnotes.book.figures.figure import as_frame, to_svg

        figures = [plt.figure(number) for number in plt.get_fignums()]
        names = [str(figure.get_label()) for figure in figures]
        are_frames = len(names) > 1 and all(names)
        for at, (figure, name) in enumerate(zip(figures, names, strict=True)):
            self.figures += not (are_frames and at)
            svg = to_svg(figure, f"{self.name}#{self.cell}-{self.figures}")
            if are_frames:
                svg = as_frame(svg, name, len(figures))
            self.outputs.display({"image/svg+xml": svg})
        plt.close("all")


def _shows(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr)


def _prepare(job: dict[str, Any]) -> None:
    """Make this process the snippet's: folder, environment, and a place to draw."""
    os.chdir(job["scratch"])
    os.environ.update(job["environment"])
    tempfile.tempdir = job["scratch"]  # an import may have asked for it already
    os.environ["TMPDIR"] = job["scratch"]  # for what it starts
    sys.path.insert(0, os.path.dirname(job["source"]))
    import_from_source(job["source"])
    import matplotlib.pyplot as plt

    plt.switch_backend("svg")  # `dlnotes.plot.show` takes "agg" for "no display"


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


def _tell_no_lines() -> None:
    """Write warnings, and errors that end nothing, without the line they come from.

    A warning is shown once, not once for each line: no run is stale when code moves.
    """

    def tell(failed: Any) -> None:
        if failed.exc_type is not SystemExit:
            print(f"{failed.exc_type.__name__}: {failed.exc_value}", file=sys.stderr)

    def without_line(warning: Any) -> str:
        return f"{warning.category.__name__}: {warning.message}"

    warnings.formatwarning = lambda text, kind, *_, **__: f"{kind.__name__}: {text}\n"
    warnings.WarningMessage.__str__ = without_line  # type: ignore[method-assign]
    warnings.simplefilter("once", append=True)
    threading.excepthook = sys.unraisablehook = tell


def _start_no_process() -> None:
    """Refuse the processes of Python that are not forked: no event tells of those."""

    def start(_: object) -> None:
        raise RuntimeError(STARTS)

    BaseProcess.start = start  # type: ignore[assignment,method-assign]


def execute(job: dict[str, Any]) -> None:
    """Run a snippet; `result.json` in the job's folder is written last, whole.

    Args:
        job: name, path, cells (name, first, source), out, scratch, source
            (the folder of the book's package), skipped folders, environment, offline.
    """
    out = Path(job["out"])
    raw = _redirect(out)
    _prepare(job)
    outputs = Outputs()
    streams = [
        Stream(outputs, name, fd, path)
        for name, fd, path in zip(("stdout", "stderr"), (1, 2), raw, strict=True)
    ]
    sys.stdout, sys.stderr = streams
    socket.setdefaulttimeout(30)
    opened = Opened(job["source"], job["skipped"], job["offline"])
    missing, before = Missing(), set(sys.modules)
    _start_no_process()
    _tell_no_lines()
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
            result["error"] = told(error, session.path, session.cell, session.lines)
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
    result["values"] = quotable(session.module.__dict__)
    result["files"] = opened.digests()
    result["modules"] = sorted(sys.modules)
    result["imported"] = sorted(set(sys.modules) - before)
    result["missing"] = missing.names()
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
    die_with_parent(os.getppid())
    execute(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    os._exit(0)  # threads that the snippet left behind do not hold it up
