"""Formulas: TeX to MathML, what is wrong with it, and the font that shows it."""

import io
import unicodedata

import pytest
from fontTools.ttLib import TTFont

from dlnotes.book.errors import BookError
from dlnotes.book.html.maths import characters, subset_font, to_mathml


def test_formulas_are_mathml_inline_and_displayed() -> None:
    assert to_mathml("w_1", display=False) == (
        "<math><msub><mi>w</mi><mn>1</mn></msub></math>"
    )
    assert to_mathml("w", display=True).startswith('<math display="block">')


def test_signs_of_html_are_escaped() -> None:
    mathml = to_mathml(r"a < b \& \text{<script>}", display=False)
    assert "<script" not in mathml
    assert "<mo>&lt;</mo>" in mathml
    assert "&amp;" in mathml


def test_converting_one_formula_does_not_change_the_next() -> None:
    before = to_mathml(r"\frac{1}{2}", display=False)
    to_mathml.cache_clear()
    with pytest.raises(BookError):
        to_mathml(r"\bad", display=False)
    to_mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    assert to_mathml(r"\frac{1}{2}", display=False) == before


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\nope", r'formula `\nope`: Unknown command "\nope".'),
        (
            "x + {",
            'formula `x + {`: Expected closing token "}", but reached end of input.',
        ),
        (r"\frac{1}", r"formula `\frac{1}`: Expected argument"),
        ("\\begin{aligned}\na &= b\n", "formula `"),
        ("a" * 50 + r"\nope" + "b" * 50, f"formula `{'a' * 20}\\nope{'b' * 15}`: "),
        (r"\text{损失" + "一" * 40 + r"} \nope", "formula `"),
    ],
)
def test_a_wrong_formula_is_told_by_its_part(tex: str, message: str) -> None:
    with pytest.raises(BookError) as caught:
        to_mathml(tex, display=False)
    assert str(caught.value).startswith(message)
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_characters_of_formulas_are_those_that_a_reader_sees() -> None:
    shown = characters(['<math display="block"><mi>η</mi><mo>&lt;</mo></math>'])
    assert shown == {"η", "<"}


SHOWN = ["η", "∂", "h", "L", "R", "x", "α"]


@pytest.fixture(scope="module")
def font() -> bytes:
    """A font of what is SHOWN; to cut one takes a second."""
    return subset_font({*SHOWN})


@pytest.fixture(scope="module")
def in_font(font: bytes) -> set[str]:
    return set(map(chr, TTFont(io.BytesIO(font)).getBestCmap()))


def test_the_font_holds_what_is_shown_and_little_more(
    font: bytes, in_font: set[str]
) -> None:
    assert {*SHOWN, "=", "+", "0", "a", "−", "∑"} <= in_font
    assert {"ω", "⊗", "ℵ"} & in_font == set()
    assert len(font) < 60_000
    assert font[:4] == b"wOF2"


@pytest.mark.parametrize("letter", ["x", "L", "α", "∂"])
def test_the_font_holds_the_italic_form_of_a_letter_and_no_other(
    letter: str, in_font: set[str]
) -> None:
    names = [
        unicodedata.name(c)
        for c in in_font - {letter}
        if unicodedata.normalize("NFKC", c) == letter
    ]
    assert len(names) == 1
    assert names[0].startswith("MATHEMATICAL ITALIC ")


def test_the_italic_h_is_a_character_of_its_own(in_font: set[str]) -> None:
    assert "\N{PLANCK CONSTANT}" in in_font


def test_the_same_characters_give_the_same_font(font: bytes) -> None:
    assert subset_font({*reversed(SHOWN)}) == font
