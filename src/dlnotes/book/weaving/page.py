"""A page while it is woven: what it is made from, and what is known of it so far."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dlnotes.book.errors import BookError
from dlnotes.book.html import quoted, render
from dlnotes.book.html.maths import to_mathml
from dlnotes.book.pages.directive import Directive
from dlnotes.book.pages.inline import VALUE, Piece, Value
from dlnotes.book.weaving.sources import Sources

Stash = Callable[[str], str]


@dataclass
class Page:
    """One page, and what its parts tell one another.

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

    @property
    def up(self) -> str:
        """The way from the page to the root of its language's site."""
        return "../" * self.path.count("/")

    def fail(self, error: BookError) -> None:
        """Note an error at the current line."""
        message = error.message if error.path is None else str(error)
        self.errors.append(type(error)(message, self.file, self.line))

    def html(self, piece: Piece, closing: str) -> str | None:
        """Return the HTML of a value or a formula, None for other pieces."""
        if piece.value:
            text = quoted.in_prose(self.sources.run(piece.value.name), piece.value)
            return render.value(text, piece.value, self.language)
        if piece.kind == "math":
            mathml = to_mathml(self.tex(piece.content), display=False)
            return render.unbroken(mathml, closing)
        return None

    def tex(self, tex: str) -> str:
        """Put measured values into a formula that starts on the current line."""
        start = self.line

        def put(match: re.Match[str]) -> str:
            self.line = start + tex.count("\n", 0, match.start())
            value = Value(match["name"], match["variable"], match["spec"] or "", 0, 0)
            return quoted.in_tex(self.sources.run(value.name), value)

        woven = VALUE.sub(put, tex)
        self.line = start
        return woven
