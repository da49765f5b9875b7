import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.language.typography import join_han


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("一。\n二", "一。二"),
        ("一\n  二", "一二"),
        ("一。\n**二**", "一。**二**"),
        ("**一**\n**二**", "**一****二**"),
        ("[一](a.md)\n[二](b.md)", "[一](a.md)[二](b.md)"),
        ("一。\n“二”\n三", "一。“二”三"),
        ("一。\nAdam 是", "一。Adam 是"),
        ("一，\n$x$ 是", "一，$x$ 是"),
        ("一，\n`f` 是", "一，`f` 是"),
        ("一，\n[[a.b]] 个", "一，[[a.b]] 个"),
        ("Adam\n，二", "Adam，二"),
        ("一。\n\x02stash:0\x03\n，二", "一。\x02stash:0\x03，二"),
        ("一……\n二——\n三", "一……二——三"),
        ("一 \n二", "一二"),
        ("一。\n二。\n三。\n", "一。二。三。\n"),
    ],
)
def test_lines_are_joined(text, joined):
    assert join_han(text) == joined


@pytest.mark.parametrize(
    "text",
    [
        "一\nAdam",
        "Adam\n一",
        "`f`\n一",
        "一\n$x$",
        "one\ntwo",
        "One.\nTwo.",
        "一。\n\n二",
        "一。  \n二",
        "一。\\\n二",
        "一。\n- 二",
        "一。\n* 二",
        "一。\n1. 二",
        "一。\n[^1]: 二",
        "一。\n[a]: b.md",
        "一。\n| 二 |",
        "一。\n> 二",
        "# 一 {#a}\n二",
        "`一\n二`",
        "$\\text{一\n二}$",
    ],
)
def test_lines_stay(text):
    assert join_han(text) == text


scraps = st.sampled_from([*"字，。“”a1 *`$[]()|-", "\n", "\n", "  ", "](a)", "[^1]"])


@given(st.lists(scraps, max_size=30).map("".join) | st.text())
def test_joining_takes_only_white_space_away(text):
    joined = join_han(text)
    assert "".join(joined.split()) == "".join(text.split())
    assert joined.count("\n\n") == text.count("\n\n")


@given(st.text("字，。“”—", min_size=1), st.text("字，。“”—", min_size=1))
def test_no_line_end_stays_between_wide_characters(one, two):
    assert join_han(f"{one}\n{two}") == one + two
