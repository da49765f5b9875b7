"""Quote a run's variables: in running text, and within formulas."""

import re

from dlnotes.book.errors import BookError
from dlnotes.book.inline import Value
from dlnotes.book.results import without_controls
from dlnotes.book.sources import did_you_mean
from dlnotes.book.store import Run

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?:(?P<infinite>inf)|(?P<digits>[\d.,_]+))"
    r"(?:e(?P<power>[-+]?\d+))?(?P<percent>%?)",
    re.IGNORECASE,
)
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SPECIAL = re.compile(r"[{}$&#_%]")


def in_prose(run: Run, quoted: Value) -> str:
    """Write a variable as text: numbers with a true minus and powers of ten."""
    text = _formatted(run, quoted)
    number = _number(run, quoted, text)
    if number is None:
        return text
    sign = number["sign"].replace("-", "−")
    power = number["power"]
    raised = f"\xa0×\xa010{str(int(power)).translate(_RAISED)}" if power else ""
    return f"{sign}{number['digits'] or '∞'}{raised}{number['percent']}"


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
    is_text = isinstance(run.values[quoted.variable], str)
    is_hexadecimal = quoted.spec.endswith(("x", "X"))
    return None if is_text or is_hexadecimal else _NUMBER.fullmatch(text)


def _formatted(run: Run, quoted: Value) -> str:
    label = f"[[{quoted.name}.{quoted.variable}]]"
    if quoted.variable not in run.values:
        hint = did_you_mean(quoted.variable, run.values)
        raise BookError(
            f"{label}: the run has no number, truth value or text so named{hint}"
        )
    value = run.values[quoted.variable]
    try:
        return without_controls(format(value, quoted.spec)).strip()
    except (ValueError, OverflowError) as error:
        raise BookError(
            f"{label}: format {quoted.spec!r} does not fit the "
            f"{type(value).__name__} {value!r}: {error}"
        ) from error
