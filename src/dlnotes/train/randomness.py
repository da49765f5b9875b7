"""Where the random number generators are, and how to put them back there."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlnotes.train.batches import Stream


def random_state() -> dict[str, Any]:
    """Return the states of all generators that `seed_everything` seeds.

    Plain values, which `==` can compare and a checkpoint can hold. A GPU
    that nothing has used yet is left alone.
    """
    legacy: Any = np.random.get_state()
    name, key, *rest = legacy
    on_cuda, on_mps = torch.cuda.is_initialized(), torch.mps.is_available()
    cuda = torch.cuda.get_rng_state_all() if on_cuda else []
    mps = [torch.mps.get_rng_state()] if on_mps else []
    return {
        "python": random.getstate(),
        "numpy": (name, key.tobytes(), *rest),
        "cpu": to_bytes(torch.get_rng_state()),
        "cuda": [to_bytes(state) for state in cuda],
        "mps": [to_bytes(state) for state in mps],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put the generators where they were when `state` was taken.

    States of devices that this machine has not are left out.
    """
    random.setstate(state["python"])
    name, key, *rest = state["numpy"]
    np.random.set_state((name, np.frombuffer(key, np.uint32), *rest))
    torch.set_rng_state(to_tensor(state["cpu"]))
    for device in range(torch.cuda.device_count()):
        if device < len(state["cuda"]):
            torch.cuda.set_rng_state(to_tensor(state["cuda"][device]), device)
    if state["mps"] and torch.mps.is_available():
        torch.mps.set_rng_state(to_tensor(state["mps"][0]))


def to_bytes(state: Tensor) -> bytes:
    """Return a generator's state, a tensor of bytes, as bytes."""
    return state.numpy().tobytes()


def to_tensor(state: bytes) -> Tensor:
    """Return bytes as the tensor that a generator's state is."""
    return torch.frombuffer(bytearray(state), dtype=torch.uint8)


def undisturbed(stream: Stream) -> Stream:
    """Hand on a stream whose making draws no random numbers of these.

    Raises:
        ValueError: it does, so that what it gives depends on what else is
            drawn, and cannot be given once more.
    """
    before = random_state()
    for item in stream:
        if random_state() != before:
            raise ValueError(
                "the batches draw from the random numbers that all share, "
                "so that a run could not go on from a checkpoint with the "
                "batches it would have had: give the loader a generator of "
                "its own, as in DataLoader(..., generator=torch.Generator()"
                ".manual_seed(0)), and draw with it whatever changes them"
            )
        yield item
        before = random_state()
