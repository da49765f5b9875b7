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
        write_whole(self.path, state)

    def resume(self) -> History:
        """Load the file and return its history; without a file, a new one.

        Raises:
            ValueError: the file is damaged, or of another program.
        """
        history = History()
        if self.path.exists():
            state = load(self.path, len(self.parts))
            for part, kept in zip(self.parts, state["parts"], strict=True):
                part.load_state_dict(kept)
            vars(history).update(state["history"])
            torch.set_rng_state(state["cpu"])
            torch.cuda.set_rng_state_all(state["cuda"])
        return history


def write_whole(path: Path, state: dict[str, Any]) -> None:
    """Write a state beside `path`, to the disk, and only then put it there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def load(path: Path, parts: int) -> dict[str, Any]:
    """Read the state of so many parts; only tensors and plain values.

    Raises:
        ValueError: the file is damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile:
        damaged = path.name
    if damaged:
        raise ValueError(f"{path} is damaged; delete it to start afresh")
    try:
        state = torch.load(path, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors and plain values; not loaded"
        ) from error
    if len(state["parts"]) != parts:
        raise ValueError(
            f"{path} keeps {len(state['parts'])} parts, "
            f"this program has {parts}"
        )
    return state
