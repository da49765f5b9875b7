"""A small table that reads the same in a terminal, a notebook and the book."""

import html
import re
import sys
from collections.abc import Sequence

NUMBER = re.compile(
    r"([-+]?)(inf|[\d.,_]+)(?:e([-+]?\d+))?(%?)", re.IGNORECASE
)
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
Entry = str | int | float | bool


class Table:
    """Hold rows of cells under named columns.

    Args:
        columns: the header, one name per column; what follows a colon is
            the format of its cells, as in `loss:.4f`. Without one a cell is
            shown with `str`.
        rows: each as long as `columns`.

    Raises:
        ValueError: a row is not as long as the header.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Entry]],
    ) -> None:
        heads = [str(column).partition(":") for column in columns]
        self.columns = [name for name, _, _ in heads]
        for number, row in enumerate(rows):
            if len(row) != len(columns):
                raise ValueError(
                    f"row {number} has {len(row)} cells, "
                    f"the header has {len(columns)}: {list(row)!r}"
                )
        specs = [spec for _, _, spec in heads]
        self.rows = [
            [format(cell, spec) for cell, spec in zip(row, specs, strict=True)]
            for row in rows
        ]
        self.is_number = [
            all(isinstance(row[i], int | float) for row in rows)
            and not any(isinstance(row[i], bool) for row in rows)
            for i in range(len(columns))
        ]

    def show(self) -> None:
        """Display the table: as text in a terminal, as HTML in a notebook."""
        sys.displayhook(self)

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [
            max(len(line[i]) for line in lines)
            for i in range(len(self.columns))
        ]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(
                    line, widths, self.is_number, strict=True
                )
            ).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str) -> str:
            shown = zip(cells, self.is_number, strict=True)
            return "".join(
                f"<{tag}{' class=number' if number else ''}>"
                f"{html.escape(typeset(cell))}</{tag}>"
                for cell, number in shown
            )

        head = f"<thead><tr>{row(self.columns, 'th')}</tr></thead>"
        body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in self.rows)
        return f"<table>{head}<tbody>{body}</tbody></table>"


def typeset(number: str) -> str:
    """Write a formatted number with a true minus and powers of ten.

    Two with a ± between them are two numbers. What is no number comes back
    as it is.
    """
    if " ± " in number:
        value, _, error = number.partition(" ± ")
        return f"{typeset(value)} ± {typeset(error)}"
    if not (found := NUMBER.fullmatch(number)):
        return number
    sign, digits, power, percent = found.groups()
    sign = sign.replace("-", "\N{MINUS SIGN}")
    digits = "∞" if digits.lower() == "inf" else digits
    if power:
        digits += f"\xa0×\xa010{str(int(power)).translate(RAISED)}"
    return f"{sign}{digits}{percent}"
