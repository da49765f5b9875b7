from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.language.typography import check

SAMPLES = Path(__file__).parent / "samples"
CHINESE = (SAMPLES / "typography.zh.md").read_text("utf-8")

ENGLISH = (SAMPLES / "typography.en.md").read_text("utf-8")


def faults(text):
    return [str(error) for error in check(text, "zh", "zh.md")]


def test_good_chinese_is_left_alone():
    assert faults(CHINESE) == []


MISSING = "missing space between Han and Latin"
HALF = "half-width punctuation beside Han"
PARENTHESIS = "half-width parenthesis beside Han"
QUOTE = "straight quote beside Han"
DOTS = "dots instead of ……"
WIDE = "space beside full-width punctuation"
CITED = "citation not as （Lee 等人，2016）"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("学习率η", MISSING),
        ("共100", MISSING),
        ("Adam的", MISSING),
        ("5%的", MISSING),
        ("C++的", MISSING),
        ("函数`fit`", MISSING),
        ("`fit`函数", MISSING),
        ("权重$w$", MISSING),
        ("$w$是", MISSING),
        ("误差[[a.b:.2f]]", MISSING),
        ("[[a.b]]轮", MISSING),
        ("**词**Adam", MISSING),
        ("**Adam**是", MISSING),
        ("见[感知机](a.md)A", MISSING),
        ("见[`f`](a.md)", MISSING),
        ("<https://x.org>是", MISSING),
        ("β₁是", MISSING),
        ("（Lee 等人 2016）", CITED),
        ("（Higham 2002；另见第 3 章）", CITED),
        ("（Srivastava 等，2014）", CITED),
        ("好,", HALF),
        ("好.", HALF),
        ("注:", HALF),
        ("吗?", HALF),
        ("**注意**:", HALF),
        ("（好）,", HALF),
        ("Adam,然后", HALF),
        ("感知机(perceptron)", PARENTHESIS),
        ("感知机 (perceptron)", PARENTHESIS),
        ("(好", PARENTHESIS),
        ("f (x)是", PARENTHESIS),
        ('说"', QUOTE),
        ('"好', QUOTE),
        ("'好", QUOTE),
        ('。"', QUOTE),
        ("等等...", DOTS),
        ("等等。。。", DOTS),
        ("... 好", DOTS),
        ("好--", "-- beside Han instead of ——"),
        ("好 ，", WIDE),
        ("好， 坏", WIDE),
        ("Adam ，", WIDE),
        ("， Adam", WIDE),
        ("**注意：** 好", WIDE),
        ("好 ——坏", WIDE),
        ("好 “坏", WIDE),
        ("好  坏", "double space"),
        ("Adam  SGD", "double space"),
        ("- 好  坏", "double space"),
    ],
)
def test_faults_are_found_wherever_text_stands(text, message):
    for line, page in (
        (1, text),
        (2, f"一行。\n{text}"),
        (1, f"# {text} {{#a}}"),
        (1, f"@figure a#b {text}"),
        (3, f"| 甲 |\n|---|\n| {text} |"),
        (3, f"- 一项，\n\n  {text}\n"),
    ):
        found = faults(page)
        assert found
        assert found[0].startswith(f"zh.md:{line}: {message}: ")


def test_messages_quote_the_place():
    text = "很长很长很长很长很长的一段话，学习率$w$ 太大，后面也很长很长很长。"
    assert faults(text) == [f"zh.md:1: {MISSING}: 长很长的一段话，学习率$w$ 太大，后面"]


def test_titles_and_front_matter():
    page = '---\ntitle: 感知机cell\ndescription: 好,坏\n---\n\n!!! note "题,目"\n'
    assert faults(page) == [
        f"zh.md:2: {MISSING}: 感知机cell",
        f"zh.md:3: {HALF}: 好,坏",
        f"zh.md:6: {HALF}: 题,目",
    ]


def test_bad_front_matter_is_an_error_not_a_crash():
    (found,) = faults("---\ntitle: [\n---\n")
    assert found.startswith("zh.md:3: front matter is not YAML: ")


@given(
    st.text()
    | st.lists(st.sampled_from('字，,.(）"a1 *`$[]\n|-'), max_size=30).map("".join)
)
def test_checks_take_any_text(text):
    last = text.count("\n") + 1
    for error in [*check(text, "zh", "p"), *check(text, "en", "p")]:
        assert 1 <= error.line <= last


def test_good_english_is_left_alone():
    assert check(ENGLISH, "en", "en.md") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("So， what", "full-width punctuation in English: So， what"),
        ("(like this）", "full-width punctuation in English"),
        ("a\u3000b", "full-width punctuation in English"),
        ("End.  Next", "double space: End.  Next"),
        ("a -- b", "-- instead of a dash: a -- b"),
        ("a--b", "-- instead of a dash"),
    ],
)
def test_faults_of_english(text, message):
    (found,) = check(f"Good.\n{text}\n", "en", "en.md")
    assert str(found).startswith(f"en.md:2: {message}")
