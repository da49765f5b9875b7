"""The files that a built site offers beside its pages: programs, notebooks, sources."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dlnotes.book import render
from dlnotes.book.book import Book
from dlnotes.book.cache import engine, key_of
from dlnotes.book.comments import translate_comments
from dlnotes.book.export import standalone
from dlnotes.book.keys import behind
from dlnotes.book.notebook import notebook
from dlnotes.book.results import translated
from dlnotes.book.snippet import Snippet
from dlnotes.book.sources import Sources
from dlnotes.book.store import Run, write_atomically


def programs(book: Book, sources: Sources, language: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of each snippet, its standalone form, and each module."""

    def text(code: str) -> str:
        return _translated(code, sources, language)

    for name, snippet in sources.snippets.items():
        yield f"runs/{name}.py", text(snippet.source)
        yield f"runs/{name}_standalone.py", text(_standalone(book, snippet))
    library = book.library
    for name in library.names():
        module = library.module(name)
        if module and not f"{name}.".startswith(f"{library.package}.book."):
            path = module.path.relative_to(library.folder.parent).as_posix()
            yield f"source/{path}", module.source


def _standalone(book: Book, snippet: Snippet) -> str:
    """Return a snippet as one program; it is kept."""
    key = key_of(engine(), book.library.digest, behind(book, snippet))
    program: str = book.cache.make(
        "standalone", snippet.name, key, lambda: standalone(book, snippet)
    )
    return program


def write_notebooks(sources: Sources, language: str, folder: Path) -> list[str]:
    """Write the executed notebook of each run; return their paths below the folder."""
    written = []
    for name, run in sources.runs.items():
        shown = notebook(
            sources.snippets[name],
            partial(_outputs, run, sources, language),
            source=partial(_translated, sources=sources, language=language),
            heading=_heading(sources.snippets[name], language),
        )
        path = folder / "runs" / f"{name}.ipynb"
        data = json.dumps(shown, ensure_ascii=False, indent=1).encode()
        if not path.exists() or path.read_bytes() != data:
            write_atomically(path, data)
        written.append(f"runs/{name}.ipynb")
    return written


def _outputs(
    run: Run, sources: Sources, language: str, cell: str
) -> list[dict[str, Any]]:
    found = run.outputs(cell)
    if language != "zh":
        return found
    return [translated(output, sources.catalogue)[0] for output in found]


def _heading(snippet: Snippet, language: str) -> str:
    links = render.downloads(snippet.name, language, "../").split(" · ", 1)[1]
    return f"# {snippet.name}\n\n{snippet.description}\n\n{links}"


def _translated(code: str, sources: Sources, language: str) -> str:
    if language != "zh":
        return code
    return translate_comments(code, sources.catalogue)[0]
