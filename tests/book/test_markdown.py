"""The Markdown extension: what it weaves, which page it is on, and what it tells."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from markdown import Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from dlnotes.book.errors import BookError
from dlnotes.book.markdown import PRIORITY, current_sources, path_of_page
from dlnotes.book.weaving.weave import weave

SNIPPET = """
    # %% all
    answer = 42  # why not
    print(answer)
"""
CATALOGUE = """
    msgid ""
    msgstr ""
    "Content-Type: text/plain; charset=UTF-8\\n"

    msgid "why not"
    msgstr "有何不可"
"""


@pytest.fixture
def book(small: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A small book with one run, around the current directory."""
    small.snippet(SNIPPET)
    small.write("docs/zh.po", CATALOGUE)
    small.save()
    monkeypatch.setattr("dlnotes.book.book.engine_digest", lambda _: small.engine)
    monkeypatch.chdir(small.root / "snippets")
    return small


def inside(builder: str, path: str, language: str = "en") -> Markdown:
    """Return a converter as one of the builders prepares it for a page."""
    options = {"dlnotes.book.markdown": {"language": language}}
    extensions = [*options, "admonition", "pymdownx.superfences"]
    markdown = Markdown(extensions=extensions, extension_configs=options)
    if builder == "mkdocs":
        links: Any = Treeprocessor(markdown)
        links.file = SimpleNamespace(src_uri=path)
        markdown.treeprocessors.register(links, "relpath", 0)
    else:
        macros: Any = Preprocessor(markdown)
        macros.run = lambda lines: lines
        macros.page = SimpleNamespace(path=path)
        markdown.preprocessors.register(macros, "zensical", 100)
    return markdown


@pytest.mark.parametrize("builder", ["mkdocs", "zensical"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_is_woven_under_either_builder(
    book: Any, builder: str, language: str
) -> None:
    markdown = inside(builder, "a/b/c.md", language)
    html = markdown.convert('Now [[one.answer]].\n\n!!! note "N"\n    @code one#all\n')
    assert ">42</data>.</p>" in html
    assert 'href="../../runs/one.py"' in html
    assert ("# 有何不可" in html) is (language == "zh")
    assert ("# why not" in html) is (language == "en")


def test_the_page_is_known_by_its_path(book: Any) -> None:
    assert path_of_page(inside("mkdocs", "a/b.md")) == "a/b.md"
    assert path_of_page(inside("zensical", "c.md")) == "c.md"
    with pytest.raises(BookError, match="works inside MkDocs or Zensical"):
        path_of_page(Markdown(extensions=["dlnotes.book.markdown"]))


def test_it_runs_after_white_space_is_normalised_and_before_fences_are_read() -> None:
    markdown = inside("mkdocs", "a.md")
    order = [markdown.preprocessors[at].__class__.__name__ for at in range(4)]
    weaver = order.index("WeavePreprocessor")
    assert order.index("NormalizeWhitespace") < weaver
    assert weaver < order.index("SuperFencesBlockPreprocessor")
    assert 25 < PRIORITY < 30


def test_a_converter_may_be_used_again(book: Any) -> None:
    markdown = inside("mkdocs", "a.md")
    first = markdown.convert("[[one.answer]]")
    assert markdown.reset().convert("[[one.answer]]") == first


def test_html_that_a_page_types_is_kept(book: Any) -> None:
    html = inside("mkdocs", "a.md").convert("<b>x</b> [[one.answer]] <i>y</i>\n")
    assert html.startswith("<p><b>x</b> <data ")
    assert html.endswith("</data> <i>y</i></p>")


def test_every_error_is_told_with_its_line_in_the_file(book: Any) -> None:
    front = "---\ntitle: T\n---\n\n\n"
    body = "# T {#t}\n\nText\n[[one.nope]]\n\n@run one#never\n\n@bogus x\n"
    book.write("docs/en/p/page.md", front + body)
    with pytest.raises(BookError) as caught:
        inside("mkdocs", "p/page.md").convert(body)
    told = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in told] == [
        f"docs/en/p/page.md:{line}" for line in (9, 11, 13)
    ]


def test_a_page_that_is_no_file_has_its_own_lines(book: Any) -> None:
    with pytest.raises(BookError, match=r"^docs/en/made\.md:3: "):
        inside("mkdocs", "made.md").convert("\n\n[[one.nope]]\n\n\n")


def test_sources_are_read_once_while_nothing_changes(book: Any) -> None:
    sources = current_sources(book.root)
    assert current_sources(book.root) is sources
    assert weave("[[one.answer]]", "en", sources).endswith(">42</data>")


def touch(path: Path) -> None:
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_sources_are_read_again_after_any_change(book: Any) -> None:
    before = current_sources(book.root)
    catalogue = book.write("docs/zh.po", CATALOGUE.replace("有何不可", "可以"))
    touch(catalogue)
    translated = current_sources(book.root)
    assert translated is not before
    assert translated.catalogues["zh"]["why not"] == "可以"
    touch(book.snippet(SNIPPET.replace("42", "43")))
    stale = current_sources(book.root)
    assert stale.runs == {}
    assert stale.stale == {"one": "cell all changed"}
    book.save()
    assert current_sources(book.root).stale == {}


def test_settings_come_from_the_environment(
    book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    assert current_sources(book.root).runs == {}
    monkeypatch.setenv("DLNOTES_SCALE", "default")
    assert set(current_sources(book.root).runs) == {"one"}


def test_a_missing_catalogue_is_an_error_that_names_it(book: Any) -> None:
    (book.root / "docs/zh.po").unlink()
    with pytest.raises(BookError, match=r"zh\.po: there is no such catalogue"):
        current_sources(book.root)
