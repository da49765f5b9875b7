"""The folded box that says how to run a chapter's programs."""

import html
import textwrap

from dlnotes.book.bundle.hoist import Import
from dlnotes.book.errors import BookError
from dlnotes.book.html import copied, render
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.weaving.sources import Sources


def box(sources: Sources, snippets: list[Snippet], language: str, up: str) -> list[str]:
    """Return the Markdown of the box: how to get the package, programs, imports.

    Raises:
        BookError: the setting of the repository is missing.
    """
    if not sources.repository:
        raise BookError(
            "@setup needs the address of the repository: set Repository below "
            "[project.urls] in pyproject.toml"
        )
    words = LANGUAGES[language].words
    parts = [words.setup_copy, _console(sources.repository, snippets)]
    if snippets:
        parts += [words.setup_whole, _programs(snippets, language, up)]
        parts += [words.setup_imports, *_imports(sources, snippets, words.setup_differ)]
    inside = textwrap.indent("\n\n".join(parts), "    ")
    return [f'??? note "{words.setup_title}"\n\n{inside}']


def _console(repository: str, snippets: list[Snippet]) -> str:
    lines = [
        f"git clone {repository} dlnotes",
        "cd dlnotes",
        "python3 -m venv .venv",
        ". .venv/bin/activate",
        "pip install -e .",
        *(f"python snippets/{snippet.name}.py" for snippet in snippets[:1]),
    ]
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```"])


def _programs(snippets: list[Snippet], language: str, up: str) -> str:
    """Return the list of programs, each with its run page and its downloads."""
    return "\n".join(
        f"- <span data-search-exclude><code>{html.escape(snippet.name)}</code> · "
        f"{render.downloads(snippet.name, language, up)}</span>"
        for snippet in snippets
    )


def _imports(sources: Sources, snippets: list[Snippet], differ: str) -> list[str]:
    """Return one block of imports, and a line on the names of several meanings."""
    meanings: dict[str, dict[str, Import]] = {}
    for snippet in snippets:
        for name, item in copied.imported(snippet.module).items():
            meanings.setdefault(name, {})[item.target] = item
    items = [item for found in meanings.values() for item in found.values()]
    clear = [item for item in items if len(meanings[item.bound]) == 1]
    doubtful = [f"`{name}`" for name, found in meanings.items() if len(found) > 1]
    block = f"```python\n{copied.imports(clear, sources.library.package)}\n```"
    return [block, *([differ.format(", ".join(doubtful))] if doubtful else [])]
