"""Save a training run to disk, and go on from there."""

import os
import pickle
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from dlnotes.distributed import check_ranks
from dlnotes.nested import map_tensors
from dlnotes.train.batches import Batch, Stream
from dlnotes.train.history import History
from dlnotes.train.randomness import (
    random_state,
    set_random_state,
    undisturbed,
)

KEYS = {"names", "parts", "history", "random", "batch"}


class Stateful(Protocol):
    """Have a state to keep: a model, an optimizer, an `EarlyStopping`."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Take a state over."""


class Checkpoint:
    """Keep `parts`, the history and the random numbers' state in a file.

    `train` calls it last in a step, and it writes after each `every`
    steps and when a hook stops the run. A program that goes on is the same
    program, run again: it builds the same parts, batches and hooks.
    Of several ranks, each has a path of its own. Writing takes longer the
    longer the history is: in a long run, do it once an epoch.

    Raises:
        FileNotFoundError: there is no folder for the file.
    """

    def __init__(
        self, path: str | Path, parts: Sequence[Stateful], every: int = 1
    ) -> None:
        self.path, self.parts, self.every = Path(path), parts, every
        self.batch: Batch = ()  # the last that the run has had
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"make a folder first for {path}")

    def __call__(self, history: History) -> None:
        """Write the file, if the step is one of those after which to."""
        if history.step % self.every == 0 or history.stopped:
            self.save(history)

    def save(self, history: History) -> None:
        """Write the file, whole: a crash leaves the one before it."""
        state = {
            "names": [type(part).__name__ for part in self.parts],
            "parts": [part.state_dict() for part in self.parts],
            "history": vars(history),
            "random": random_state(),
            "batch": checksums(self.batch),
        }
        write_whole(self.path, state)

    def resume(self, stream: Stream) -> tuple[Stream, History]:
        """Return the stream and the history where the run was left.

        Without a file that is at the start. The batches that the run has
        had are taken from the stream, and not used.

        Raises:
            ValueError: the file is damaged, or of another program, or the
                stream has other batches, or draws random numbers from
                generators that are not its own.
        """
        stream, history = self.watched(undisturbed(stream)), History()
        if self.path.exists():
            state = load(self.path, self.parts)
            vars(history).update(state["history"])
            next(islice(stream, history.step, history.step), None)
            if checksums(self.batch) != state["batch"]:
                raise ValueError(
                    f"the run of {self.path} has had other batches: build "
                    "them anew, from the same data, size and seed"
                )
            set_random_state(state["random"])
        check_ranks(self.path, history.step)
        return stream, history

    def watched(self, stream: Stream) -> Stream:
        """Hand on a stream, and keep the last batch."""
        self.batch = ()
        for epoch, batch in stream:
            self.batch = batch
            yield epoch, batch


def checksums(batch: Batch) -> list[int]:
    """Return a number for each tensor, by which to know them again."""
    found: list[int] = []

    def note(x: Tensor) -> Tensor:
        values = x.detach().cpu().reshape(-1).view(torch.uint8)
        found.append(zlib.crc32(values.numpy().tobytes()))
        return x

    map_tensors(note, batch)
    return found


def write_whole(path: Path, state: dict[str, Any]) -> None:
    """Write a state beside `path`, to the disk, and only then put it there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
            check_readable(file.name)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def check_readable(name: str) -> None:
    """Refuse a file that `read` would refuse, before a run depends on it.

    Raises:
        ValueError: it holds more than tensors and plain values.
    """
    strange = torch.serialization.get_unsafe_globals_in_checkpoint(name)
    if strange:
        raise ValueError(
            f"a part, or the history, holds {', '.join(strange)}, which could "
            "not be read again: keep tensors and plain values only, such as "
            "float(x) for a number of NumPy's"
        )


def read(path: Path) -> dict[str, Any]:
    """Read what a file keeps, onto the CPU; only tensors and plain values.

    Raises:
        ValueError: the file is damaged, or no checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile:
        damaged = path.name
    if damaged:
        raise ValueError(f"{path} is damaged; delete it to start afresh")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors and plain values; not loaded"
        ) from error
    except RuntimeError:  # an archive of something else
        state = None
    if not isinstance(state, dict) or set(state) != KEYS:
        raise ValueError(f"{path} is no checkpoint of a training run")
    return state


def load(path: Path, parts: Sequence[Stateful]) -> dict[str, Any]:
    """Read a file and hand each part its state; return all that it keeps.

    Raises:
        ValueError: the file is damaged, or of other parts.
    """
    state = read(path)
    names = [type(part).__name__ for part in parts]
    if state["names"] != names:
        raise ValueError(
            f"{path} keeps {', '.join(state['names']) or 'nothing'}, "
            f"this program has {', '.join(names) or 'nothing'}"
        )
    for name, part, kept in zip(names, parts, state["parts"], strict=True):
        try:
            part.load_state_dict(kept)
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                f"{path} keeps another {name}: {error}"
            ) from error
    return state
