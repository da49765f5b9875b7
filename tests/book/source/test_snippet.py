"""Reading percent-format programs, and refusing what is not one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlnotes.book.errors import BookError
from dlnotes.book.source.snippet import read_snippet

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

GOOD = '''\
"""Fit a line.

Then draw it.
"""

# %% imports

import math

# %% [markdown]
# # Title
# Some *text*,
#
#   indented.

# %% fit-2
w = math.pi


@print
def shown():
    # why
    return 1
# %% end
w
'''


def test_a_snippet_is_named_cells(small: SmallBook) -> None:
    path = small.snippet(GOOD, "line")
    snippet = read_snippet(path)
    assert (snippet.name, snippet.path, snippet.source) == ("line", path, GOOD)
    assert snippet.description == "Fit a line.\n\nThen draw it."
    assert [cell.name for cell in snippet.cells] == [
        "imports",
        "[markdown]",
        "fit-2",
        "end",
    ]
    assert [cell.name for cell in snippet.code] == ["imports", "fit-2", "end"]
    assert [(cell.first, cell.source[:6]) for cell in snippet.cells] == [
        (8, "import"),
        (11, "# # Ti"),
        (17, "w = ma"),
        (25, "w"),
    ]
    text = snippet.cells[1]
    assert text.markdown == "# Title\nSome *text*,\n\n  indented."
    assert snippet.cell("imports").source == "import math"
    assert snippet.cell("fit-2").source.endswith("    # why\n    return 1")
    lines = GOOD.split("\n")
    assert all(
        lines[cell.first - 1] == cell.source.split("\n")[0] for cell in snippet.cells
    )


def test_a_line_lies_in_a_cell(small: SmallBook) -> None:
    snippet = read_snippet(small.snippet(GOOD))
    found = {line: cell.name for line in (8, 17, 20, 25) if (cell := snippet.at(line))}
    assert found == {8: "imports", 17: "fit-2", 20: "fit-2", 25: "end"}
    assert snippet.at(2) is None


def test_code_by_cell_is_free_of_comments_and_layout(small: SmallBook) -> None:
    known = read_snippet(small.snippet(GOOD)).code_by_cell()
    other = GOOD.replace("# why", "# another").replace("w = math.pi", "w  =  (math.pi)")
    other = other.replace("Then draw it.", "And more.").replace("# # Title", "# text")
    assert read_snippet(small.snippet(other)).code_by_cell() == known
    assert list(known) == ["imports", "fit-2", "end"]
    other = GOOD.replace("return 1", "return 2")
    found = read_snippet(small.snippet(other)).code_by_cell()
    assert [name for name in known if known[name] != found[name]] == ["fit-2"]


def test_the_text_or_number_that_a_cell_shows_is_code(small: SmallBook) -> None:
    def code(text: str) -> str:
        return read_snippet(small.snippet(f"# %% all\n{text}\n")).code_by_cell()["all"]

    assert code('"one"') != code('"two"')
    assert code("1") != code("2")
    assert code("1") != code("1.0")
    assert code("u'a'") == code("'a'")
    assert code('def f():\n    """One."""') == code('def f():\n    """Two."""')


def test_a_text_in_the_first_cell_is_no_description(small: SmallBook) -> None:
    assert read_snippet(small.snippet('# %% all\n"text"\n')).description == ""
    assert read_snippet(small.snippet("# %% all\n")).description == ""


def test_a_missing_cell_is_told_with_those_there_are(small: SmallBook) -> None:
    snippet = read_snippet(small.snippet(GOOD, "line"))
    with pytest.raises(BookError) as caught:
        snippet.cell("fit")
    message = "snippet line has no cell 'fit'; it has imports, fit-2, end"
    assert str(caught.value) == message


NAMES = "write '# %% name' with lower-case letters, digits and hyphens"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\n", 1, "no cell: a snippet needs at least one line '# %% name'"),
        ("", 1, "no cell: a snippet needs at least one line '# %% name'"),
        ("# %%\nx = 1\n", 1, f"cell name '': {NAMES}"),
        ("# %% a\n# %%   \n", 2, f"cell name '': {NAMES}"),
        ("# %% Fit\n", 1, f"cell name 'Fit': {NAMES}"),
        ("# %% two words\n", 1, f"cell name 'two words': {NAMES}"),
        ("# %% a_b\n", 1, f"cell name 'a_b': {NAMES}"),
        ("# %% 1a\n", 1, f"cell name '1a': {NAMES}"),
        (f"# %% {'a' * 65}\n", 1, f"cell name '{'a' * 65}': {NAMES}"),
        ("# %% a [markdown]\n", 1, f"cell name 'a [markdown]': {NAMES}"),
        ("# %% a\n#%% b\n", 2, f"cell name '#%% b': {NAMES}"),
        ("# %% a\n# %%b\n", 2, f"cell name '# %%b': {NAMES}"),
        ("# %% a\n\n# %% b\n# %% a\n", 4, "cell name 'a' is taken by line 1"),
        (
            '"""Text."""\nimport os\n# %% a\n',
            2,
            "code before the first cell: put it below a line '# %% name'",
        ),
        (
            "@print\ndef f():\n    pass\n# %% a\n",
            1,
            "code before the first cell: put it below a line '# %% name'",
        ),
        ("# %% a\nx = 1\ny = (\n", 3, "not valid Python: '(' was never closed"),
        (
            "# %% a\nx = '''\n# %% b\n'''\n",
            3,
            "a cell starts inside a statement or text",
        ),
        ('"""\n# %% a\n"""\n', 2, "a cell starts inside a statement or text"),
        ("# %% a\nif True:\n    x = 1\n# %% b\n    y = 1\n", 4, "a cell starts inside"),
        ("# %% a\n@print\n# %% b\ndef f(): pass\n", 3, "a cell starts inside"),
        (
            "# %% a\n# %% [markdown]\n# text\nx = 1\n",
            4,
            "code in a text cell: write text as comments, code below '# %% name'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    small: SmallBook, text: str, line: int, message: str
) -> None:
    path = small.root / "snippets" / "bad.py"
    path.write_text(text)
    with pytest.raises(BookError) as caught:
        read_snippet(path)
    assert str(caught.value).startswith(f"{path}:{line}: {message}")
    assert (caught.value.path, caught.value.line) == (path, line)


def test_any_text_cell_may_come_first_and_twice(small: SmallBook) -> None:
    text = "# %% [markdown]\n# One\n# %% a\n1\n# %% [markdown]\n# Two\n"
    snippet = read_snippet(small.snippet(text))
    assert [cell.markdown for cell in snippet.cells if cell.is_markdown] == [
        "One",
        "Two",
    ]


def test_lines_are_counted_as_python_counts_them(small: SmallBook) -> None:
    snippet = read_snippet(small.snippet('# %% a\nx = "\u2028\x0c"\n# %% b\ny = 1\n'))
    assert [(cell.first, cell.source) for cell in snippet.cells] == [
        (2, 'x = "\u2028\x0c"'),
        (4, "y = 1"),
    ]
