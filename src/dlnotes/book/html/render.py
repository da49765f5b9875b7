"""The HTML and Markdown of code, captions, values and where they come from."""

import html
import re
from collections.abc import Callable

from dlnotes.book.errors import BookError
from dlnotes.book.html.bound import bound
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.inline import Piece, Value
from dlnotes.book.storage.store import Run

HELD = "\ue000"  # a private character: stands around the number of a piece
PAGE = re.compile(r'(<a href="(?![a-z]+:)[^"#]*)\.md(?=["#])')


def fence(code: str, lines: list[int], copied: str) -> str:
    """Return a fenced block of Python.

    Args:
        code: what it shows.
        lines: the numbers of the lines to highlight.
        copied: the name under which the page keeps what the block needs to run.
    """
    ticks = "`" * (max([2, *(len(run) for run in re.findall(r"`{3,}", code))]) + 1)
    marks = f' hl_lines="{" ".join(map(str, lines))}"' if lines else ""
    head = f'{{ .python{marks} data-dl-copy="{copied}" }}'
    return f"{ticks}{head}\n{code}\n{ticks}"


def marked(code: str, mark: str, where: str) -> int:
    """Return the number of the one line that contains a text.

    Raises:
        BookError: no line contains it, or several do.
    """
    found = [n for n, line in enumerate(code.splitlines(), 1) if mark in line]
    if len(found) != 1:
        what = f"lines {', '.join(map(str, found))}" if found else "no line"
        raise BookError(f'mark="{mark}" matches {what} of {where}; it must match one')
    return found[0]


def origin_of_symbol(name: str, file: str, up: str) -> str:
    """Return the line under a symbol's source that links to its file."""
    return (
        f'<p class="dl-origin" data-search-exclude><a href="{up}source/{file}">'
        f"<code>{html.escape(name)}</code></a></p>"
    )


def origin_of_cell(name: str, up: str) -> str:
    """Return the line under a cell's code that links to the snippet."""
    return (
        f'<p class="dl-origin" data-search-exclude><a href="{up}runs/{name}.py">'
        f"<code>snippets/{name}.py</code></a></p>"
    )


def value(text: str, of: Value, language: str) -> str:
    """Return a measured value with a note of where it was measured."""
    title = f"{LANGUAGES[language].words.measured_by} {of.name}.py"
    return f'<data class="dl-value" title="{title}">{html.escape(text)}</data>'


def caption(text: str, to_html: Callable[[Piece, str], str | None]) -> str:
    """Return a caption's HTML.

    Args:
        text: inline Markdown.
        to_html: the HTML of a formula or a value with the punctuation that follows,
            None for any other piece.
    """
    held: list[str] = []
    plain = ""
    for piece, closing in bound(text):
        shown = to_html(piece, closing)
        if shown is None:
            plain += piece.content if piece.kind == "dollar" else piece.raw
        else:
            plain += f"{HELD}{len(held)}{HELD}"
            held.append(shown)
    return re.sub(f"{HELD}(\\d+){HELD}", lambda m: held[int(m[1])], _inline(plain))


def _inline(text: str) -> str:
    """Convert a text to HTML; whatever it starts with, it is no list or heading."""
    from markdown import Markdown
    from markdown.blockprocessors import ParagraphProcessor
    from markdown.util import Registry

    markdown = Markdown()
    markdown.parser.blockprocessors = Registry()
    markdown.parser.blockprocessors.register(
        ParagraphProcessor(markdown.parser), "paragraph", 10
    )
    body = markdown.convert(text).removeprefix("<p>").removesuffix("</p>")
    return PAGE.sub(r"\1.html", body)


def unbroken(mathml: str, closing: str) -> str:
    """Keep the punctuation after a formula on its line."""
    if not closing:
        return mathml
    return f'<span class="dl-nobreak">{mathml}{closing}</span>'


def provenance(run: Run, language: str, up: str) -> str:
    """Return the line under an output: snippet, seconds, versions, links."""
    words = LANGUAGES[language].words
    made = run.manifest["inputs"]
    parts = [
        f"{words.run_of} <code>{run.manifest['name']}</code>",
        f"{run.seconds:.2f} s",
        f"Python {made['python']}, torch {made['torch']}, NumPy {made['numpy']}",
        downloads(run.manifest["name"], language, up),
    ]
    return f'<p class="dl-provenance" data-search-exclude>{" · ".join(parts)}</p>'


def provenance_again(name: str, language: str, up: str) -> str:
    """Return the line under a later output of the same run: a link to its page."""
    run_of = LANGUAGES[language].words.run_of
    return (
        '<p class="dl-provenance" data-search-exclude>'
        f'<a href="{up}runs/{name}.html">{run_of} {name}</a></p>'
    )


def downloads(name: str, language: str, up: str) -> str:
    """Return the links to a snippet's run page and its three downloads."""
    words = LANGUAGES[language].words
    links = {
        words.run_page: f"{name}.html",
        ".py": f"{name}.py",
        ".ipynb": f"{name}.ipynb",
        words.one_file: f"{name}_standalone.py",
    }
    return " · ".join(
        f'<a href="{up}runs/{file}"'
        f"{'' if file.endswith('.html') else ' download'}>{text}</a>"
        for text, file in links.items()
    )


def table_of_runs(runs: list[Run], language: str, up: str) -> str:
    """Return the table of all runs."""
    head = "".join(f"<th>{text}</th>" for text in LANGUAGES[language].words.runs)
    rows = []
    for run in runs:
        name, memory = run.manifest["name"], run.manifest["memory"]
        size = f"{memory / 2**20:.0f} MiB" if memory else ""
        cells = [
            f"<td><code>{name}</code></td>",
            f"<td class=number>{run.seconds:.2f}</td>",
            f"<td class=number>{size}</td>",
            f"<td>{downloads(name, language, up)}</td>",
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<figure class="dl-output dl-runs"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></figure>"
    )
