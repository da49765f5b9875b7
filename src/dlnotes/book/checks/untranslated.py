"""Whether the catalogues have what pages show of code, figures and tables."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.html.results import Output, translated
from dlnotes.book.pages.usage import directives
from dlnotes.book.weaving.sources import Sources

Shown = tuple[str, Path, int, str, list[Output]]  # name, file, line, code, outputs


def untranslated(
    book: Book, sources: Sources, _texts: Mapping[Path, str]
) -> Iterator[BookError]:
    """Yield an error for each comment and label that has no translation."""
    for language, catalogue in sources.catalogues.items():
        shown = [*_of_snippets(sources), *_of_the_package(book, language)]
        for where, path, first, code, outputs in shown:
            lacking = [
                (f"comment {text!r}", first + line - 1)
                for line, text in translate_comments(code, catalogue)[1]
            ]
            for output in outputs:
                labels = translated(output, catalogue)[1]
                lacking += [(f"label {text!r}", first) for text in labels]
            for what, line in lacking:
                message = f"docs/{language}.po has no translation for the {what}"
                yield BookError(f"{message} of {where}", book.relative(path), line)


def _of_snippets(sources: Sources) -> Iterator[Shown]:
    """Yield all cells: the pages of runs show them, if no chapter does."""
    for name, snippet in sources.snippets.items():
        run = sources.runs.get(name)
        for cell in snippet.code:
            outputs = run.outputs(cell.name) if run else []
            where = f"{name}#{cell.name}"
            yield where, snippet.path, cell.first, cell.source, outputs


def _of_the_package(book: Book, language: str) -> Iterator[Shown]:
    """Yield the symbols that the pages of a language show."""
    shown = [item for path in book.pages(language) for item in directives(path)]
    names = dict.fromkeys(item.target for item in shown if item.kind == "source")
    for name in names:
        with suppress(BookError):  # told of its page
            symbol = book.library.find(name)
            yield name, symbol.path, symbol.first, symbol.source, []
