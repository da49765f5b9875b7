"""Whether the pages use the words of the book, and all languages the same ones."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.language.terms import Term
from dlnotes.book.locales.characters import HAN, LETTER
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.inline import visible
from dlnotes.book.pages.page import prose, scan


def pattern(names: Iterable[str], language: str) -> re.Pattern[str]:
    """Return what finds the names in running text, the longest first.

    Where spaces part words, they may begin with a capital and end in a plural's ending.
    """
    longest = sorted(names, key=len, reverse=True)
    if not LANGUAGES[language].spaced:
        return re.compile("|".join(map(whole, longest)) or "(?!)")
    forms = "|".join(
        f"(?i:{re.escape(name[0])}){re.escape(name[1:])}" for name in longest
    )
    endings = "|".join(LANGUAGES[language].endings)
    found = rf"(?<![\w-])(?:{forms})(?:{endings})?(?![\w-])"
    return re.compile(found if forms else "(?!)")


def whole(name: str) -> str:
    """Return what finds a name: among Han anywhere, a Latin one between no letters."""
    escaped = re.escape(name)
    is_han = re.search(f"[{HAN}]", name)
    return escaped if is_han else rf"(?<![{LETTER}]){escaped}(?![{LETTER}])"


@cache
def _finder(terms: tuple[Term, ...], language: str) -> re.Pattern[str]:
    return pattern((name for t in terms for name in t.names[language]), language)


def unpaired(
    pairs: Iterable[tuple[Block, Block]],
    terms: Iterable[Term],
    language: str,
    path: str | Path,
) -> Iterator[BookError]:
    """Yield an error for each term that only the first language of a pair says.

    Only terms that are `paired` count, and references, which keep the titles of
    their language, do not. The longest name at a place is the one meant:
    “gradient descent” does not ask for the Chinese of “gradient”.

    Args:
        pairs: blocks of the first language and their twins.
        terms: the words of the book.
        language: that of the twins.
        path: of the page with the twins.
    """
    known = tuple(terms)
    by_name = {name.lower(): term for term in known for name in term.names[FIRST]}
    section = ""
    for block, twin in pairs:
        section = block.ident or section
        if section == "references":
            continue
        theirs = visible(prose(twin))[0].lower()
        said: set[str] = set()
        for match in _finder(known, FIRST).finditer(visible(prose(block))[0]):
            term = by_name[base_form(match[0], by_name, FIRST)]
            if term.paired and term.ident not in said:
                said.add(term.ident)
                if not _says(theirs, term, language):
                    message = _unsaid(match[0], term, language)
                    yield BookError(message, path, twin.line)


def _says(text: str, term: Term, language: str) -> bool:
    """Say whether some text in small letters has a name of a term."""
    for word in term.not_in[language]:
        text = text.replace(word, "\n")
    return any(name.lower() in text for name in term.names[language])


def _unsaid(word: str, term: Term, language: str) -> str:
    names = LANGUAGES[language].comma.join(term.names[language])
    first = LANGUAGES[FIRST].name
    return f"the {first} says “{word}”, and this has none of {names}"


def unnamed(
    page: str, path: Path, text: str, terms: Iterable[Term], language: str
) -> Iterator[BookError]:
    """Yield an error for each term whose name its own page does not say.

    Args:
        page: its path below its language's folder.
        path: the one that errors tell.
        text: of the page.
        terms: the words of the book.
        language: that of the page.
    """
    blocks = scan(text)[0]
    lines = {block.ident: block.line for block in blocks if block.ident}
    said = "\n\n".join(visible(prose(block))[0] for block in blocks)
    for term in terms:
        if term.chapter != page:
            continue
        word = term.names[language][0]
        longer = term.not_in[language]
        finder = pattern([word, *longer], language)
        if not any(match[0] not in longer for match in finder.finditer(said)):
            message = f"this never says “{word}”, the name of {term.ident} in "
            message += "docs/terms.toml: say it, or name it otherwise there"
            yield BookError(message, path, lines.get(term.section, 1))


def base_form(word: str, known: Collection[str], language: str) -> str:
    """Return the name, in small letters, that a word which was found is a form of."""
    lower = word.lower()
    forms = [lower.removesuffix(end) for end in ("", *LANGUAGES[language].endings)]
    return next(form for form in forms if form in known)
