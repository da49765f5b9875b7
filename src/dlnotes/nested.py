"""Outputs and states of models: tensors, or tuples of them, or of those."""

from collections.abc import Callable
from typing import Any

from torch import Tensor


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Apply a function to a tensor, or to all in a tuple, however deep."""
    if isinstance(value, Tensor):
        return function(value)
    return tuple(map_tensors(function, part) for part in value)
