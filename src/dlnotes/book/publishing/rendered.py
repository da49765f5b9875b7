"""Keep the HTML of each page: Markdown and notebooks are converted when they change."""

import logging
import re
from collections.abc import Callable
from functools import cached_property
from inspect import getsource
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, get_toc
from mkdocs.utils import CountHandler

from dlnotes.book.book import Book
from dlnotes.book.html import copied, pasteable, results, run_page
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.publishing.templates import compiled_once
from dlnotes.book.storage.cache import installed, key_of
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.woven import woven

AUTODOC = re.compile(r"^::: (\S+)$", re.MULTILINE)  # what it shows, of one module
NOTEBOOKS = "mkdocs-jupyter"
AUTOREFS = "autorefs"
DOCSTRINGS = "mkdocstrings"

TIDYING = (run_page, results, copied, pasteable)

Convert = Callable[[MkDocsConfig, Files], None]


class Rendered:
    """The pages of one build, each converted or taken from an earlier build.

    Args:
        book: the checkout.
        sources: what its pages are woven from.
        language: that of the pages.
        config: the builder's, whose plugins are told what a conversion tells them.
        files: all files of the site, which links may lead to.
    """

    def __init__(
        self,
        book: Book,
        sources: Sources,
        language: str,
        config: MkDocsConfig,
        files: Files,
    ) -> None:
        self.book = book
        self.sources = sources
        self.language = language
        self.plugins: Any = config.plugins
        self.files = files
        listed = sorted((file.src_uri, file.url) for file in files)
        self.around = key_of(installed(), book.configuration, listed)

    @cached_property
    def _around_runs(self) -> str:
        """A digest of what renders the pages of runs."""
        options = sorted(self.plugins[NOTEBOOKS].config.items())
        own = [getsource(module) for module in TIDYING]
        said = LANGUAGES[self.language].words.figure
        return key_of(said, installed(), repr(options), own)

    def wrap(self, page: Page) -> None:
        """Have a page converted only if it is not what it was."""
        convert: Convert = page.render

        def render(config: MkDocsConfig, files: Files) -> None:
            key = self._key(page)
            kind = f"html-{self.language}"
            found = self.book.cache.get(kind, page.file.src_uri, key)
            if found is not None:
                self._apply(page, found)
                return
            warnings = CountHandler(level=logging.WARNING)
            logger = logging.getLogger("mkdocs")
            logger.addHandler(warnings)
            try:
                found = self._convert(page, lambda: convert(config, files))
            finally:
                logger.removeHandler(warnings)
            if not warnings.get_counts():
                self.book.cache.put(kind, page.file.src_uri, key, found)

        page.render = render  # type: ignore[method-assign]

    def _key(self, page: Page) -> str:
        if is_run(page.file):
            return key_of(page.file.content_bytes, self._around_runs)
        text = page.markdown or ""
        uri = page.file.src_uri
        known = woven(self.book, self.sources, self.language, uri, text)
        shown = self.sources.library.digest_of(AUTODOC.findall(text))
        return key_of(self.around, known.digest, shown)

    def _convert(self, page: Page, convert: Callable[[], None]) -> dict[str, Any]:
        """Convert a page; return what came of it, and what the plugins were told."""
        told: list[Any] = []
        autorefs = self.plugins.get(AUTOREFS)
        if autorefs:
            register = autorefs.register_anchor

            def listen(page: Page, *names: str, **options: Any) -> None:
                told.append([names, options])
                register(page, *names, **options)

            autorefs.register_anchor = listen
        try:
            with compiled_once():
                convert()
        finally:
            if autorefs:
                del autorefs.register_anchor
        if is_run(page.file):
            name, content = page.file.name, page.content or ""
            tidied = run_page.tidy(content, name, self.language)
            page.content = tidied + run_page.copies(page.file.content_bytes, name)
        docstrings = self.plugins.get(DOCSTRINGS)
        seen = docstrings.handlers.seen_handlers if docstrings else ()
        links = (page.links_to_anchors or {}).items()
        return {
            "content": page.content,
            "toc": [_token(item) for item in page.toc],
            "title": page.__dict__.get("title"),
            "heading": page._title_from_render,
            "ids": None
            if page.present_anchor_ids is None
            else sorted(page.present_anchor_ids),
            "links": {file.src_uri: anchors for file, anchors in links},
            "told": told,
            "handlers": sorted(handler.name for handler in seen),
        }

    def _apply(self, page: Page, found: dict[str, Any]) -> None:
        page.content = found["content"]
        page.toc = get_toc(found["toc"])
        if found["title"] is not None:
            page.title = found["title"]
        page._title_from_render = found["heading"]
        if found["ids"] is not None:
            page.present_anchor_ids = set(found["ids"])
        links = {
            self.files.get_file_from_path(uri): anchors
            for uri, anchors in found["links"].items()
        }
        page.links_to_anchors = {file: links[file] for file in links if file}
        for names, options in found["told"]:
            self.plugins[AUTOREFS].register_anchor(page, *names, **options)
        for name in found["handlers"]:  # which bring styles of their own
            self.plugins[DOCSTRINGS].get_handler(name)


def is_run(file: File) -> bool:
    """Say whether a file is the notebook of a run."""
    return file.src_uri.startswith("runs/") and file.src_uri.endswith(".ipynb")


def _token(item: AnchorLink) -> dict[str, Any]:
    children = [_token(child) for child in item.children]
    return {
        "name": item.title,
        "id": item.id,
        "level": item.level,
        "children": children,
    }
