"""Tell how a snippet failed: what it raised, and on which line."""

import os
import traceback
from typing import Any

from dlnotes.book.sandbox.outputs import TooMuchOutput

FRAMES = 4
LONGEST = 4_000  # characters of an error message
# The folder of the engine, whose frames are of no help to an author.
ENGINE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def told(error: BaseException, path: str, cell: str, lines: range) -> dict[str, Any]:
    """Return cell, line, message and last frames.

    Args:
        error: what the snippet raised.
        path: the snippet's file.
        cell: the name of the cell that ran.
        lines: those of the cell in the file.
    """
    if isinstance(error, SystemExit):
        message = f"called sys.exit({error.code!r}); a snippet must run to its end"
    elif isinstance(error, TooMuchOutput):
        message = f"printed {error}; a page cannot carry it"
    else:
        message = "".join(traceback.format_exception_only(error)).strip()
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(ENGINE)
    ]
    own = [
        frame.lineno
        for frame in frames
        if frame.filename == path and frame.lineno in lines
    ]
    line = own[-1] if own else getattr(error, "lineno", None)
    tail = traceback.StackSummary.from_list(frames[-FRAMES:])
    return {
        "cell": cell,
        "line": line,
        "message": message[:LONGEST],
        "frames": "".join(tail.format()).rstrip(),
    }
