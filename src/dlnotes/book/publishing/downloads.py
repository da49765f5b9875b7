"""The files that a built site offers beside its pages: programs, notebooks, sources."""

import json
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dlnotes.book.book import Book
from dlnotes.book.bundle.export import ENDING, parts
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.freshness.notebook import notebook
from dlnotes.book.html import render
from dlnotes.book.html.results import translated
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.source.told import Parts, told
from dlnotes.book.storage.atomic import write_atomically
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.sources import Sources

T = TypeVar("T")

_known: dict[str, dict[Hashable, Any]] = {}  # by the digest of the catalogues

INSTALL = """{why}
try:
    import {package}.book
except ImportError:
    %pip install git+{address}"""


def programs(book: Book, sources: Sources, language: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of each snippet, its standalone form, and each module."""

    def text(code: str) -> str:
        return _translated(code, sources, language)

    for name, snippet in sources.snippets.items():
        yield f"runs/{name}.py", text(snippet.source)
        alone = told(snippet, parts_of(book, snippet), language) + ENDING
        yield f"runs/{name}_standalone.py", text(alone)
    library = book.library
    for name in library.names():
        module = library.module(name)
        if module and not library.is_engine(name):
            path = module.path.relative_to(library.folder.parent).as_posix()
            yield f"source/{path}", module.source


def parts_of(book: Book, snippet: Snippet) -> Parts:
    """Return what the program in one file of a snippet is made of; it is kept."""
    find = partial(parts, book, snippet)
    return Parts(*book.kept_of_code("standalone", snippet, find))


def notebooks(
    book: Book, sources: Sources, language: str, site: str | None
) -> Iterator[tuple[str, str]]:
    """Yield path and text of each executed notebook, as a reader takes it away.

    It installs the package where that is missing, and links to the site by its
    address, or not at all where that is not known.
    """
    first = ""
    if book.repository:
        why = f"# {LANGUAGES[language].words.install}"
        first = INSTALL.format(why=why, package=book.package, address=book.repository)
    for name in sources.runs:
        links = render.downloads(name, language, site) if site else ""
        yield f"runs/{name}.ipynb", _notebook(sources, language, name, links, first)


def write_notebooks(sources: Sources, language: str, folder: Path) -> list[str]:
    """Write the notebook of each run's page; return their paths below the folder."""
    written = []
    for name in sources.runs:
        path = folder / "runs" / f"{name}.ipynb"
        _, links = render.downloads(name, language, "../").split(" · ", 1)
        data = _notebook(sources, language, name, links).encode()
        if not path.exists() or path.read_bytes() != data:
            write_atomically(path, data)
        written.append(f"runs/{name}.ipynb")
    return written


def _notebook(
    sources: Sources, language: str, name: str, links: str, first: str = ""
) -> str:
    snippet, run = sources.snippets[name], sources.runs[name]

    def make() -> str:
        shown = notebook(
            snippet,
            partial(_outputs, run, sources, language),
            source=partial(_translated, sources=sources, language=language),
            heading=f"# {name}\n\n{snippet.description}\n\n{links}".rstrip(),
            first=first,
        )
        return json.dumps(shown, ensure_ascii=False, indent=1)

    return _once(sources, (run.digest, snippet.source, language, links, first), make)


def _outputs(
    run: Run, sources: Sources, language: str, cell: str
) -> list[dict[str, Any]]:
    found, catalogue = run.outputs(cell), sources.catalogues.get(language)
    if catalogue is None:
        return found

    def make() -> list[dict[str, Any]]:
        return [translated(output, catalogue)[0] for output in found]

    return _once(sources, (language, run.manifest["notebook"], cell), make)


def _translated(code: str, sources: Sources, language: str) -> str:
    catalogue = sources.catalogues.get(language)
    if catalogue is None:
        return code
    make = partial(translate_comments, code, catalogue)
    return _once(sources, (language, code), make)[0]


def _once(sources: Sources, what: Hashable, translate: Callable[[], T]) -> T:
    """Translate something, or remember how this process has by the same catalogues."""
    if sources.catalogue_digest not in _known:
        _known.clear()
    known = _known.setdefault(sources.catalogue_digest, {})
    if what not in known:
        known[what] = translate()
    found: T = known[what]
    return found
