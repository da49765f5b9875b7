"""How many operations PyTorch is asked for: what each costs before it computes.

Their number does not depend on how busy a machine is, as the seconds they take do.
"""

from collections.abc import Callable
from typing import Any

from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode


class Counter(TorchDispatchMode):
    number = 0

    def __torch_dispatch__(
        self, function: OpOverload, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.number += 1
        return function(*args, **(kwargs or {}))


def operations(run: Callable[[], object]) -> int:
    """Return how many of PyTorch's operations a run calls, backwards ones too."""
    with Counter() as counter:
        run()
    return counter.number
