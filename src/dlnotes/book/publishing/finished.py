"""Keep the finished pages: template and search entries are made when a page changes."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, Template
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import StructureItem
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from dlnotes.book.book import Book
from dlnotes.book.publishing.templates import memory
from dlnotes.book.storage.cache import engine, folder_digest, installed, key_of

SEARCH = "material/search"


class Finished:
    """The pages of one build, each finished or taken from an earlier build.

    Args:
        book: the checkout.
        language: that of the pages.
        config: the builder's; its search is told of every page.
        env: what makes the templates.
    """

    def __init__(
        self, book: Book, language: str, config: MkDocsConfig, env: Environment
    ) -> None:
        self.cache = book.cache
        self.kind = f"page-{language}"
        self.keys: dict[str, str] = {}
        self.found: dict[str, dict[str, Any]] = {}
        self.entries: dict[str, list[Any]] = {}
        theme = config.theme.custom_dir
        self.around = key_of(
            installed(),
            engine(),
            book.configuration,
            folder_digest(book.root / theme, "*.html") if theme else "",
            book.terms.read_bytes() if book.terms.exists() else b"",
        )
        self._listen(config)
        self._replace(env)

    def look_up(self, page: Page, nav: Navigation) -> None:
        """Find what an earlier build made of a page as it is now."""
        key = key_of(
            self.around,
            [_place(item) for item in nav],
            [_place(item) for item in (page.previous_page, page.next_page) if item],
            [page.url, page.title, page.canonical_url, page.edit_url, page.content],
            [repr(page.meta), str(page.toc), [item.level for item in page.toc]],
        )
        self.keys[page.file.src_uri] = key
        found = self.cache.get(self.kind, page.file.src_uri, key)
        if found is not None:
            self.found[page.file.src_uri] = found

    def _listen(self, config: MkDocsConfig) -> None:
        """Let the search take what it has found before, and hear what it finds."""
        if SEARCH not in config.plugins:
            return
        index: Any = config.plugins[SEARCH].search_index  # type: ignore[attr-defined]
        add = index.add_entry_from_context

        def listen(page: Page) -> None:
            uri = page.file.src_uri
            if uri in self.found:
                index.entries += self.found[uri]["search"]
                return
            before = len(index.entries)
            add(page)
            self.entries[uri] = index.entries[before:]

        index.add_entry_from_context = listen

    def _replace(self, env: Environment) -> None:
        """Let templates return the pages that are kept."""
        finished = self

        class Kept(Template):
            def render(self, *args: Any, **kwargs: Any) -> str:
                page = args[0].get("page") if args else None
                return finished._render(page, lambda: super(Kept, self).render(*args))

        env.template_class = Kept
        env.bytecode_cache = memory

    def _render(self, page: Page | None, render: Callable[[], str]) -> str:
        if page is None:
            return render()
        uri = page.file.src_uri
        if uri not in self.found:
            value = {"html": render(), "search": self.entries.get(uri, [])}
            self.cache.put(self.kind, uri, self.keys[uri], value)
            self.found[uri] = value
        kept: str = self.found[uri]["html"]
        return kept


def _place(item: StructureItem) -> list[Any]:
    """Return what the navigation shows of a page or a part."""
    children = [_place(child) for child in getattr(item, "children", None) or ()]
    return [item.title, getattr(item, "url", None), children]
