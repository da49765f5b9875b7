"""The search's tags, and the theme's script that is mended."""

from pathlib import Path

import material
import pytest

from dlnotes.book.language.terms import Term, read_terms
from dlnotes.book.search_hook import mended, tag

TERMS = """
[terms.rate]
en = ["learning rate", "rate of learning"]
zh = ["学习率", "步长"]
meaning_en = "A factor."
meaning_zh = "一个系数。"
chapter = "part/descent.md"
section = "step"

[terms.schedule]
en = ["learning-rate schedule", "learning rate schedule"]
zh = ["学习率调度"]
meaning_en = "A rule."
meaning_zh = "一条规则。"
chapter = "part/descent.md"

[terms.pooling]
en = ["pooling"]
zh = ["池化"]
meaning_en = "A maximum."
meaning_zh = "一个最大值。"
"""


@pytest.fixture
def terms(tmp_path: Path) -> list[Term]:
    path = tmp_path / "terms.toml"
    path.write_text(TERMS, encoding="utf-8")
    return read_terms(path)


def tags(terms: list[Term], language: str) -> dict[str, list[str]]:
    places = ("index.html", "part/descent.html", "part/descent.html#step")
    entries = [{"location": place} for place in places]
    tag(entries, terms, language)
    return {entry["location"]: entry.get("tags", []) for entry in entries}


def test_sections_and_pages_have_the_names_of_their_terms(terms: list[Term]) -> None:
    assert tags(terms, "zh") == {
        "index.html": [],
        "part/descent.html": ["学习率调度", "learning-rate schedule"],
        "part/descent.html#step": [
            "学习率",
            "步长",
            "learning rate",
            "rate of learning",
        ],
    }


def test_a_name_that_adds_no_word_is_left_out(terms: list[Term]) -> None:
    found = tags(terms, "en")
    assert found["part/descent.html"] == ["learning-rate schedule"]
    assert found["part/descent.html#step"] == ["learning rate", "rate of learning"]


def test_the_theme_s_script_is_mended_in_one_place() -> None:
    folder = Path(material.__file__).parent / "templates" / "assets" / "javascripts"
    (path,) = (folder / "workers").glob("search.*.min.js")
    script = path.read_text(encoding="utf-8")
    assert len(mended(script)) == len(script) + 1
    assert mended(mended(script)) == mended(script)
