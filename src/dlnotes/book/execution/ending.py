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


def result_of(out: Path, ended: Exit) -> dict[str, Any] | None:
    """Return what the process left; it counts only if the process ended by itself."""
    path = out / "result.json"
    if ended.code != 0 or ended.timed_out or not path.exists():
        return None
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def failure_of(
    name: str,
    out: Path,
    ended: Exit,
    result: dict[str, Any] | None,
    timeout: float,
) -> Failure | None:
    """Return what went wrong with a run, None if nothing did.

    Args:
        name: of the snippet.
        out: the job's folder, where the worker noted the cell it was in.
        ended: how the process ended.
        result: what it left, if that counts.
        timeout: the limit it ran under, in seconds.
    """
    if result is not None:
        return Failure(name, **result["error"]) if result["error"] else None
    path = out / "cell"
    cell = path.read_text(encoding="utf-8") if path.exists() else ""
    errors = out / "stderr"
    tail = (
        errors.read_bytes()[-2000:].decode("utf-8", "replace")
        if errors.exists()
        else ""
    )
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
    return Failure(name, cell, None, message, tail.strip())
