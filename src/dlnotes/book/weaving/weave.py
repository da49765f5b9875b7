"""Weave a chapter: Markdown and runs in, Markdown out; a pure function."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dlnotes.book.errors import BookError
from dlnotes.book.html import copied, render
from dlnotes.book.html.bound import bound
from dlnotes.book.html.maths import to_mathml
from dlnotes.book.language.hover import Marker
from dlnotes.book.language.typography import bind_arrows, join_han
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.directive import Directive
from dlnotes.book.pages.inline import VALUE, Piece, Value
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving import quoted
from dlnotes.book.weaving.exhibits import exhibit
from dlnotes.book.weaving.sources import Sources

GHOST = "\ue002"  # a private character: the one after it is there to be joined only
HELD = re.compile("\x02(\\d+)\x03")
REPOSITORY = "[[repository]]"  # in a fence: the address to clone
AS_IT_IS = ("front-matter", "module", "html", "blank")

Stash = Callable[[str], str]


@dataclass
class Weaver:
    """Weaves one page.

    Args:
        sources: what to weave from.
        language: that of the page.
        path: the page's path below its language's folder, such as
            `foundations/perceptron.md`; `file` is what errors call it.
        stash: keeps a piece of HTML out of Markdown's way; returns what stands for it.
        errors: what is wrong with the page, by line.
        line: the line that is being woven.
        shown: how many outputs the page shows so far.
        told: the runs of which the page has told so far how they were made.
        directives: those of the page.
        copied: what its copy buttons copy; see `copied.script`.
    """

    sources: Sources
    language: str
    path: str
    file: str
    stash: Stash
    errors: list[BookError] = field(default_factory=list)
    line: int = 1
    shown: int = 0
    told: set[str] = field(default_factory=set)
    directives: list[Directive] = field(default_factory=list)
    copied: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.marker = Marker(self.sources.terms, self.language, self.path)

    @property
    def up(self) -> str:
        """The way from the page to the root of its language's site."""
        return "../" * self.path.count("/")

    def weave(self, text: str) -> str:
        """Return the woven page; `errors` then holds what is wrong with it."""
        blocks, errors = scan(text, self.file)
        self.errors += errors
        self.directives = [block.directive for block in blocks if block.directive]
        woven = "".join([self._block(block) for block in blocks])
        if self.copied and not self.errors:
            woven += f"\n\n{self.stash(copied.script(self.copied))}\n\n"
        self.errors.sort(key=lambda error: error.line or 0)
        return woven

    def fail(self, error: BookError) -> None:
        """Note an error at the current line."""
        message = error.message if error.path is None else str(error)
        self.errors.append(type(error)(message, self.file, self.line))

    def _block(self, block: Block) -> str:
        self.line = block.line
        try:
            if block.directive:
                return self._directive(block)
            if block.kind == "equation":
                return self._equation(block)
            if block.kind == "fence":
                return block.text.replace(REPOSITORY, self.sources.repository)
        except BookError as error:
            self.fail(error)
            return block.text
        if block.kind in AS_IT_IS:
            return block.text
        text = self._prose(block)
        runs = block.kind in ("paragraph", "item")
        if runs and not LANGUAGES[self.language].spaced:
            text = join_han(text)
        text = bind_arrows(re.sub(f"{GHOST}.", "", text))
        if runs and "/" in self.path and not self.path.startswith("reference/"):
            text = self.marker.mark(text)
        return text

    def _prose(self, block: Block) -> str:
        """Weave running text: values become text, formulas MathML.

        After a formula stand the ghosts of the punctuation that it took along.
        """
        woven = []
        for piece, closing in bound(block.text):
            self.line = block.line + block.text.count("\n", 0, piece.start)
            try:
                woven.append(self._piece(piece, closing))
                woven += [GHOST + mark for mark in closing]
            except BookError as error:
                self.fail(error)
                woven.append(piece.raw + closing)
        return "".join(woven)

    def _piece(self, piece: Piece, closing: str) -> str:
        html = self.html(piece, closing)
        if html is not None:
            return self.stash(html)
        return piece.content if piece.kind == "dollar" else piece.raw

    def html(self, piece: Piece, closing: str) -> str | None:
        """Return the HTML of a value or a formula, None for other pieces."""
        if piece.value:
            text = quoted.in_prose(self.sources.run(piece.value.name), piece.value)
            return render.value(text, piece.value, self.language)
        if piece.kind == "math":
            mathml = to_mathml(self._tex(piece.content), display=False)
            return render.unbroken(mathml, closing)
        return None

    def _tex(self, tex: str) -> str:
        """Put measured values into a formula that starts on the current line."""
        start = self.line

        def put(match: re.Match[str]) -> str:
            self.line = start + tex.count("\n", 0, match.start())
            value = Value(match["name"], match["variable"], match["spec"] or "", 0, 0)
            return quoted.in_tex(self.sources.run(value.name), value)

        woven = VALUE.sub(put, tex)
        self.line = start
        return woven

    def _equation(self, block: Block) -> str:
        self.line += block.text.count("\n", 0, block.text.find(block.tex))
        mathml = to_mathml(self._tex(block.tex), display=True)
        held = self.stash(f'<div class="dl-equation">{mathml}</div>')
        return f"\n{block.indent}{held}\n\n"

    def _directive(self, block: Block) -> str:
        assert block.directive is not None
        lines = "\n\n".join(exhibit(self, block.directive)).split("\n")
        woven = "\n".join(block.indent + line if line else "" for line in lines)
        return f"\n{woven}\n\n"


def weave(text: str, language: str, sources: Sources, *, path: str = "page.md") -> str:
    """Weave a page.

    Args:
        text: the Markdown of a chapter.
        language: that of the page.
        sources: symbols, snippets, runs, and translations.
        path: where the page lies below its language's folder.

    Raises:
        BookError: the first thing that is wrong, with file and line.
    """
    held: list[str] = []

    def hold(html: str) -> str:
        held.append(html)
        return f"\x02{len(held) - 1}\x03"

    weaver = Weaver(sources, language, path, f"docs/{language}/{path}", hold)
    woven = weaver.weave(re.sub("[\x02\x03]", "", text))
    if weaver.errors:
        raise weaver.errors[0]
    return HELD.sub(lambda match: held[int(match[1])], woven)
