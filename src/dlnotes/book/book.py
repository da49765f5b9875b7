"""Where the parts of a book lie on disk."""

import os
import re
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from dlnotes.book.errors import BookError
from dlnotes.book.execution.engine import engine_digest
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.source.library import Library
from dlnotes.book.source.snippet import Snippet, read_snippet
from dlnotes.book.storage.cache import Cache, engine, key_of

T = TypeVar("T")

_IMPORTED = re.compile(r"(?m)^[ \t]*(?:import|from)[ \t]+(\w+)")
_libraries: dict[Path, Library] = {}


@dataclass(frozen=True)
class Book:
    """A checkout of the book.

    Args:
        root: the folder that holds mkdocs.yml, docs/, snippets/ and src/.
        package: the name of the package below src/.
    """

    root: Path
    package: str = "dlnotes"

    @property
    def docs(self) -> Path:
        """The folder of the chapters, one folder per language."""
        return self.root / "docs"

    @property
    def terms(self) -> Path:
        """The words of the book, from which the glossary is made."""
        return self.docs / "terms.toml"

    @property
    def quantities(self) -> Path:
        """The words for what numbers measure."""
        return self.docs / "quantities.toml"

    @property
    def store(self) -> Path:
        """The folder of the stored runs."""
        return self.root / ".runs"

    @property
    def cache(self) -> Cache:
        """What is kept of earlier builds."""
        return Cache(self.store / "cache")

    @property
    def site(self) -> Path:
        """The folder of the built site."""
        return self.root / "site"

    @cached_property
    def library(self) -> Library:
        """The source of the package; what is known of an unchanged one is kept."""
        now = Library(self.root / "src" / self.package)
        before = _libraries.get(now.folder)
        if before is None or before.digest != now.digest:
            _libraries[now.folder] = now
        return _libraries[now.folder]

    @cached_property
    def engine(self) -> str:
        """A digest of the code that executes snippets and draws their figures."""
        return engine_digest(self.library)

    @cached_property
    def snippets(self) -> dict[str, Snippet]:
        """All snippets by name."""
        paths = sorted((self.root / "snippets").glob("*.py"))
        return {path.stem: read_snippet(path) for path in paths}

    def kept_of_code(
        self, kind: str, snippet: Snippet, find: Callable[[], T], *settings: str
    ) -> T:
        """Return what follows from a snippet and the modules it can reach; it is kept.

        Where the package is as it was, that is known at once; where only modules have
        changed that the snippet does not reach, without finding it again.
        """
        made_from = (engine(), sys.version, *settings, snippet.source)

        def find_for_reached() -> T:
            reached = self.library.digest_reached(snippet.module)
            key = key_of(*made_from, reached)
            found: T = self.cache.make(f"{kind}-reached", snippet.name, key, find)
            return found

        key = key_of(*made_from, self.library.digest)
        found: T = self.cache.make(kind, snippet.name, key, find_for_reached)
        return found

    @cached_property
    def imported(self) -> set[str]:
        """The packages that snippets and package import, and perhaps a few more."""
        paths = [*self.library.folder.rglob("*.py"), *self.root.glob("snippets/*.py")]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
        return {name for text in texts for name in _IMPORTED.findall(text)}

    @property
    def repository(self) -> str:
        """The address to clone the book from, empty where pyproject.toml has none."""
        path = self.root / "pyproject.toml"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        urls = tomllib.loads(text).get("project", {}).get("urls", {})
        return str(urls.get("Repository", ""))

    @cached_property
    def configuration(self) -> str:
        """A digest of the settings of the book and of its sites."""
        files = [*self.root.glob("mkdocs*.yml"), *self.root.glob("pyproject.toml")]
        texts = {path.name: path.read_bytes() for path in sorted(files)}
        named = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("SITE_", "DLNOTES_")) and name != "DLNOTES_BUILD"
        }
        return key_of(texts, named)

    def config(self, language: str) -> Path:
        """Return the MkDocs configuration of one language."""
        name = "mkdocs.yml" if language == FIRST else f"mkdocs.{language}.yml"
        return self.root / name

    def catalogue(self, language: str) -> Path:
        """Return the translations of labels and comments into one language."""
        return self.docs / f"{language}.po"

    def pages(self, language: str) -> list[Path]:
        """Return the Markdown pages of one language, sorted."""
        return sorted((self.docs / language).rglob("*.md"))

    def name(self, page: Path) -> str:
        """Return a page's path below its language's folder."""
        return page.relative_to(self.docs).as_posix().partition("/")[2]

    def read(self, page: Path) -> str:
        """Return the text of a page.

        Raises:
            BookError: it is not UTF-8.
        """
        try:
            return page.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            message = "the page is not UTF-8"
            raise BookError(message, self.relative(page), line) from error

    def relative(self, path: Path) -> Path:
        """Return a path as it reads from the root."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def find_book(start: Path | None = None) -> Book:
    """Find the book that a folder lies in.

    Raises:
        BookError: neither the folder nor one above it is a checkout of the book.
    """
    start = (start or Path.cwd()).resolve()
    for folder in [start, *start.parents]:
        if (folder / "mkdocs.yml").is_file() and (folder / "snippets").is_dir():
            return Book(folder)
    raise BookError(
        f"{start} is not in a checkout of the book: no folder above it has both "
        "mkdocs.yml and snippets/"
    )
