"""A Python-Markdown extension that weaves pages, for MkDocs and Zensical alike."""

from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.locales.languages import FIRST, LANGUAGES, others
from dlnotes.book.weaving.gather import Gatherer
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.woven import weave_page

PRIORITY = 27  # after white space is normalised (30), before fences are read (25)

_gatherer = Gatherer()
_gathered: dict[tuple[Any, ...], Sources] = {}
_held: dict[Path, Sources] = {}


def current_sources(root: Path) -> Sources:
    """Return the sources as they are now; they are read again after a change.

    Those of a book that are held stay what they are.
    """
    if root in _held:
        return _held[root]
    book = find_book(root)
    settings = Settings.of_environment()
    state = (settings, *_state(book))
    if state not in _gathered:
        _gathered.clear()
        _gathered[state] = _gatherer.gather(book, settings)
    return _gathered[state]


def hold_sources(book: Book) -> Sources:
    """Gather the sources, and have them stay what they are until they are let go."""
    _held[book.root] = _gatherer.gather(book, Settings.of_environment())
    return _held[book.root]


def held(root: Path) -> bool:
    """Say whether the sources of a book are held."""
    return root in _held


def release_sources() -> None:
    """Let go of the sources that are held."""
    _held.clear()


def _state(book: Book) -> tuple[tuple[str, int, int], ...]:
    paths = [
        *(book.catalogue(language) for language in others()),
        book.root / "pyproject.toml",
        *([book.terms] if book.terms.exists() else []),
        *(page for language in LANGUAGES for page in book.pages(language)),
        *book.library.folder.rglob("*.py"),
        *(book.root / "snippets").glob("*.py"),
        *(book.store / "runs").glob("*/*.json"),
    ]
    return tuple(sorted((str(path), *_changed(path)) for path in paths))


def _changed(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:  # another build has just deleted an old run
        return 0, 0
    return found.st_mtime_ns, found.st_size


def path_of_page(md: Markdown) -> str:
    """Return the path, below its language's folder, of the page being converted.

    MkDocs and Zensical each leave it in a processor of their own.
    """
    for processor in [*md.treeprocessors, *md.preprocessors]:
        if file := getattr(processor, "file", None):
            return str(file.src_uri)
        if page := getattr(processor, "page", None):
            return str(page.path)
    raise BookError(
        "dlnotes.book.markdown works inside MkDocs or Zensical, which name the page"
    )


class WeavePreprocessor(Preprocessor):
    """Weaves the page before anything else reads it."""

    def __init__(self, md: Markdown, language: str) -> None:
        super().__init__(md)
        self.language = language

    def run(self, lines: list[str]) -> list[str]:
        """Return the woven lines.

        Raises:
            BookError: for everything that is wrong with the page.
        """
        root = find_book().root
        page, text = path_of_page(self.md), "\n".join(lines)
        store, sources = self.md.htmlStash.store, current_sources(root)
        woven = weave_page(root, sources, self.language, page, text, store)
        return woven.split("\n")


class WeaveExtension(Extension):
    """Registers the preprocessor; the option `language` is a code, such as `en`."""

    def __init__(self, **options: Any) -> None:
        self.config = {"language": [FIRST, "the language of the pages"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Weave every page that this instance converts."""
        language = self.getConfig("language")
        md.preprocessors.register(WeavePreprocessor(md, language), "dlnotes", PRIORITY)


def makeExtension(**options: Any) -> WeaveExtension:
    """Return the extension, as Python-Markdown asks for it by module name."""
    return WeaveExtension(**options)
