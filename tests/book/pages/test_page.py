import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.errors import BookError
from dlnotes.book.pages.page import front_matter, prose, scan

SAMPLES = Path(__file__).parent / "samples"
PAGE = (SAMPLES / "page.md").read_text("utf-8")

SCRAPS = """--- ``` ```` ~~~ $$ $ !!!_note ???_tip ??? #_ # {#a} @run_a#b @foo -_ 1._
<div> <!-- --> <pre> </pre> == [[a]] [[a.b]] word ____ | |--| " :"""
BLANKS = ["\n", "\n\n", "\t", "\r", "\x0b", "\u2028"]
scraps = st.sampled_from(
    [*(scrap.replace("_", " ") for scrap in SCRAPS.split()), *BLANKS]
)
texts = st.lists(scraps, max_size=30).map("".join) | st.text()


@given(texts)
def test_any_text_is_cut_without_loss(text):
    blocks, errors = scan(text, "p.md")
    assert "".join(block.text for block in blocks) == text
    line = 1
    for block in blocks:
        assert block.line == line
        assert block.text.startswith(block.indent)
        line += len(block.lines)
    assert all(error.path == "p.md" and 1 <= error.line < line for error in errors)


def test_blocks_of_a_page():
    blocks = [block for block in scan(PAGE)[0] if block.kind != "blank"]
    assert [(block.kind, block.line) for block in blocks] == [
        ("front-matter", 1),
        ("heading", 6),
        ("paragraph", 8),
        ("item", 10),
        ("item", 12),
        ("directive", 14),
        ("equation", 16),
        ("table", 20),
        ("admonition", 25),
        ("paragraph", 27),
        ("directive", 29),
        ("fence", 31),
        ("admonition", 38),
        ("paragraph", 39),
        ("html", 41),
        ("html", 45),
        ("paragraph", 48),
    ]


def find(kind, text=PAGE):
    return next(block for block in scan(text)[0] if block.kind == kind)


def test_fields_of_blocks():
    heading = find("heading")
    assert (heading.level, heading.ident) == (1, "linear-regression")
    assert heading.title == "Linear *regression*"
    assert find("equation").tex == r"\hat y = wx"
    assert (find("table").rows, find("table").columns) == (2, 3)
    box = find("admonition")
    assert (box.info, box.type, box.title) == ("!!!", "note", "A title")
    fence = find("fence")
    assert (fence.info, fence.indent) == ('python title="x"', "    ")
    assert fence.content == '@decorator\ndef f():\n\n    return "$$"\n'
    assert find("directive").line == 14


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# A $x$ {#a}\n", "A $x$"),
        ('??? tip inline "B"\n', "B"),
        ("@figure a#b C `d`\n", "C `d`"),
        ("- item\n  more\n", "- item\n  more\n"),
        ("```\ncode\n```\n", ""),
        ("$$\nx\n$$\n", ""),
    ],
)
def test_prose(text, words):
    (block,) = scan(text)[0]
    assert prose(block) == words


def test_one_line_equation_and_indented_ones():
    assert find("equation", "$$ x = 1 $$\n").tex == "x = 1"
    block = find("equation", "    $$\n    x\n    $$\n")
    assert (block.tex, block.indent) == ("x", "    ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n```python\nx\n", "3: fence is never closed by ```, equally indented"),
        ("    ```\n    x\nout\n", "1: fence is never closed by ```"),
        ("~~~\n```\n", "1: fence is never closed by ~~~"),
        ("a\n\n$$\nx\n\ny\n", "3: equation is never closed: no line $$ before"),
        ("$$\nx", "1: equation is never closed"),
        ("a $$x$$ b", "1: $$ must stand on a line of its own"),
        ("$$ x $$ b", "1: $$ must stand on a line of its own"),
        ("a\nb $x $ c", r"2: $ is no part of a formula; for a dollar write \$"),
        ("# Title\n", "1: heading without an explicit {#id}: Title"),
        ("x\n\n## A {.x}\n", "3: heading without an explicit {#id}: A {.x}"),
        ("Title\n=====\n", "1: underlined heading; write ## Title {#id}"),
        ("# A {#a}\n\n## B {#a}\n", "3: {#a} is taken by line 1"),
        ("!!! note “题”\n", '1: malformed admonition; write !!! type "Title"'),
        ("---\na: b\n", "1: front matter is never closed by ---"),
        ("<!-- y\n\nz\n", "1: HTML is never closed by -->"),
        ("<script>\nx\n", "1: HTML is never closed by </script>"),
        ("a\n@foo b\n", "2: unknown directive @foo; the known ones are"),
        ("a\nb [[lin]] c", "2: [[lin]] is not [[snippet.variable:format]]"),
        ("$w = [[lin w]]$", "1: [[lin w]] is not"),
        ("`[[lin]]` and [[0, 1]]", None),
        ("`$x` costs \\$5 at a@b.c", None),
    ],
)
def test_errors(text, message):
    errors = scan(text, "en/p.md")[1]
    if message is None:
        assert errors == []
        return
    assert len(errors) == 1
    assert str(errors[0]).startswith(f"en/p.md:{message}")
    with pytest.raises(BookError, match=re.escape(str(errors[0]))):
        raise scan(text, "en/p.md")[1][0]


def test_all_errors_are_found_in_order():
    text = "# A\n\n@foo\n\n# B {#b}\n\n# C {#b}\n\n```\n"
    assert [error.line for error in scan(text)[1]] == [1, 3, 7, 9]


def test_code_hides_what_looks_like_markdown():
    text = "```\n# x\n@foo\n$$\n!!!\n```\n\n<pre>\n\n# y\n</pre>\n"
    assert [b.kind for b in scan(text)[0]] == ["fence", "blank", "html"]


def test_windows_line_ends():
    text = PAGE.replace("\n", "\r\n")
    assert "".join(block.text for block in scan(text)[0]) == text
    assert [b.kind for b in scan(text)[0]] == [b.kind for b in scan(PAGE)[0]]
    assert find("heading", text).title == find("heading").title


def test_front_matter():
    assert front_matter(scan(PAGE)[0]) == {
        "title": "Linear regression",
        "concepts": ["linear-regression", "mse"],
    }
    assert front_matter(scan("text")[0]) == {}
    assert front_matter(scan("---\n---\n")[0]) == {}


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("title: x\nb: [1\n", "zh/p.md:4: front matter is not YAML: "),
        ("just text\n", "zh/p.md:1: front matter is not made of key: value lines"),
    ],
)
def test_bad_front_matter(yaml, message):
    with pytest.raises(BookError) as caught:
        front_matter(scan(f"---\n{yaml}---\n")[0], "zh/p.md")
    assert str(caught.value).startswith(message)
