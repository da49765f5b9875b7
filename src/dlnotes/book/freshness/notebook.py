"""Write a run as an ordinary notebook."""

from collections.abc import Callable
from typing import Any

from dlnotes.book.source.snippet import Snippet

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def _text(source: str, ident: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": ident, "metadata": {}, "source": source}


def _code(
    source: str, ident: str, number: int | None, outputs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": ident,
        "execution_count": number,
        "metadata": {},
        "source": source,
        "outputs": outputs,
    }


def notebook(
    snippet: Snippet,
    outputs: Callable[[str], list[dict[str, Any]]],
    *,
    source: Callable[[str], str] = str,
    heading: str = "",
    first: str = "",
) -> dict[str, Any]:
    """Return a snippet as a notebook of nbformat 4.5.

    Args:
        snippet: its cells become the notebook's, each under its name.
        outputs: cell name -> its outputs.
        source: turns a cell's code into what the notebook shows.
        heading: Markdown that opens the notebook; the description by default.
        first: code that runs before the snippet's; there is no such cell by default.
    """
    cells = [_text(heading or f"# {snippet.name}\n\n{snippet.description}", "_title")]
    if first:
        cells.append(_code(first, "_first", None, []))
    for number, cell in enumerate(snippet.cells, 1):
        if cell.is_markdown:
            cells.append(_text(cell.markdown, f"_text-{number}"))
        else:
            code = source(cell.source)
            cells.append(_code(code, cell.name, number, outputs(cell.name)))
    return {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def executed_notebook(snippet: Snippet, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the notebook of a run just finished.

    Args:
        snippet: the one that ran.
        cells: name and outputs of each of its cells.
    """
    outputs = {cell["name"]: cell["outputs"] for cell in cells}
    return notebook(snippet, lambda name: outputs[name])
