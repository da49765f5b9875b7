"""Whether the catalogues have what the pages of runs show."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.html.results import translated
from dlnotes.book.source.snippet import Cell
from dlnotes.book.weaving.exhibits import untranslated_message
from dlnotes.book.weaving.sources import Sources


def untranslated(
    book: Book, sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each comment and label that has no translation."""
    for language in sources.catalogues:
        for name, snippet in sources.snippets.items():
            for cell in snippet.code:
                for what, text, line in _lacking(sources, language, name, cell):
                    where = f"{name}#{cell.name}"
                    message = untranslated_message(language, what, text, where)
                    yield BookError(message, book.relative(snippet.path), line)


def _lacking(
    sources: Sources, language: str, name: str, cell: Cell
) -> Iterator[tuple[str, str, int]]:
    """Yield what a cell has without a translation: what it is, its text, its line."""
    catalogue = sources.catalogues[language]
    for line, text in translate_comments(cell.source, catalogue)[1]:
        yield "comment", text, cell.first + line - 1
    run = sources.runs.get(name)
    for output in run.outputs(cell.name) if run else ():
        for text in translated(output, catalogue)[1]:
            yield "label", text, cell.first
