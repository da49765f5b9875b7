"""A run as an ordinary notebook."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import nbformat
import pytest

from dlnotes.book.freshness.notebook import executed_notebook, notebook

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

TEXT = '''\
"""Fit a line."""

# %% [markdown]
# Some *text*.

# %% title
x = 1  # why

# %% text-1
print(x)
'''
STREAM = {"output_type": "stream", "name": "stdout", "text": "1\n"}
FIGURE = {
    "output_type": "display_data",
    "data": {"image/svg+xml": "<svg/>", "text/plain": "figure"},
    "metadata": {},
}


def validate(found: dict) -> None:
    """Validate a notebook; a repaired or dubious one fails too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(nbformat.from_dict(found))


def test_an_executed_notebook_is_valid_and_complete(small: SmallBook) -> None:
    small.snippet(TEXT)
    cells = [
        {"name": "title", "outputs": [], "seconds": 0.1},
        {"name": "text-1", "outputs": [STREAM, FIGURE], "seconds": 0.2},
    ]
    found = executed_notebook(small.read(), cells)
    validate(found)
    kinds = [(cell["cell_type"], cell["source"]) for cell in found["cells"]]
    assert kinds == [
        ("markdown", "# one\n\nFit a line."),
        ("markdown", "Some *text*."),
        ("code", "x = 1  # why"),
        ("code", "print(x)"),
    ]
    assert found["cells"][3]["outputs"] == [STREAM, FIGURE]
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    assert found["metadata"]["kernelspec"]["name"] == "python3"


def test_no_cell_name_collides_with_a_text_cell(small: SmallBook) -> None:
    small.snippet(TEXT)
    found = notebook(small.read(), lambda name: [])
    idents = [cell["id"] for cell in found["cells"]]
    assert len(set(idents)) == 4
    assert idents[2:] == ["title", "text-1"]


def test_source_and_heading_can_be_replaced(small: SmallBook) -> None:
    small.snippet(TEXT)
    found = notebook(
        small.read(), lambda name: [], source=str.upper, heading="# 标题\n\n[en](../en)"
    )
    validate(found)
    assert found["cells"][0]["source"] == "# 标题\n\n[en](../en)"
    assert found["cells"][2]["source"] == "X = 1  # WHY"


def test_code_can_run_before_the_snippet(small: SmallBook) -> None:
    small.snippet(TEXT)
    found = notebook(small.read(), lambda name: [], first="%pip install x")
    validate(found)
    kinds = [cell["cell_type"] for cell in found["cells"]]
    assert kinds == ["markdown", "code", "markdown", "code", "code"]
    assert found["cells"][1]["source"] == "%pip install x"
    assert found["cells"][1]["execution_count"] is None


def test_outputs_are_asked_for_by_cell(small: SmallBook) -> None:
    small.snippet(TEXT)
    asked: list[str] = []
    notebook(small.read(), lambda name: asked.append(name) or [])
    assert asked == ["title", "text-1"]
    with pytest.raises(KeyError, match="text-1"):
        executed_notebook(small.read(), [{"name": "title", "outputs": []}])


def test_the_longest_name_of_a_cell_is_valid(small: SmallBook) -> None:
    small.snippet(f"# %% {'a' * 64}\nx = 1\n")
    found = notebook(small.read(), lambda name: [])
    validate(found)
    assert found["cells"][1]["id"] == "a" * 64
