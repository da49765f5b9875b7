"""The MkDocs hook of the search, which knows the words of the book."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jieba
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

from dlnotes.book.language.terms import Term
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.markdown import current_sources
from dlnotes.book.storage.atomic import write_atomically

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
# The theme cuts a Chinese query into words that its index has. It looks for them up to
# the last character but one, and so would never find the word that the query is.
_CUT = re.compile(r"(\w)<(\w)(\.length;\1\+\+\)\2\.slice\(\w,\1\)in)")


def on_pre_build(config: MkDocsConfig) -> None:
    """Teach the segmenter of Chinese that a term is one word."""
    jieba.setLogLevel(logging.WARNING)  # it reports its dictionary on every build
    for term in _terms(config):
        for names in term.names.values():
            for word in _HAN.findall(" ".join(names)):
                jieba.add_word(word)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> None:
    """Leave the pages of runs out: what they show is in the chapters, explained."""
    if page.file.src_uri.startswith("runs/"):
        page.meta["search"] = {"exclude": True}


@event_priority(100)  # before the search plugin writes its index
def on_post_build(config: MkDocsConfig) -> None:
    """Tag what explains the terms, and mend the script that searches."""
    search: Any = config.plugins["material/search"]
    tag(search.search_index.entries, _terms(config), str(config.theme["language"]))
    scripts = Path(config.site_dir) / "assets" / "javascripts" / "workers"
    before = (scripts / "before_search.js").read_text(encoding="utf-8")
    for path in scripts.glob("search.*.min.js"):
        script = path.read_text(encoding="utf-8")
        write_atomically(path, (before + mended(script)).encode())


def tag(
    entries: Iterable[dict[str, Any]], terms: Iterable[Term], language: str
) -> None:
    """Give the sections that explain terms the names of these as tags.

    A term without a section of its own is the page's. Readers of other languages look
    for the names in the first one, too. A name whose words all stand in those before
    adds nothing to what is found, and would only count them twice.
    """
    by_place = {entry["location"]: entry for entry in entries}
    for term in terms:
        page = term.chapter.removesuffix(".md") + ".html"
        entry = by_place.get(f"{page}#{term.section}") or by_place.get(page)
        if entry is None:
            continue
        tags = entry.setdefault("tags", [])
        said = {word for name in tags for word in _words(name)}
        for name in (*term.names[language], *term.names[FIRST]):
            if not said.issuperset(_words(name)):
                tags.append(name)
                said.update(_words(name))


def mended(script: str) -> str:
    """Let the theme's script look at the last character of a Chinese query."""
    return _CUT.sub(r"\1<=\2\3", script)


def _words(name: str) -> list[str]:
    return re.split(r"[\s\-—–]+", name.lower())


def _terms(config: MkDocsConfig) -> tuple[Term, ...]:
    return current_sources(Path(config.config_file_path).parent).terms
