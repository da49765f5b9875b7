"""Tell how a snippet's process ended: with a result, or how not."""

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlnotes.book.execution.launch import Exit


@dataclass(frozen=True)
class Failure:
    """A run that did not end well.

    Args:
        name: the snippet's.
        cell: the cell it was in, empty before the first.
        line: the line of the snippet's file, None where there is none.
        message: what happened.
        frames: the last frames of the traceback, empty where there are none.
    """

    name: str
    cell: str
    line: int | None
    message: str
    frames: str = ""


def result_of(
    name: str, out: Path, ended: Exit, timeout: float
) -> dict[str, Any] | Failure:
    """Return what a process left, or what went wrong with its run.

    A result counts only if the process ended by itself.

    Args:
        name: of the snippet.
        out: the job's folder, where the worker noted the cell it was in.
        ended: how the process ended.
        timeout: the limit it ran under, in seconds.
    """
    if ended.code == 0 and not ended.timed_out and (out / "result.json").exists():
        result: dict[str, Any] = json.loads(_text(out / "result.json"))
        return Failure(name, **result["error"]) if result["error"] else result
    if ended.timed_out:
        message = f"stopped at the limit of {timeout:g} s (--timeout)"
    elif ended.code < 0:
        label = signal.Signals(-ended.code).name
        message = f"killed by signal {-ended.code} ({label})"
        if label == "SIGKILL":
            message += "; if nobody sent it, the machine may have run out of memory"
    else:
        message = (
            f"ended its own process with exit code {ended.code}; "
            "a snippet must run to its end, without os._exit"
        )
    tail = _text(out / "stderr")[-2000:].strip()
    return Failure(name, _text(out / "cell"), None, message, tail)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
