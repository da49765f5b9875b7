"""What a run at full scale needs: a fast device, and a file to go on from."""

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from dlnotes.train.checkpoint import Checkpoint, Stateful, checksums


def best_device() -> torch.device:
    """Return a GPU, of NVIDIA's or of Apple's, or else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.mps.is_available() else "cpu")


def unfinished(
    parts: Sequence[Stateful], data: Sequence[Tensor], steps: int, every: int
) -> Checkpoint | None:
    """Return a checkpoint by which a run that was killed goes on.

    It is written after each `every` steps, into the folder that the
    variable DLNOTES_UNFINISHED names while `dlnotes run --scale full`
    runs; where it is not set, there is none. The file's name tells the
    runs of a program apart: by their parts, the first weights, the data
    and the number of steps.
    """
    folder = os.environ.get("DLNOTES_UNFINISHED")
    if not folder:
        return None
    weights = [
        part
        for part in parts[0].state_dict().values()
        if isinstance(part, Tensor)
    ]
    content = checksums([*weights, *data])
    known = (parts[:2], len(parts), steps, content)
    name = f"{zlib.crc32(repr(known).encode()):08x}.pt"
    return Checkpoint(Path(folder) / name, parts, every)
