import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.errors import BookError
from dlnotes.book.html.results import KINDS
from dlnotes.book.pages.directive import TAKES, parse_directive
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.exhibits import EXHIBITS


def read(text):
    return parse_directive(text)


def test_source_names_a_symbol():
    found = read("@source dlnotes.vision.resnet.Residual.forward\n")
    assert (found.kind, found.target) == (
        "source",
        "dlnotes.vision.resnet.Residual.forward",
    )
    assert (found.cell, found.marks, found.caption) == (None, (), "")


@pytest.mark.parametrize("kind", ["code", "run", "figure", "log", "table"])
def test_cell_caption_and_indentation(kind):
    found = read(f"    @{kind} linear_regression#solution-1  损失 $L$ 与 `w`。 \r\n")
    assert (found.kind, found.target) == (kind, "linear_regression")
    assert found.cell == "solution-1"
    assert found.caption == "损失 $L$ 与 `w`。"


def test_marks_stand_between_reference_and_caption():
    found = read(r'@code a#b mark="x = \"y\"" mark="return w" A caption, mark it.')
    assert found.marks == ('x = "y"', "return w")
    assert found.caption == "A caption, mark it."


def test_runs_stands_alone():
    found = read("@runs\n")
    assert (found.kind, found.target, found.cell) == ("runs", "", None)


@pytest.mark.parametrize(
    "text",
    ["", "text @run a#b", "mail me@run.org", "@ b", "`@property`", "@3", "\n"],
)
def test_prose_is_no_directive(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@foo a#b", "unknown directive @foo; the known ones are @source, @code"),
        ("@property", "unknown directive @property"),
        ("@source", "@source names no target; write @source dlnotes.module.symbol"),
        ("@figure ", "@figure names no target; write @figure snippet#cell"),
        ('@code mark="x"', "@code names no target"),
        ("@run(a#b)", "@run names no target"),
        ("@run linear", "'linear' names no cell; write @run snippet#cell"),
        ("@log linear#Train", "'linear#Train' is no reference to a cell; write @log"),
        ("@table a.b#c", "'a.b#c' is no reference to a cell"),
        ("@source dlnotes.a#b", "@source shows a symbol, not the cell 'dlnotes.a#b'"),
        ("@source fit", "'fit' is no dotted name"),
        ("@source dlnotes..fit", "'dlnotes..fit' is no dotted name"),
        ("@runs all", "@runs stands alone, without 'all'"),
        ('@code a#b mark="x', 'malformed mark; write mark="text of the line"'),
        ("@code a#b mark=x", "malformed mark"),
        ('@code a#b mark = "x"', "malformed mark"),
        ('@code a#b mark="x"y', "malformed mark"),
        ('@code a#b mark=""', "malformed mark"),
        ("@code a#b mark=“x”", "malformed mark"),
    ],
)
def test_errors_name_file_and_line(text, message):
    with pytest.raises(BookError) as caught:
        read(text)
    assert str(caught.value).startswith(message)
    _, errors = scan("\n" * 6 + text, "en/x.md")
    assert str(errors[0]).startswith(f"en/x.md:7: {message}")


words = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))


@given(st.lists(words.filter(bool), max_size=3))
def test_any_mark_can_be_written(marks):
    quoted = [mark.replace("\\", "\\\\").replace('"', '\\"') for mark in marks]
    text = "@run a#b" + "".join(f' mark="{mark}"' for mark in quoted) + " caption"
    found = read(text)
    assert found.marks == tuple(marks)
    assert found.caption == "caption"


@given(st.sampled_from([*TAKES, "foo", ""]), words)
def test_any_line_is_a_directive_or_prose_or_an_error(kind, rest):
    text = f"@{kind}{rest}"
    try:
        found = read(text)
    except BookError as error:
        found = error
    assert found is not None or not kind


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BookError("m", "p", 3), "p:3: m"),
        (BookError("m", "p"), "p: m"),
        (BookError("m", None, 3), "line 3: m"),
        (BookError("m"), "m"),
    ],
)
def test_error_text(error, text):
    assert str(error) == text


def test_what_may_be_written_is_what_can_be_shown():
    assert TAKES.keys() == EXHIBITS.keys()
    assert KINDS.keys() < TAKES.keys()
