"""Large batches on a small device, in pieces."""

from typing import Any

import torch
from torch import Tensor


class Accumulate:
    """Let an optimizer step once in `pieces` calls, on the mean gradient.

    Each piece weighs as much as the others, so that pieces of one size
    give the step of the batch that they make. The steps of `train` are
    pieces then; those of a batch that the end of a run cuts off wait for
    the next run. Schedules and clipping belong to the optimizer inside.

    Raises:
        ValueError: there is not even one piece.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, pieces: int) -> None:
        if pieces < 1:
            raise ValueError(f"{pieces} pieces: a step takes at least 1")
        self.optimizer, self.pieces, self.had = optimizer, pieces, 0

    def zero_grad(self) -> None:
        """Forget the gradients, unless pieces of a batch are in them."""
        if self.had == 0:
            self.optimizer.zero_grad()

    def step(self) -> None:
        """Count a piece; move the parameters after the last of a batch."""
        self.had += 1
        if self.had == self.pieces:
            for p in self.parameters():
                if p.grad is not None:
                    p.grad /= self.pieces
            self.optimizer.step()
            self.had = 0

    def parameters(self) -> list[Tensor]:
        """List the parameters of all groups."""
        groups = self.optimizer.param_groups
        return [p for group in groups for p in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: half a batch's gradients too."""
        halfway = self.parameters() if self.had else []
        return {
            "optimizer": self.optimizer.state_dict(),
            "had": self.had,
            "gradients": [p.grad for p in halfway],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.had = state["had"]
        for p, g in zip(self.parameters(), state["gradients"], strict=False):
            p.grad = None if g is None else g.to(p.device)
