"""Choose a setting so that values on both sides of it are worse."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from dlnotes.table import Table


def bracket(
    measure: Callable[[float], float], values: Sequence[float]
) -> dict[float, float]:
    """Measure at `values`, and further on until the best is no longer last.

    While the best value is the smallest or the largest of those tried, the
    next one beyond it is tried as well, at the ratio of the first two.

    Args:
        measure: returns what is to be large, such as an accuracy.
        values: three or more in rising order, such as learning rates.

    Returns:
        what was measured, by value, in rising order.

    Raises:
        ValueError: there are fewer than three values, or they do not rise
            from one above 0.
    """
    falling = [b <= a for a, b in pairwise([0.0, *values])]
    if len(values) < 3 or any(falling):
        raise ValueError(
            f"the values are {list(values)}: they must be three or more "
            "that rise from one above 0"
        )
    ratio = values[1] / values[0]
    found = {value: measure(value) for value in values}
    while best(found) in (smallest := min(found), max(found)):
        low = best(found) == smallest
        beyond = smallest / ratio if low else max(found) * ratio
        found[beyond] = measure(beyond)
    return dict(sorted(found.items()))


def best(found: Mapping[float, float]) -> float:
    """Return the value at which most was measured, of equals the first."""
    return max(found, key=found.__getitem__)


def rates_table(
    head: str, tried: Mapping[str, Mapping[float, float]], digits: int = 3
) -> Table:
    """Tabulate what was measured at learning rates.

    Args:
        head: of the column of names.
        tried: what was measured, by name and by rate; where a name was
            not tried at a rate, the table is blank.
        digits: behind the point.
    """
    rates = sorted({rate for found in tried.values() for rate in found})
    rows = [
        [
            name,
            *(f"{found[r]:.{digits}f}" if r in found else "" for r in rates),
        ]
        for name, found in tried.items()
    ]
    return Table([head, *(f"η = {rate:.2g}" for rate in rates)], rows)
