"""A Python-Markdown extension that weaves pages, for MkDocs and Zensical alike."""

from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from dlnotes.book.book import LANGUAGES, Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.gather import gather
from dlnotes.book.keys import Settings
from dlnotes.book.sources import Sources
from dlnotes.book.weave import Weaver

PRIORITY = 27  # after white space is normalised (30), before fences are read (25)

_gathered: dict[tuple[Any, ...], Sources] = {}


def current_sources(root: Path) -> Sources:
    """Return the sources as they are now; they are read again after a change."""
    book = find_book(root)
    settings = Settings.of_environment()
    state = (settings, *_state(book))
    if state not in _gathered:
        _gathered.clear()
        _gathered[state] = gather(book, settings)
    return _gathered[state]


def _state(book: Book) -> tuple[tuple[str, int], ...]:
    paths = [
        book.catalogue,
        book.root / "pyproject.toml",
        *([book.terms] if book.terms.exists() else []),
        *(page for language in LANGUAGES for page in book.pages(language)),
        *book.library.folder.rglob("*.py"),
        *(book.root / "snippets").glob("*.py"),
        *(book.store / "runs").glob("*/*.json"),
    ]
    return tuple(sorted((str(path), _changed(path)) for path in paths))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # another build has just deleted an old run
        return 0


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
        path = path_of_page(self.md)
        file = f"docs/{self.language}/{path}"
        store = self.md.htmlStash.store
        weaver = Weaver(current_sources(root), self.language, path, file, store)
        text = "\n".join(lines)
        woven = weaver.weave(text)
        if weaver.errors:
            above = _lines_above(text, root / file)
            raise BookError("\n".join(_moved(e, above) for e in weaver.errors))
        return woven.split("\n")


def _lines_above(text: str, path: Path) -> int:
    """Count the lines of front matter, which the builder has taken off the page."""
    whole = path.read_text(encoding="utf-8") if path.is_file() else text
    return whole.rstrip().count("\n") - text.rstrip().count("\n")


def _moved(error: BookError, lines: int) -> str:
    return str(BookError(error.message, error.path, (error.line or 1) + lines))


class WeaveExtension(Extension):
    """Registers the preprocessor; the option `language` is `en` or `zh`."""

    def __init__(self, **options: Any) -> None:
        self.config = {"language": ["en", "the language of the pages"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Weave every page that this instance converts."""
        language = self.getConfig("language")
        md.preprocessors.register(WeavePreprocessor(md, language), "dlnotes", PRIORITY)


def makeExtension(**options: Any) -> WeaveExtension:
    """Return the extension, as Python-Markdown asks for it by module name."""
    return WeaveExtension(**options)
