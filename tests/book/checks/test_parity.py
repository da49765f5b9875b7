from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import (
    Text,
    compare,
    different,
    prose_pairs,
    side_by_side,
    twins,
)
from dlnotes.book.pages.page import scan
from dlnotes.book.pages.spine import PROSE, spine

SAMPLES = Path(__file__).parent / "samples"
EN = (SAMPLES / "spine.en.md").read_text("utf-8")

ZH = (SAMPLES / "spine.zh.md").read_text("utf-8")


def differences(en, zh):
    return [str(error) for error in compare(en, zh, "en.md", "zh.md")]


def test_spine_in_order():
    items = [item for item in spine(scan(EN)[0]) if item.kind not in PROSE]
    assert [item.label for item in items] == [
        "concepts: linear-regression, mse",
        "# {#linear-regression}",
        "link https://x.org",
        "[[lin.loss:.2f]] [[lin.w:.3f]] in {#linear-regression}",
        "## {#maths}",
        r"$$ L = \frac{1}{n}\sum_i (y_i - \hat y_i)^2 "
        r"\quad\text{for every {$w$} and $b$} $$",
        '@source dlnotes.linear.fit mark="w -= rate"',
        "!!! warning",
        "link #linear-regression",
        "note 1",
        "@figure linear#loss",
        "table of 1 x 2",
        "```python w = 1",
        "??? success",
        "@run lin_exercises#solution-1",
        "note 1",
        "[[lin.epochs]] [[lin.error:.1e]] in {#maths}",
    ]


def test_two_originals_with_one_spine():
    assert differences(EN, ZH) == []
    assert side_by_side(EN, ZH) == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{#maths}", "{#math}", "zh.md:11: ## {#math}, but en.md:11 has ## {#maths}"),
        ("## 数", "### 数", "zh.md:11: ### {#maths}, but en.md:11 has ## {#maths}"),
        ("@run", "@log", "zh.md:36: @log lin_exercises#solution-1, but en.md:35"),
        (' mark="w -= rate"', "", "zh.md:18: @source dlnotes.linear.fit, but en.md:17"),
        ("[^1]。", "。", "en.md:21: zh.md lacks note 1"),
        ("https://x.org", "https://y.org", "zh.md:8: link https://y.org, but en.md:9"),
        ("x.org)", "x.org)[b](c.md)", "zh.md:8: en.md lacks link c.md"),
        ("!!! warning", "??? warning", "zh.md:20: ??? warning, but en.md:19 has !!! w"),
        ("w = 1\n", "w = 1\nb = 2\n", "zh.md:30: ```python w = 1 differs from the one"),
        ("|\n\n```", "|\n| 新 | 1 |\n\n```", "zh.md:26: table of 2 x 2, but en.md:25"),
        ("-\\hat y_i", "+\\hat y_i", "zh.md:13: $$ L = \\frac{1}{n} \\sum_i (y_i+"),
        (
            ", mse]",
            "]",
            "zh.md:1: concepts: linear-regression, but en.md:1 has concepts",
        ),
        ("[[lin.w:.3f]]", "0.5", "zh.md:6: values differ from en.md:6: lacks [[lin.w"),
        ("[[lin.w:.3f]]", "[[lin.w:.2f]]", "lacks [[lin.w:.3f]], has [[lin.w:.2f]] be"),
    ],
)
def test_a_difference_names_both_places(old, new, message):
    assert old in ZH
    found = differences(EN, ZH.replace(old, new))
    assert len(found) == 1
    assert message in found[0]


def test_a_figure_whose_caption_slipped_to_the_next_line():
    text = ZH.replace("@figure linear#loss 损", "@figure linear#loss\n损")
    found = [*different(None, None, Text("zh", "a.md", text, EN))]
    assert str(found[0]).startswith("docs/zh/a.md:24: @figure without a caption")
    assert len(found) == 2


def test_a_paragraph_too_many_or_too_few():
    assert differences("# A {#a}\n\nOne.\n\nTwo.\n", "# A {#a}\n\n一。\n") == [
        "en.md:5: zh.md lacks paragraph “Two.…”"
    ]
    assert differences("# A {#a}\n\nOne.\n", "# A {#a}\n\n一。\n\n二。\n") == [
        "zh.md:5: en.md lacks paragraph “二。…”"
    ]


def test_a_list_item_is_no_paragraph():
    assert differences("- One.\n- Two.\n", "- 一。\n\n二。\n") == [
        "zh.md:3: paragraph “二。…”, but en.md:2 has item “- Two.…”"
    ]


def test_paragraphs_and_items_are_paired_as_far_as_the_spines_agree():
    en = "# A {#a}\n\nOne.\n\n- Two.\n- Three.\n\n## B {#b}\n\nFour.\n"
    zh = "# A {#a}\n\n一。\n\n- 二。\n\n## B {#b}\n\n四。\n"
    pairs = [
        (mine.text.strip(), twin.text.strip())
        for mine, twin in prose_pairs(scan(en)[0], scan(zh)[0])
        if mine.kind in PROSE
    ]
    assert pairs == [("One.", "一。"), ("- Two.", "- 二。"), ("Four.", "四。")]


def test_a_whole_section_too_few():
    zh = ZH[: ZH.index("??? success")] + ZH[ZH.index("[^1]: ") :]
    assert differences(EN, zh) == [
        "en.md:33: zh.md lacks ??? success",
        "en.md:35: zh.md lacks @run lin_exercises#solution-1",
    ]


def test_text_of_equations_may_differ_but_not_names_of_functions():
    en = "$$\n\\mathrm{softmax}(x) \\text{ if \\{a\\}}\n$$\n"
    assert not differences(en, en.replace(" if ", "若"))
    assert differences(en, en.replace("soft", "hard"))


def test_values_in_code_are_not_values():
    assert not differences("# A {#a}\n\n`[[a.b]]`\n", "# A {#a}\n\n`[[c.d]]`\n")


def test_side_by_side_shows_the_difference_with_context():
    zh = ZH.replace("@figure linear#loss 损", "@log linear#loss 损")
    shown = side_by_side(EN, zh.replace('??? success "解答"\n', ""), 64)
    assert shown.splitlines() == [
        "  21 link #linear-regression       22 link #linear-regression",
        "  21 note 1                        22 note 1",
        "  23 @figure linear#loss       |   24 @log linear#loss",
        "  25 table of 1 x 2                26 table of 1 x 2",
        "  29 ```python w = 1               30 ```python w = 1",
        "  33 ??? success               <",
        "  35 @run lin_exercises#soluti     35 @run lin_exercises#soluti",
        "  37 paragraph “[^1]: A footno     37 paragraph “[^1]: 脚注。…”",
    ]


def test_side_by_side_leaves_out_what_agrees():
    same = "".join(f"!!! box{i}\n" for i in range(9))
    shown = side_by_side(f"@run a#b\n{same}", f"{same}@run 很#b\n", 41)
    assert shown.splitlines() == [
        "   1 @run a#b       <",
        "   2 !!! box0            1 !!! box0",
        "   3 !!! box1            2 !!! box1",
        "...",
        "   9 !!! box7            8 !!! box7",
        "  10 !!! box8            9 !!! box8",
        "                    >   10 @run 很#b",
    ]


def test_side_by_side_counts_wide_characters_twice():
    shown = side_by_side("@source 很长.的目的地", "@source a.b", 35)
    assert shown == "   1 @source 很 |    1 @source a.b"


lines = st.sampled_from(
    ["# A {#a}", "@run a#b", "$$\nx\n$$", "", "[a](b)", "[[a.b]]", "!!! note", "text"]
)


@given(st.lists(lines, max_size=8), st.lists(lines, max_size=8))
def test_pages_differ_when_their_spines_do(en, zh):
    en, zh = "\n\n".join(en), "\n\n".join(zh)
    ours, theirs = (
        [item.identity for item in spine(scan(text)[0])] for text in (en, zh)
    )
    assert (differences(en, zh) == []) == (ours == theirs)
    assert (side_by_side(en, zh) == "") == (ours == theirs)


def test_pages_without_a_twin(tmp_path):
    for name in ("en/a.md", "en/f/b.md", "zh/f/b.md", "zh/c.md", "zh/x.txt"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [str(error) for error in twins(Book(tmp_path), None, {})] == [
        "docs/en/a.md:1: has no twin docs/zh/a.md",
        "docs/zh/c.md:1: has no twin docs/en/c.md",
    ]


def test_modules_of_the_api_page_are_part_of_the_spine():
    assert [item.label for item in spine(scan("::: dlnotes.losses\n")[0])] == [
        "::: dlnotes.losses"
    ]
    assert len(differences("::: dlnotes.losses\n", "::: dlnotes.optim\n")) == 1
