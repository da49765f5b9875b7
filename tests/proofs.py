"""What was proved is not proved again while all that it depends on is as it was."""

import hashlib
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

    def place(self, *parts: str) -> Path:
        """Return the file that stands for something proved of all these parts."""
        text = "\0".join([*parts, *self.proving])
        return self.folder / hashlib.sha256(text.encode()).hexdigest()

    def keep(self, place: Path) -> None:
        """Remember a proof."""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
