"""Compute on another device, and in fewer bits."""

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import torch
from torch import Tensor, nn

from dlnotes.nested import map_tensors


class OnDevice:
    """Bring every batch to a device when its turn comes.

    From pinned memory, as a `DataLoader` with `pin_memory=True` gives it,
    copies do not wait for what the device still has to compute.
    """

    def __init__(
        self, batches: Iterable[Sequence[Tensor]], device: torch.device | str
    ) -> None:
        self.batches, self.device = batches, device

    def __len__(self) -> int:
        if not isinstance(self.batches, Sized):
            raise TypeError(f"{self.batches!r} has no length")
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.batches:
            yield map_tensors(self.bring, batch)

    def bring(self, x: Tensor) -> Tensor:
        """Return a tensor on the device."""
        return x.to(self.device, non_blocking=True)


class MixedPrecision(nn.Module):
    """Compute a model's products of matrices in bfloat16.

    Parameters stay in float32, and so do the outputs, for the loss.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the model returns, in float32."""
        with torch.autocast(inputs[0].device.type, torch.bfloat16):
            outputs = self.model(*inputs)
        return map_tensors(widened, outputs)


def widened(x: Tensor) -> Tensor:
    """Return a tensor in float32 if it is in bfloat16."""
    return x.float() if x.dtype == torch.bfloat16 else x
