import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.locales.characters import LATIN, NEUTRAL
from dlnotes.book.pages.inline import VALUE, inline, values, visible

SCRAPS = r"""$ $$ \$ \\ ` `` [ ] ![ ]( ) ( [[a.b:.2f]] [[ ]] [^1] ]: < > <b> </b> <!--
--> {#i} ** _ * 字 。 a 1 | http://x.y : " """
scraps = st.sampled_from([*SCRAPS.split(), " ", "\n"])
texts = st.lists(scraps, max_size=25).map("".join) | st.text()


def cut(text):
    return [(piece.kind, piece.content) for piece in inline(text)]


def special(text):
    return [pair for pair in cut(text) if pair[0] != "text"]


@given(texts)
def test_pieces_joined_are_the_text(text):
    pieces = list(inline(text))
    assert "".join(piece.raw for piece in pieces) == text
    assert all(text.startswith(piece.raw, piece.start) for piece in pieces)


def test_kinds():
    text = "The $w$ of `fit`, [[lin.w:.3f]]."
    assert cut(text) == [
        ("text", "The "),
        ("math", "w"),
        ("text", " of "),
        ("code", "fit"),
        ("text", ", "),
        ("value", ""),
        ("text", "."),
    ]


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("$x$", ["x"]),
        ("取 $x$，$y_1$。", ["x", "y_1"]),
        (r"$\$5$", [r"\$5"]),
        (r"$a\\$", [r"a\\"]),
        (r"\$5 and \$6", []),
        ("$5 and $6", []),
        ("$ x$", []),
        ("$x $", []),
        ("$x$2", []),
        ("$$x$$", []),
        ("`$x$`", []),
        ("$a\nb$", ["a\nb"]),
        ("$w = [[lin.w:.3f]]$", ["w = [[lin.w:.3f]]"]),
        (r"\\$x$", ["x"]),
    ],
)
def test_maths(text, tex):
    assert [content for kind, content in cut(text) if kind == "math"] == tex


def test_literal_dollar():
    assert special(r"It costs \$5.") == [("dollar", "$")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("`a` b `c`", ["a", "c"]),
        ("``a ` b``", ["a ` b"]),
        ("`a", []),
        (r"\`a`", []),
        ("` `` `", [" `` "]),
        ("`[[a.b]]`", ["[[a.b]]"]),
    ],
)
def test_code(text, code):
    assert special(text) == [("code", content) for content in code]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("[a](b.md#c)", [("link", "b.md#c")]),
        ('[a](b.md "Title (x)")', [("link", "b.md")]),
        ("[a](<b c.md>)", [("link", "b c.md")]),
        ("[a](x_(y))", [("link", "x_(y)")]),
        ("![a](b.svg)", [("image", "b.svg")]),
        ("[![a](b.svg)](c.md)", [("image", "b.svg"), ("link", "c.md")]),
        ("![x[0]](a.png)", [("image", "a.png")]),
        ("[`f`](a.md)", [("code", "f"), ("link", "a.md")]),
        ("a](b)", []),
        (r"\[a](b)", []),
        ("[0, 1] and (x)", []),
        ("<https://x.org/a>", [("link", "https://x.org/a")]),
        ("a[^note].", [("note", "note")]),
        ("[^1]: Text.", [("note", "1")]),
        ('[ref]: https://x.org "T"', [("link", "https://x.org")]),
        ("<kbd>C</kbd>", [("tag", "<kbd>"), ("tag", "</kbd>")]),
        ('<a href="x">', [("tag", '<a href="x">')]),
        ("a < b > c", []),
        ("<!-- $x$ -->", [("tag", "<!-- $x$ -->")]),
        ("a {#id .x} {: .y}", [("attributes", "{#id .x}"), ("attributes", "{: .y}")]),
        ("{x, y}", []),
    ],
)
def test_links_and_marks(text, pieces):
    assert special(text) == pieces


def test_values_have_offsets():
    text = "$w = [[lin.w:.3f]]$, [[lin.n]] and `[[a.b]]`"
    found = values(text)
    assert [(v.name, v.variable, v.spec) for v in found] == [
        ("lin", "w", ".3f"),
        ("lin", "n", ""),
        ("a", "b", ""),
    ]
    assert [text[v.start : v.end] for v in found] == VALUE_TEXTS
    (value,) = (piece.value for piece in inline(text) if piece.kind == "value")
    assert value == found[1]


VALUE_TEXTS = ["[[lin.w:.3f]]", "[[lin.n]]", "[[a.b]]"]


@pytest.mark.parametrize("text", ["[[a]]", "[[1.b]]", "[[a.b.c]]", "[[a.b:x\ny]]"])
def test_no_value(text):
    assert not VALUE.search(text)


@pytest.mark.parametrize("spec", [".3f", ",d", ".1%", "+.2e", "%Y-%m", "*^9"])
def test_any_format_is_a_spec(spec):
    assert values(f"[[a.b:{spec}]]")[0].spec == spec


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**词**与*字*", "词与字"),
        ("a * b_c _d_", "a * b_c d"),
        ("见[一章](a.md#b)。", "见一章。"),
        ("`f`与$x$", f"{LATIN}与{LATIN}"),
        ("![图](a.svg)", "图"),
        (r"\$5\*", f"$5{NEUTRAL}"),
        ("字[^1]<br>", f"字{NEUTRAL}{NEUTRAL}"),
        ("**`f`**", LATIN),
    ],
)
def test_visible(text, shown):
    assert visible(text)[0] == shown


@given(texts)
def test_visible_characters_are_where_it_says(text):
    shown, offsets = visible(text)
    assert len(shown) == len(offsets)
    assert offsets == sorted(set(offsets))
    for char, at in zip(shown, offsets, strict=True):
        assert char in (LATIN, NEUTRAL, "$") or char == text[at]
