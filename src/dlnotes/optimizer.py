"""What all optimizers share: the walk over the parameters."""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

State = dict[str, Any]  # what is remembered of one parameter
Group = dict[str, Any]  # parameters, and the settings they share

LIMITS = {
    "lr": inf,
    "eps": inf,
    "weight_decay": inf,
    "momentum": 1.0,
    "alpha": 1.0,
    "rho": 1.0,
    "beta1": 1.0,
    "beta2": 1.0,
}


def check_settings(settings: Group) -> None:
    """Compare every setting with its range: 0 or more, below its limit.

    Raises:
        ValueError: a setting is out of its range, or not a number.
    """
    for name, limit in LIMITS.items():
        value = settings.get(name, 0)
        if not 0 <= value < limit:
            raise ValueError(f"{name} is {value}, not in [0, {limit:g})")


class Optimizer(torch.optim.Optimizer):
    """Move every parameter that has a gradient, each by `update`.

    `slots` names what a method remembers of each parameter: tensors of
    its shape, zero at first. Of PyTorch's options `maximize` is not there:
    to climb, descend on minus the loss.

    Raises:
        ValueError: there are no parameters, or a setting is out of range.
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self, params: ParamsT, lr: float, weight_decay: float = 0, **own: float
    ) -> None:
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, **own))

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with settings of their own, if these are in range."""
        check_settings(self.defaults | param_group)
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; return what the closure, if there is one, returns."""
        loss = torch.enable_grad()(closure)() if closure else None
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is not None:
                    g = self.penalize(theta, theta.grad, group)
                    self.update(theta, g, self.remembered(theta), group)
        return loss

    @staticmethod
    def penalize(theta: Tensor, g: Tensor, group: Group) -> Tensor:
        """Return g + λθ, the gradient with the penalty ½λ‖θ‖² in the loss."""
        weight_decay = group["weight_decay"]
        return g + weight_decay * theta if weight_decay else g

    def remembered(self, theta: Tensor) -> State:
        """Return what is remembered of θ, at its first step zeros."""
        state: State = self.state[theta]
        if not state:
            state |= {slot: torch.zeros_like(theta) for slot in self.slots}
        return state

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change θ in place, and what is remembered of it, given g."""
        raise NotImplementedError
