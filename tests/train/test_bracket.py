"""A setting is chosen so that its neighbours on both sides are worse."""

from itertools import pairwise
from math import log

import pytest

from dlnotes.train.bracket import best, bracket, rates_table


def hill(top: float) -> list[float]:
    """Return the values that are tried where the best is at `top`."""
    found = bracket(lambda value: -abs(log(value / top)), (0.01, 0.03, 0.09))
    values = list(found)
    best = values.index(max(found, key=found.__getitem__))
    assert 0 < best < len(values) - 1
    assert values == sorted(values)
    return values


@pytest.mark.parametrize(
    ("top", "tried"), [(0.03, 3), (0.09, 4), (0.8, 6), (0.01, 4), (0.001, 6)]
)
def test_it_goes_on_until_the_best_is_inside(top: float, tried: int) -> None:
    values = hill(top)
    assert len(values) == tried
    for low, high in pairwise(values):
        assert high / low == pytest.approx(3)


def test_each_value_is_measured_once() -> None:
    seen: list[float] = []

    def measure(value: float) -> float:
        seen.append(value)
        return -abs(value - 1)

    bracket(measure, (0.1, 0.2, 0.4))
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    "values", [(), (0.1, 0.2), (0.1, 0.1, 0.2), (0.2, 0.1, 0.3), (0.0, 0.1, 0.2)]
)
def test_it_refuses_values_that_do_not_rise(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three or more that rise from one above 0"):
        bracket(lambda value: value, values)


def test_the_best_of_equals_is_the_first() -> None:
    assert best({0.1: 0.5, 0.3: 0.8, 0.9: 0.8}) == 0.3


def test_the_table_is_blank_where_a_rate_was_not_tried() -> None:
    table = rates_table("network", {"a": {0.03: 0.25, 0.01: 0.5}, "b": {0.03: 1}}, 2)
    heads, first, second = (line.split() for line in str(table).splitlines())
    assert heads == ["network", "η", "=", "0.01", "η", "=", "0.03"]
    assert first == ["a", "0.50", "0.25"]
    assert second == ["b", "1.00"]
