"""Mark the first use of a term on a page, so that its meaning can be looked at."""

import html
import re
from collections.abc import Iterable
from functools import cache

from dlnotes.book.language.terminology import base_form, pattern
from dlnotes.book.language.terms import Term
from dlnotes.book.pages.inline import inline


class Marker:
    """Marks terms in the running text of one page, each where it comes first.

    The page's own terms are left alone: it explains them. So are longer words in
    which a name is another word.
    """

    def __init__(self, terms: Iterable[Term], language: str, page: str) -> None:
        self.language = language
        self.terms = tuple(term for term in terms if term.chapter != page)
        self.left = tuple(
            word
            for term in terms
            for word in (
                *(term.names[language] if term.chapter == page else ()),
                *term.not_in[language],
            )
        )
        self.seen: set[str] = set()

    def mark(self, text: str) -> str:
        """Return running text with the terms in it marked that are new."""
        if not self.terms:
            return text
        finder, meanings = _index(self.terms, self.left, self.language)
        linked = _link_texts(text)

        start = 0

        def put(match: re.Match[str]) -> str:
            at = start + match.start()
            term = meanings[base_form(match[0], meanings, self.language)]
            if term is None or any(first <= at < last for first, last in linked):
                return match[0]
            if term.ident in self.seen:
                return match[0]
            self.seen.add(term.ident)
            meaning = html.escape(term.meanings[self.language])
            return f'<abbr tabindex="0" title="{meaning}">{match[0]}</abbr>'

        pieces = []
        for piece in inline(text):
            start = piece.start
            is_text = piece.kind == "text"
            pieces.append(finder.sub(put, piece.raw) if is_text else piece.raw)
        return "".join(pieces)


def _link_texts(text: str) -> list[tuple[int, int]]:
    """Return where the texts of links stand."""
    return [
        (max(text.rfind("[", 0, piece.start), 0), piece.start)
        for piece in inline(text)
        if piece.kind in ("link", "image") and piece.raw.startswith("]")
    ]


@cache
def _index(
    terms: tuple[Term, ...], left: tuple[str, ...], language: str
) -> tuple[re.Pattern[str], dict[str, Term | None]]:
    """Return what finds the names, and their terms; those `left` alone have none."""
    names = [(name, term) for term in terms for name in term.names[language]]
    finder = pattern([*(name for name, _ in names), *left], language)
    nothing: dict[str, Term | None] = {name.lower(): None for name in left}
    return finder, nothing | {name.lower(): term for name, term in names}
