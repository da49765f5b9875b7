"""The glossary and the index of concepts, from the terms and the chapters."""

import html
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from dlnotes.book.language.terms import Term
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.weaving.sources import Chapter, Sources


def glossary(sources: Sources, language: str, up: str) -> str:
    """Return every term with its meaning, in the order of its language."""
    entries, link = [], LANGUAGES[language].words.term_link
    for term in sorted(sources.terms, key=lambda term: _order(term, language)):
        names = _distinct(term.names[language])
        where = f" {_link(term, sources, language, up, None)}" if term.chapter else ""
        entries.append(
            f'<dt id="{term.ident}"><dfn>{_listed(names, language)}</dfn>'
            f"{''.join(_elsewhere(term, language, names))}"
            f'<a class="headerlink" href="#{term.ident}" title="{link}">'
            f"#</a></dt>"
            f"<dd>{_e(term.meanings[language])}{where}</dd>"
        )
    return f'<dl class="dl-glossary">{"".join(entries)}</dl>'


def concepts(sources: Sources, language: str, up: str) -> str:
    """Return the concepts of each chapter, in the order of reading."""
    entries = []
    found = (term for term in sources.terms if term.is_concept)
    for page, terms in groupby(found, key=lambda term: term.chapter):
        chapter = _chapter(sources, language, page)
        links = [
            _link(term, sources, language, up, term.names[language][0])
            for term in terms
        ]
        entries.append(
            f'<dt><a href="{up}{_url(page)}">{_e(chapter.title)}</a></dt>'
            f"<dd>{LANGUAGES[language].comma.join(links)}</dd>"
        )
    return f'<dl class="dl-concepts">{"".join(entries)}</dl>'


def _elsewhere(term: Term, language: str, shown: list[str]) -> Iterator[str]:
    """Yield the names of a term in each other language, but those that are shown."""
    for other in LANGUAGES:
        names = [name for name in _distinct(term.names[other]) if name not in shown]
        if names and other != language:
            yield f' <span lang="{other}">{_listed(names, other)}</span>'


def _distinct(names: Iterable[str]) -> list[str]:
    """Return names without other spellings of one: “minibatch” after “mini-batch”."""
    spelled = {_letters(name): name for name in reversed([*names])}
    return [name for name in names if name in spelled.values()]


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _listed(names: list[str], language: str) -> str:
    return LANGUAGES[language].comma.join(map(_e, names))


def _order(term: Term, language: str) -> bytes:
    return LANGUAGES[language].sort_key(term.names[language][0].lower())


def _link(
    term: Term, sources: Sources, language: str, up: str, text: str | None
) -> str:
    """Link to the heading a term stands under, or else to the head of its chapter."""
    chapter = _chapter(sources, language, term.chapter)
    anchor = f"#{term.section}" if term.section in chapter.anchors else ""
    label = chapter.title if text is None else text
    return f'<a href="{up}{_url(term.chapter)}{anchor}">{_e(label)}</a>'


def _chapter(sources: Sources, language: str, page: str) -> Chapter:
    """Return a chapter; one that is missing is told by the check of the terms."""
    found = sources.chapters.get(language, {})
    return found.get(page) or Chapter(page, frozenset())


def _url(page: str) -> str:
    return page.removesuffix(".md") + ".html"


def _e(text: str) -> str:
    return html.escape(text)
