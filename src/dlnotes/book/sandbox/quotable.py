"""Find what prose may quote of a program's variables: numbers, also in containers.

`loss`, `share["MAE"]` and `rates[2][0]` are named as a program would write them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import prod
from typing import Any

Quotable = bool | int | float | str
LONGEST = 200  # entries of a container
DEEPEST = 3  # containers within one another
KEYS = (bool, int, float, str, tuple, type(None))


def quotable(variables: Mapping[str, Any]) -> dict[str, Quotable]:
    """Return the numbers, truth values and texts in public variables, by name.

    A variable that cannot be read, such as a tensor without data, or not be written
    down, such as an integer of 5,000 digits, has none.
    """
    found: dict[str, Quotable] = {}
    for name, value in variables.items():
        if not name.startswith("_"):
            with suppress(Exception):  # a class of the program's may raise anything
                own = dict(_within(name, value, DEEPEST))
                json.dumps(own)
                found |= own
    return found


def _within(label: str, value: Any, depth: int) -> Iterator[tuple[str, Quotable]]:
    is_array = hasattr(value, "ndim") and hasattr(value, "tolist")  # or a tensor
    if is_array and not isinstance(value, type):
        value = value.tolist() if prod(value.shape) <= LONGEST else None
    if isinstance(value, bool | int | float | str):
        yield label, value
    elif isinstance(value, dict) and depth and len(value) <= LONGEST:
        for key, item in value.items():
            if isinstance(key, KEYS):
                yield from _within(f"{label}[{key!r}]", item, depth - 1)
    elif isinstance(value, list | tuple) and depth and len(value) <= LONGEST:
        for number, item in enumerate(value):
            yield from _within(f"{label}[{number}]", item, depth - 1)
