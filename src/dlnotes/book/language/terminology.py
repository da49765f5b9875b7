"""Whether the pages use the words of the book, and both languages the same ones."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.language.terms import Term
from dlnotes.book.pages.inline import visible
from dlnotes.book.pages.page import Block, prose, scan


def pattern(names: Iterable[str], language: str) -> re.Pattern[str]:
    """Return what finds the names in running text, the longest first.

    English ones may begin with a capital, and end in a plural's s or es.
    """
    longest = sorted(names, key=len, reverse=True)
    if language == "zh":
        return re.compile("|".join(map(_chinese, longest)) or "(?!)")
    forms = "|".join(
        f"(?i:{re.escape(name[0])}){re.escape(name[1:])}" for name in longest
    )
    return re.compile(rf"(?<![\w-])(?:{forms})(?:e?s)?(?![\w-])" if forms else "(?!)")


def _chinese(name: str) -> str:
    """A name in Chinese text; Latin ones, as dropout, end at a letter."""
    escaped = re.escape(name)
    return rf"(?<![A-Za-z]){escaped}(?![A-Za-z])" if name.isascii() else escaped


@cache
def _finder(terms: tuple[Term, ...], language: str) -> re.Pattern[str]:
    return pattern((name for t in terms for name in t.names[language]), language)


def unpaired(
    pairs: Iterable[tuple[Block, Block]], terms: Iterable[Term], path: str | Path
) -> Iterator[BookError]:
    """Yield an error for each term that is in the English of a pair alone.

    Only terms that are `paired` count, and references, which keep the titles of
    their language, do not. The longest name at a place is the one meant:
    “gradient descent” does not ask for the Chinese of “gradient”.
    """
    known = tuple(terms)
    by_name = {name.lower(): term for term in known for name in term.names["en"]}
    section = ""
    for en, zh in pairs:
        section = en.ident or section
        if section == "references":
            continue
        chinese = visible(prose(zh))[0].lower()
        said: set[str] = set()
        for match in _finder(known, "en").finditer(visible(prose(en))[0]):
            term = by_name[base_form(match[0], by_name)]
            if term.paired and term.ident not in said:
                said.add(term.ident)
                if not _says(chinese, term):
                    message = f"the English says “{match[0]}”, and this has none of "
                    yield BookError(
                        message + "、".join(term.names["zh"]), path, zh.line
                    )


def _says(chinese: str, term: Term) -> bool:
    """Say whether some Chinese in small letters has a name of a term."""
    for word in term.not_in:
        chinese = chinese.replace(word, "\n")
    return any(name.lower() in chinese for name in term.names["zh"])


def unnamed(
    pages: Iterable[tuple[str, Path, str]], terms: Iterable[Term], language: str
) -> Iterator[BookError]:
    """Yield an error for each term whose name its own page does not say.

    Args:
        pages: of each its path below its language's folder, the one that errors tell,
            and its text.
        terms: the words of the book.
        language: that of the pages.
    """
    homes: dict[str, list[Term]] = {}
    for term in terms:
        homes.setdefault(term.chapter, []).append(term)
    for name, path, text in pages:
        if name not in homes:
            continue
        blocks = scan(text)[0]
        lines = {block.ident: block.line for block in blocks if block.ident}
        said = "\n\n".join(visible(prose(block))[0] for block in blocks)
        for term in homes[name]:
            word = term.names[language][0]
            if not any(
                match[0] not in term.not_in
                for match in pattern([word, *term.not_in], language).finditer(said)
            ):
                message = f"this never says “{word}”, the name of {term.ident} in "
                message += "docs/terms.toml: say it, or name it otherwise there"
                yield BookError(message, path, lines.get(term.section, 1))


def base_form(word: str, known: Collection[str]) -> str:
    """Return the name, in small letters, that a word which was found is a form of."""
    lower = word.lower()
    forms = (lower, lower.removesuffix("s"), lower.removesuffix("es"))
    return next(form for form in forms if form in known)
