"""A small table that reads the same in a terminal, a notebook and the book."""

import html
import sys
from collections.abc import Sequence

Cell = str | int | float | bool


class Table:
    """Hold rows of cells under named columns.

    Args:
        columns: the header, one name per column.
        rows: each as long as `columns`.
        formats: a format spec per column name, for example `{"loss": ".4f"}`;
            a column without one is shown with `str`.

    Raises:
        ValueError: a row is not as long as the header, or a format names no
            column.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        formats: dict[str, str] | None = None,
    ) -> None:
        formats = formats or {}
        if unknown := set(formats) - set(columns):
            raise ValueError(
                f"formats for columns that do not exist: {unknown}"
            )
        for number, row in enumerate(rows):
            if len(row) != len(columns):
                raise ValueError(
                    f"row {number} has {len(row)} cells, "
                    f"the header has {len(columns)}: {list(row)!r}"
                )
        self.columns = [str(name) for name in columns]
        specs = [formats.get(name, "") for name in columns]
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
            starts = [
                f"<{tag} class=number>" if number else f"<{tag}>"
                for number in self.is_number
            ]
            return "".join(
                f"{start}{html.escape(cell)}</{tag}>"
                for start, cell in zip(starts, cells, strict=True)
            )

        head = f"<thead><tr>{row(self.columns, 'th')}</tr></thead>"
        body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in self.rows)
        return f"<table>{head}<tbody>{body}</tbody></table>"
