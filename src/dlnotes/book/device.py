"""Choose the device that snippets compute on."""

import subprocess
import sys

from dlnotes.book.errors import BookError

ASK = (
    "import torch; print('cuda' if torch.cuda.is_available() else "
    "'mps' if torch.backends.mps.is_available() else 'cpu')"
)


def best() -> str:
    """Return the best device of this machine; asks a process that may import torch."""
    command = [sys.executable, "-c", ASK]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()


def resolve(device: str, *, at_full: bool) -> str:
    """Turn `auto` into a device, and refuse one that this machine lacks.

    Raises:
        BookError: the device is not there.
    """
    if device == "auto":
        return best() if at_full else "cpu"
    if device != "cpu" and (found := best()) != device:
        raise BookError(f"--device {device}: this machine has only {found}")
    return device
