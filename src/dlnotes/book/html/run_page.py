"""Take the page that mkdocs-jupyter makes of a run, and set it as the book's own."""

import base64
import html
import json
import re
from html.parser import HTMLParser

from dlnotes.book.figures.frames import joined
from dlnotes.book.html import results
from dlnotes.book.html.copied import script
from dlnotes.book.html.pasteable import pasteable
from dlnotes.book.locales.languages import LANGUAGES

STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
SCRIPT = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)
FIGURE = re.compile(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"[^>]*>')
CODE = re.compile(r"\s*<pre>(.*)</pre>\s*", re.DOTALL)
TITLE_LINK = re.compile(r'<a class="anchor-link"[^>]*>.*?</a>')
FACTS = "<!-- facts of the run -->"  # where what the notebook does not tell belongs
PIECES = ("jp-RenderedMarkdown", "highlight-ipynb", "jp-OutputArea-output")
KINDS = {kind.media: name for name, kind in results.KINDS.items()}


class Pieces(HTMLParser):
    """Finds the texts, codes and outputs of a notebook's page, in order.

    Attributes:
        found: the cell, the class and the media type of each, and what is inside.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, str, str, str]] = []
        self._page = page
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._cell = ""
        self._depth = 0
        self._open: tuple[int, int, str, str] | None = None
        self.feed(page)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a piece begins."""
        if tag != "div":
            return
        self._depth += 1
        given = {name: value or "" for name, value in attrs}
        if given.get("id", "").startswith("cell-id="):
            self._cell = given["id"].removeprefix("cell-id=")
        kinds = [kind for kind in PIECES if kind in given.get("class", "").split()]
        if kinds and self._open is None:
            start = self._at() + len(self.get_starttag_text() or "")
            media = given.get("data-mime-type", "")
            self._open = self._depth, start, kinds[0], media

    def handle_endtag(self, tag: str) -> None:
        """Keep a piece that ends here."""
        if tag != "div":
            return
        if self._open and self._open[0] == self._depth:
            _, start, kind, media = self._open
            inside = self._page[start : self._at()].strip("\n")
            self.found.append((self._cell, kind, media, inside))
            self._open = None
        self._depth -= 1


def tidy(page: str, name: str, language: str) -> str:
    """Return the texts, code and outputs of a run's page in the markup of chapters.

    What mkdocs-jupyter adds is left out: 600 KB of styles that are the same on every
    page, scripts that ask other servers, buttons. Figures come as images, which could
    not follow the reader's theme.

    Args:
        page: the HTML of a notebook.
        name: of the run, for the names of its figures.
        language: that of the page.
    """
    shown: list[str] = []
    frames: list[str] = []
    figures, named = 0, LANGUAGES[language].words.figure
    for cell, kind, media, inside in Pieces(SCRIPT.sub("", STYLE.sub("", page))).found:
        if kind == "jp-RenderedMarkdown":
            is_title = not shown
            shown.append(TITLE_LINK.sub("", inside) + (FACTS if is_title else ""))
        elif kind == "highlight-ipynb":
            shown.append(_code(f"{name}#{cell}", inside))
        elif KINDS.get(media) == "figure":
            frames.append(_inline(inside))
            if svg := joined(frames):
                frames = []
                figures += 1
                label = named.format(number=figures, name=name)
                shown.append(results.framed("figure", _named(svg, label)))
        else:
            shown.append(results.framed(KINDS.get(media, "log"), inside))
    return "\n".join(shown)


def copies(notebook: bytes, name: str) -> str:
    """Return what the copy buttons of a run's page copy.

    Args:
        notebook: the one that the page is made from.
        name: of the run.
    """
    cells = json.loads(notebook)["cells"]
    code = {
        cell["id"]: pasteable(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code"
    }
    return script({name: code})


def _code(where: str, inside: str) -> str:
    match = CODE.fullmatch(inside)
    code = match[1].removeprefix("<span></span>") if match else inside
    where = html.escape(where)
    ident = f"cell-{where.partition('#')[2]}"
    return (
        f'<div class="language-python highlight" data-dl-copy="{where}" id="{ident}">'
        f"<pre><span></span><code>{code}</code></pre></div>"
    )


def _inline(inside: str) -> str:
    return FIGURE.sub(lambda match: base64.b64decode(match[1]).decode(), inside)


def _named(svg: str, label: str) -> str:
    named = f'<svg role="img" aria-label="{html.escape(label)}" '
    return svg.replace("<svg ", named, 1)
