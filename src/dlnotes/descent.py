"""What all optimisers share: the walk over the parameters."""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from torch import Tensor

Dict = dict[str, Any]

LIMITS = {"lr": inf, "eps": inf, "weight_decay": inf, "momentum": 1.0}
LIMITS |= {"alpha": 1.0, "rho": 1.0, "beta1": 1.0, "beta2": 1.0}


def check_settings(settings: Dict) -> None:
    """Compare every setting with its range: 0 or more, below its limit.

    Raises:
        ValueError: a setting is out of its range, or not a number.
    """
    for name, limit in LIMITS.items():
        value = settings.get(name, 0)
        if not 0 <= value < limit:
            raise ValueError(f"{name} is {value}, not in [0, {limit:g})")


class Descent(torch.optim.Optimizer):
    """Move every parameter that has a gradient, each by `update`.

    `slots` names what a method remembers of each parameter: tensors of
    its shape, zero at first.

    Raises:
        ValueError: there are no parameters, or a setting is out of range.
    """

    slots: tuple[str, ...] = ()
    update: Callable[[Tensor, Tensor, Dict, Dict], None]

    def add_param_group(self, param_group: Dict) -> None:
        check_settings(self.defaults | param_group)
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = torch.enable_grad()(closure)() if closure else None
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is not None:
                    state = self.state[theta] or self.begin(theta)
                    g = self.decay(theta, theta.grad, group)
                    self.update(theta, g, state, group)
        return loss

    def begin(self, theta: Tensor) -> Dict:
        self.state[theta] = {s: torch.zeros_like(theta) for s in self.slots}
        return self.state[theta]

    @staticmethod
    def decay(theta: Tensor, g: Tensor, group: Dict) -> Tensor:
        rate = group["weight_decay"]
        return g.add(theta, alpha=rate) if rate else g
