"""The built files: links lead somewhere, sizes are kept, nothing is asked elsewhere."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest

from dlnotes.book.book import Book
from dlnotes.book.figures.figure import labels, needs_translation
from dlnotes.book.language.catalogue import read_catalogue

KB = 1000


class Links(HTMLParser):
    """Collects what a page refers to, and its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found and tag != "use":
            self.links.append((tag, found["href"]))
        if "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(found["href"])


def pages(site: Path) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if path.name != "404.html")


@pytest.fixture(scope="session")
def read(site: Path) -> dict[Path, Links]:
    """Every page, read once."""
    return {path: Links(path.read_text(encoding="utf-8")) for path in pages(site)}


def test_both_languages_have_the_same_pages(site: Path) -> None:
    names = [
        {path.relative_to(site / language) for path in pages(site / language)}
        for language in ("en", "zh")
    ]
    assert names[0] == names[1]
    assert Path("foundations/perceptron.html") in names[0]


def test_every_link_inside_the_site_leads_to_a_file_and_an_id(
    site: Path, read: dict[Path, Links]
) -> None:
    broken = []
    for path, page in read.items():
        for _, href in page.links:
            parts = urlsplit(href)
            if parts.scheme or parts.netloc:
                continue
            where, anchor = urldefrag(href)
            target = (path.parent / unquote(where)).resolve() if where else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                broken.append(f"{path.relative_to(site)} -> {href}")
            elif anchor and target in read and anchor not in read[target].ids:
                broken.append(f"{path.relative_to(site)} -> {href} (no such id)")
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(
    site: Path, read: dict[Path, Links]
) -> None:
    foreign = [
        f"{path.relative_to(site)}: {url}"
        for path, page in read.items()
        for url in page.loaded
        if urlsplit(url).scheme not in ("", "data") or urlsplit(url).netloc
    ]
    assert foreign == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*[\"']?https?:[^)]*\)|@import\s+[\"']http", styles) == []


def test_ids_are_unique_on_every_page(site: Path, read: dict[Path, Links]) -> None:
    twice = {
        str(path.relative_to(site)): {i for i in page.ids if page.ids.count(i) > 1}
        for path, page in read.items()
    }
    assert {path: ids for path, ids in twice.items() if ids} == {}


def test_pages_are_small_when_compressed(site: Path) -> None:
    sizes = {path: len(gzip.compress(path.read_bytes())) for path in pages(site)}
    parts = {"foundations", "vision"}
    chapters = {p: n for p, n in sizes.items() if parts & {*p.parts}}
    runs = {p: n for p, n in sizes.items() if "runs" in p.parts}
    assert len(chapters) == 2 * (13 + 11)
    assert max(chapters.values()) < 100 * KB, chapters
    assert max(runs.values()) < 100 * KB, runs  # one with photographs


def test_the_font_of_formulas_is_small(site: Path) -> None:
    for language in ("en", "zh"):
        font = site / language / "assets" / "generated" / "math.woff2"
        assert 40 * KB < font.stat().st_size < 90 * KB


def test_the_title_of_the_book_is_said_once(site: Path) -> None:
    titles = {"en": "Deep Learning Notes", "zh": "深度学习笔记"}
    for language, title in titles.items():
        text = (site / language / "index.html").read_text(encoding="utf-8")
        assert re.findall("<title>(.*?)</title>", text) == [title]


def test_chinese_pages_say_that_their_characters_are_simplified(site: Path) -> None:
    for path in pages(site / "zh"):
        assert '<html lang="zh-Hans"' in path.read_text(encoding="utf-8"), path
    for path in (site / "zh/api").glob("*.html"):
        assert "Bases:" not in path.read_text(encoding="utf-8"), path


def test_an_address_without_a_page_leads_back(site: Path) -> None:
    for place in (site, site / "en", site / "zh"):
        text = (place / "404.html").read_text(encoding="utf-8")
        assert '<base href="/">' in text
        assert 'href="en/index.html"' in text
        assert 'href="zh/index.html"' in text


def test_the_large_styles_of_run_pages_are_shared(site: Path, book: Book) -> None:
    for language in ("en", "zh"):
        linked = set()
        for name in book.snippets:
            text = (site / language / "runs" / f"{name}.html").read_text()
            styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.S)
            assert all(len(style) < KB for style in styles), name
            linked.add(tuple(re.findall(r'href="(\.\./assets/run-[^"]*)"', text)))
        (shared,) = linked
        assert len(shared) > 0


def test_every_snippet_has_its_run_page_and_three_downloads(
    site: Path, book: Book
) -> None:
    for language in ("en", "zh"):
        for name in book.snippets:
            folder = site / language / "runs"
            for file in (f"{name}.html", f"{name}.py", f"{name}_standalone.py"):
                assert (folder / file).stat().st_size > 0
            notebook = json.loads((folder / f"{name}.ipynb").read_text())
            nbformat.validate(notebook)
            title, install, *_ = notebook["cells"]
            assert "../runs/" not in title["source"]
            assert f"%pip install git+{book.repository}" in install["source"]
    assert (site / "en/runs/perceptron.py").read_text() == book.snippets[
        "perceptron"
    ].source


def test_chinese_pages_hold_no_label_without_a_translation(
    site: Path, book: Book
) -> None:
    known = set(read_catalogue(book.catalogue("zh")).values())
    left = {}
    for path in pages(site / "zh"):
        for svg in re.findall(r"<svg [^>]*dl-svg.*?</svg>", path.read_text(), re.S):
            words = {text for text in labels(svg) if needs_translation(text)} - known
            if words:
                left[str(path.relative_to(site))] = words
    assert left == {}


def test_bold_next_to_chinese_punctuation_is_bold(site: Path) -> None:
    for path in pages(site / "zh" / "foundations"):
        text = re.sub(r"<(pre|code|script)\b.*?</\1>", "", path.read_text(), flags=re.S)
        assert "**" not in text, path


def test_code_on_chinese_pages_has_no_untranslated_comment(site: Path) -> None:
    text = (site / "zh/foundations/linear-regression.html").read_text()
    comments = re.findall(r'<span class="c1">(.*?)</span>', text)
    words = [
        c for c in comments if needs_translation(c) and not re.search("[一-鿿]", c)
    ]
    assert words == []
