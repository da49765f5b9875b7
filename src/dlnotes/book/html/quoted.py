"""Quote a run's variables: in running text, and within formulas."""

import ast
import re
from collections.abc import Mapping
from functools import partial
from itertools import count, takewhile

from dlnotes.book.errors import BookError, did_you_mean
from dlnotes.book.html.results import without_controls
from dlnotes.book.pages.inline import Value
from dlnotes.book.sandbox.quotable import Quotable
from dlnotes.book.storage.store import Run
from dlnotes.table import typeset

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?:(?P<infinite>inf)|(?P<digits>[\d.,_]+))"
    r"(?:e(?P<power>[-+]?\d+))?(?P<percent>%?)",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"[{}$&#_%]")


def in_prose(run: Run, quoted: Value) -> str:
    """Write a variable as text: numbers with a true minus and powers of ten."""
    text = _formatted(run, quoted)
    return text if _number(run, quoted, text) is None else typeset(text)


def in_tex(run: Run, quoted: Value) -> str:
    """Write a variable as TeX: numbers as numbers, the rest as upright text."""
    text = _formatted(run, quoted)
    number = _number(run, quoted, text)
    if number is None:
        return r"\text{" + _SPECIAL.sub(r"{\\\g<0>}", text) + "}"
    digits = (number["digits"] or r"\infty").replace(",", "{,}").replace("_", r"\_")
    power = rf" \times 10^{{{int(number['power'])}}}" if number["power"] else ""
    percent = r"\%" if number["percent"] else ""
    return f"{number['sign']}{digits}{power}{percent}"


def _number(run: Run, quoted: Value, text: str) -> re.Match[str] | None:
    """Cut a formatted number into its parts; None for what reads as text."""
    is_text = isinstance(_value(run, quoted), str)
    is_hexadecimal = quoted.spec.endswith(("x", "X"))
    return None if is_text or is_hexadecimal else _NUMBER.fullmatch(text)


def _value(run: Run, quoted: Value) -> Quotable:
    label = _label(ast.parse(quoted.variable, mode="eval").body, run.values)
    if label not in run.values:
        hint = did_you_mean(label, run.values)
        raise BookError(
            f"[[{quoted.name}.{quoted.variable}]]: the run has no number, "
            f"truth value or text so named{hint}"
        )
    return run.values[label]


def _label(node: ast.expr, values: Mapping[str, Quotable]) -> str:
    """Write a variable and its indexes as `quotable` does."""
    if not isinstance(node, ast.Subscript):
        return ast.unparse(node)
    label = _label(node.value, values)
    index = ast.literal_eval(node.slice)
    if isinstance(index, int) and index < 0:
        starts = (f"{label}[{number}]" for number in count())
        index += sum(1 for _ in takewhile(partial(_any_starts, values), starts))
    return f"{label}[{index!r}]"


def _any_starts(values: Mapping[str, Quotable], start: str) -> bool:
    return any(name.startswith(start) for name in values)


def _formatted(run: Run, quoted: Value) -> str:
    label = f"[[{quoted.name}.{quoted.variable}]]"
    value = _value(run, quoted)
    try:
        return without_controls(format(value, quoted.spec)).strip()
    except (ValueError, OverflowError) as error:
        raise BookError(
            f"{label}: format {quoted.spec!r} does not fit the "
            f"{type(value).__name__} {value!r}: {error}"
        ) from error
