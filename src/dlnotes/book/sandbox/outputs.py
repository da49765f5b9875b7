"""Collect what a cell shows, in order, as notebook outputs."""

import io
from pathlib import Path
from typing import Any

LIMIT = 200_000  # characters of output per snippet; a page cannot carry more


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
        self.items.append({"output_type": "display_data", "data": data, "metadata": {}})

    def take(self) -> list[dict[str, Any]]:
        """Return the outputs since the last call."""
        items, self.items = self.items, []
        return items


class _Bytes(io.RawIOBase):
    def __init__(self, stream: "Stream") -> None:
        self.stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.stream.write(bytes(data).decode("utf-8", "replace"))


class Stream(io.TextIOBase):
    """Standard output or error of the snippet; what bypasses Python goes to `raw`."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, outputs: Outputs, name: str, fd: int, raw: Path) -> None:
        self.outputs, self.name, self.fd = outputs, name, fd
        self.buffer = _Bytes(self)
        self.raw = raw.open("rb")

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that subprocesses write to."""
        return self.fd

    def write(self, text: str) -> int:
        """Add a text to the outputs; return how many characters it has."""
        self.outputs.text(self.name, text)
        return len(text)

    def drain(self) -> None:
        """Add what a subprocess or a C library wrote to the descriptor."""
        if data := self.raw.read(LIMIT + 1):
            self.write(data.decode("utf-8", "replace"))
