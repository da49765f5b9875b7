"""Stop a training run when the validation loss no longer falls."""

import copy
from collections.abc import Callable
from math import inf
from typing import Any

from torch import nn

from dlnotes.train.history import History


class EarlyStopping:
    """A hook that stops after `patience` calls without a better loss.

    `validation_loss()` is measured on data that is neither trained on nor
    reported. The losses it returned are in `losses`, the smallest in
    `best`, and the step that had it in `best_step`.

    Source: Prechelt, Early Stopping - But When?, 1998.
    """

    def __init__(
        self,
        model: nn.Module,
        validation_loss: Callable[[], float],
        patience: int,
    ) -> None:
        self.model, self.validation_loss = model, validation_loss
        self.patience, self.waited = patience, 0
        self.losses: list[float] = []
        self.best, self.best_step = inf, 0
        self.weights: dict[str, Any] = {}

    def __call__(self, history: History) -> bool:
        """Measure once, and say whether to stop."""
        loss = self.validation_loss()
        self.losses.append(loss)
        self.waited += 1
        if loss < self.best:
            self.best, self.best_step, self.waited = loss, history.step, 0
            self.weights = copy.deepcopy(self.model.state_dict())
        return self.waited >= self.patience

    def restore(self) -> None:
        """Put the weights that had the smallest loss back into the model.

        Raises:
            ValueError: there are none: no loss yet, or only infinite ones.
        """
        if not self.weights:
            raise ValueError(
                f"no weights to restore: of {len(self.losses)} validation "
                "losses none was finite"
            )
        self.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        names = ("losses", "best", "best_step", "waited", "weights")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        vars(self).update(state)
