"""A number is quoted for what its variable is named after, in both languages."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import Text
from dlnotes.book.checks.quantities import misquoted

LISTED = r"""
[quantities]
loss = { en = ["loss"], zh = ["损失"] }
step = { en = ["step"], zh = ["步"] }
delta = { en = ["delta", '\delta'], zh = ['\delta'] }
share = { en = ["percent"], zh = ["占"] }
error = { en = ["±"], zh = ["±"] }
"""


@pytest.fixture
def small(tmp_path: Path) -> Book:
    """A book with a list of quantities and no page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/quantities.toml").write_text(LISTED, encoding="utf-8")
    return Book(tmp_path)


def said(book: Book, text: str, language: str = "en") -> list[str]:
    page = Text(language, "part/a.md", text, None)
    sources: Any = SimpleNamespace(catalogues={"zh": {"hinge": "合页损失"}})
    return [str(error) for error in misquoted(book, sources, page)]


@pytest.mark.parametrize(
    "text",
    [
        "The loss ends at [[run.loss_end]].\n",
        "The loss falls.\nIt ends at [[run.loss_end]].\n",
        "Losses of [[run.loss_end]].\n",
        "| loss | x |\n|---|---|\n| a | b |\n| [[run.loss_end]] | c |\n",
        "$\\delta_1 = [[run.delta_1]]$\n",
        "After [[run.steps_to_loss]] steps.\n",
        "After [[run.step2]] steps.\n",
        "About 3 ± [[run.error]].\n",
        '@figure run#x The loss: [[run.loss["hinge"]]] with hinge.\n',
        "```\n[[run.anything]]\n```\n",
    ],
)
def test_a_sentence_that_names_the_quantity_is_right(small: Book, text: str) -> None:
    assert said(small, text) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "Its loss falls.\nBoth learn.\nThey end at [[run.deltas_total]].\n",
            3,
            "[[run.deltas_total]] is quoted as a delta, which neither its sentence nor "
            "the one before names (delta, \\delta)",
        ),
        (
            "The loss falls.\nIt is slow.\nIt ends at [[run.loss_end]].\n",
            3,
            "is quoted as a loss",
        ),
        ("The loss is [[run.right_total]].\n", 1, "is named after no quantity"),
        ("The gloss is [[run.loss_end]].\n", 1, "is quoted as a loss"),
        ("It is [[run.loss_end]].\n", 1, "is quoted as a loss"),
        ("| a | x |\n|---|---|\n| loss | [[run.step_1]] |\n", 3, "as a step"),
        (
            'The loss is [[run.loss["hinge"]]].\n',
            1,
            "is of hinge, which its paragraph does not name",
        ),
    ],
)
def test_another_quantity_is_an_error_with_its_line(
    small: Book, text: str, line: int, message: str
) -> None:
    (error,) = said(small, text)
    assert error.startswith(f"docs/en/part/a.md:{line}: ")
    assert message in error


def test_chinese_names_the_quantity_in_chinese(small: Book) -> None:
    assert said(small, "损失最后是 [[run.loss_end]]。\n", "zh") == []
    (error,) = said(small, "loss 最后是 [[run.loss_end]]。\n", "zh")
    assert "(损失)" in error


def test_an_index_is_named_in_either_language(small: Book) -> None:
    right = '合页损失是 [[run.loss["hinge"]]]。\n'
    assert said(small, right, "zh") == []
    (error,) = said(small, '损失是 [[run.loss["hinge"]]]。\n', "zh")
    assert "is of hinge or 合页损失" in error


def test_a_book_without_a_list_has_no_such_rule(small: Book) -> None:
    assert len(said(small, "It is [[run.x]].\n")) == 1
    (small.docs / "quantities.toml").unlink()
    assert said(small, "It is [[run.x]].\n") == []
