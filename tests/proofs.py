"""What was proved is not proved again while all that it depends on is as it was."""

import hashlib
from collections.abc import Callable
from pathlib import Path


class Proofs:
    """Remembers, in empty files named by digests, what has been proved.

    Args:
        folder: where the files are.
        proving: the files whose code proves it.
    """

    def __init__(self, folder: Path, *proving: Path) -> None:
        self.folder = folder
        self.proving = [path.read_text(encoding="utf-8") for path in proving]

    def once(self, prove: Callable[[], None], *parts: str) -> None:
        """Prove something of all these parts, if it has not been; it may raise."""
        text = "\0".join([*parts, *self.proving])
        place = self.folder / hashlib.sha256(text.encode()).hexdigest()
        if not place.exists():
            prove()
            self.folder.mkdir(parents=True, exist_ok=True)
            place.touch()
