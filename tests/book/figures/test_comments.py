"""Comments swapped for their translations: token for token the same program."""

from __future__ import annotations

import ast
import io
import tokenize

from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.book.figures.comments import translate_comments

CODE = '''\
# first line
import math  # of the library

TEXT = "# not a comment"  # but this is
LONG = """
# neither is this
"""  # (B, T)


def f(x):
    # why it is so
    total = x  #no space
    ##   double
    return f"{total} # no"  # first line

if TEXT: # untidy
\tpass\t# after a tab
'''
CATALOGUE = {
    "first line": "第一行",
    "of the library": "来自标准库",
    "but this is": "这才是注释",
    "neither is this": "不该出现",
    "not a comment": "不该出现",
    "why it is so": "为何如此",
    "no space": "无空格",
    "double": "双井号",
    "untidy": "不整齐",
    "after a tab": "制表符之后",
}


def tokens(code: str) -> list[tuple[int, str]]:
    """Return the tokens of code without its comments."""
    found = tokenize.generate_tokens(io.StringIO(code).readline)
    return [(item.type, item.string) for item in found if item.type != tokenize.COMMENT]


def comments(code: str) -> list[str]:
    found = tokenize.generate_tokens(io.StringIO(code).readline)
    return [item.string for item in found if item.type == tokenize.COMMENT]


def test_comments_are_translated_and_nothing_else() -> None:
    shown, missing = translate_comments(CODE, CATALOGUE)
    assert missing == []
    assert tokens(shown) == tokens(CODE)
    assert comments(shown) == [
        "# 第一行",
        "# 来自标准库",
        "# 这才是注释",
        "# (B, T)",
        "# 为何如此",
        "# 无空格",
        "# 双井号",
        "# 第一行",
        "# 不整齐",
        "# 制表符之后",
    ]
    assert "不该出现" not in shown
    assert '"# not a comment"' in shown
    assert "\n# neither is this\n" in shown
    assert shown.count("\n") == CODE.count("\n")


def test_comments_with_words_and_no_translation_are_told_with_their_lines() -> None:
    catalogue = {key: CATALOGUE[key] for key in CATALOGUE if key != "but this is"}
    shown, missing = translate_comments(CODE, catalogue)
    assert missing == [(4, "but this is")]
    assert "# but this is" in shown
    assert translate_comments(CODE, {})[1] == [
        (1, "first line"),
        (2, "of the library"),
        (4, "but this is"),
        (11, "why it is so"),
        (12, "no space"),
        (13, "double"),
        (14, "first line"),
        (16, "untidy"),
        (17, "after a tab"),
    ]


def test_shapes_and_symbols_need_no_translation() -> None:
    code = "x = 1  # (B, T, d)\n# η = 0.1\n#\n# A\n"
    assert translate_comments(code, {}) == (code, [])


def test_a_translation_cannot_leave_its_line() -> None:
    shown, _ = translate_comments("x = 1  # why\ny = 2\n", {"why": "因为\nx = 3\r\f"})
    assert shown == "x = 1  # 因为 x = 3\ny = 2\n"


def test_lines_are_counted_as_python_counts_them() -> None:
    code = 'x = "\u2028\x0c\x1c"  # why\r\ny = 1  # so it is\n'
    shown, missing = translate_comments(code, {"why": "因为"})
    assert shown == 'x = "\u2028\x0c\x1c"  # 因为\r\ny = 1  # so it is\n'
    assert missing == [(2, "so it is")]


def test_code_without_a_last_newline_and_empty_code() -> None:
    assert translate_comments("x = 1  # why", {"why": "因为"})[0] == "x = 1  # 因为"
    assert translate_comments("", {"why": "因为"}) == ("", [])


LINES = st.sampled_from(
    [
        "x = 1",
        "s = '# no'",
        's = """a # b\n# c\n"""',
        "s = '\\\\'  # raw",
        "f = lambda y: y",
        "t = [1,  # one\n     2]",
        "s = f\"{x!r:>{10}} # {'#'}\"",
        "if x:\n    y = 2  # indented\nelse:\n    # other\n    pass",
        "b = b'#'",
        "# alone",
        "",
        "def g(a, b=1):  # why\n\t'''# doc'''\n\treturn a",
        "v = x \\\n    + 1  # continued",
        "z = 图 = 'η'  # 图",
    ]
)
KNOWN = ("raw", "one", "indented", "other", "alone", "why", "continued", "图", "b", "c")
WORDS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(LINES, max_size=8), WORDS)
def test_any_code_with_any_translation_stays_the_same_program(
    lines: list[str], words: str
) -> None:
    code = "\n".join(lines) + "\n"
    words = words.replace("#", "")
    shown, missing = translate_comments(code, dict.fromkeys(KNOWN, words))
    assert tokens(shown) == tokens(code)
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(code))
    assert not {text for _, text in missing} & set(KNOWN)
    assert len(comments(shown)) == len(comments(code))
