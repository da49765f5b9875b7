"""Weave a chapter: Markdown and runs in, Markdown out; a pure function."""

import re
from dataclasses import dataclass

from dlnotes.book.errors import BookError
from dlnotes.book.html import copied
from dlnotes.book.html.bound import bound
from dlnotes.book.html.maths import to_mathml
from dlnotes.book.language.hover import Marker
from dlnotes.book.language.typography import bind_arrows, join_han
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.inline import Piece
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.exhibits import exhibit
from dlnotes.book.weaving.page import Page
from dlnotes.book.weaving.sources import Sources

GHOST = "\ue002"  # a private character: the one after it is there to be joined only
HELD = re.compile("\x02(\\d+)\x03")
REPOSITORY = "[[repository]]"  # in a fence: the address to clone
AS_IT_IS = ("front-matter", "module", "html", "blank")


@dataclass
class Weaver(Page):
    """Weaves one page."""

    def __post_init__(self) -> None:
        self.marker = Marker(self.sources.terms, self.language, self.path)

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
        is_running = block.kind in ("paragraph", "item")
        if is_running and not LANGUAGES[self.language].spaced:
            text = join_han(text)
        text = bind_arrows(re.sub(f"{GHOST}.", "", text))
        explained = "/" in self.path and not self.path.startswith("reference/")
        if is_running and explained:
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

    def _equation(self, block: Block) -> str:
        self.line += block.text.count("\n", 0, block.text.find(block.tex))
        mathml = to_mathml(self.tex(block.tex), display=True)
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
