"""Save a training run to disk, and go on from there."""

import os
import pickle
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from dlnotes.train.history import History


class Stateful(Protocol):
    """Has a state to keep: a model, an optimizer, an `EarlyStopping`."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Take a state over."""


class Checkpoint:
    """Keep `parts`, the history and the random numbers' state in a file.

    A program that resumes is the same program, run again: it builds the
    same parts, batches and hooks, then calls `resume`.
    """

    def __init__(self, path: str | Path, parts: Sequence[Stateful]) -> None:
        self.path, self.parts = Path(path), parts

    def save(self, history: History) -> None:
        """Write the file, whole: a crash leaves the one before it."""
        state = {
            "parts": [part.state_dict() for part in self.parts],
            "history": vars(history),
            "cpu": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
        }
        folder = self.path.parent
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, self.path)
            except BaseException:
                os.unlink(file.name)
                raise

    def resume(self) -> History:
        """Load the file and return its history; without a file, a new one.

        Raises:
            ValueError: the file is damaged, or of another program.
        """
        history = History()
        if not self.path.exists():
            return history
        state = load(self.path)
        if len(state["parts"]) != len(self.parts):
            raise ValueError(
                f"{self.path} keeps {len(state['parts'])} parts, "
                f"this program has {len(self.parts)}"
            )
        for part, kept in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(kept)
        vars(history).update(state["history"])
        torch.set_rng_state(state["cpu"])
        torch.cuda.set_rng_state_all(state["cuda"])
        return history


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing but tensors and plain values is accepted.

    Raises:
        ValueError: the file is damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile:
        damaged = path.name
    if damaged:
        raise ValueError(f"{path} is damaged; delete it to start the training afresh")
    try:
        return torch.load(path, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors and plain values; not loaded"
        ) from error
