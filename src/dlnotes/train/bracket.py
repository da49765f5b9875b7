"""Choose a setting so that values on both sides of it are worse."""

from collections.abc import Callable, Sequence
from itertools import pairwise


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
    while (best := max(found, key=found.__getitem__)) in (
        smallest := min(found),
        max(found),
    ):
        beyond = best / ratio if best == smallest else best * ratio
        found[beyond] = measure(beyond)
    return dict(sorted(found.items()))
