"""What pages are woven from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

from dlnotes.book.errors import BookError, did_you_mean
from dlnotes.book.language.terms import Term
from dlnotes.book.source.library import Library
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.storage.cache import key_of
from dlnotes.book.storage.store import Run


@dataclass(frozen=True)
class Chapter:
    """What other pages need to know of a page: its title, the ids of its headings."""

    title: str
    anchors: frozenset[str]


ALL_RUNS = "@runs"  # the directive that shows every run


class StaleError(BookError):
    """A page needs a run that is not there."""


@dataclass(frozen=True)
class Sources:
    """What pages are woven from.

    Args:
        library: the package's source.
        snippets: by name.
        runs: the fresh ones by snippet name.
        stale: snippet name -> why it has no fresh run.
        catalogues: language -> label or comment -> its translation; the first
            language has none.
        terms: the words of the book, in the order of its chapters.
        chapters: language -> page -> its title and the ids of its headings.
        repository: the address from which the book is cloned.
    """

    library: Library
    snippets: Mapping[str, Snippet]
    runs: Mapping[str, Run]
    stale: Mapping[str, str]
    catalogues: Mapping[str, Mapping[str, str]]
    terms: tuple[Term, ...] = ()
    chapters: Mapping[str, Mapping[str, Chapter]] = field(default_factory=dict)
    repository: str = ""

    def seen_by(self, text: str) -> "Sources":
        """Return what a page can be woven from: of snippets and code, what it names.

        Args:
            text: of the page.
        """
        if ALL_RUNS in text:
            return self
        names = {*re.findall(r"\w+", text)} & self.snippets.keys()
        few: dict[str, Any] = {
            field: {name: item for name, item in found.items() if name in names}
            for field, found in self._by_snippet.items()
        }
        part = replace(self, **few)
        part.__dict__["_common"] = self._common
        symbols = re.findall(rf"\b{self.library.package}(?:\.\w+)+", text)
        part.__dict__["_code"] = self.library.digest_of(symbols)
        return part

    @cached_property
    def digest(self) -> str:
        """A digest of all of it."""
        return key_of(self._common, self._code, _plain(self._by_snippet))

    @cached_property
    def catalogue_digest(self) -> str:
        """A digest of the catalogues."""
        return key_of(_plain(self.catalogues))

    @property
    def _by_snippet(self) -> dict[str, Mapping[str, Any]]:
        return {"snippets": self.snippets, "runs": self.runs, "stale": self.stale}

    @cached_property
    def _code(self) -> str:
        """A digest of the package."""
        return self.library.digest

    @cached_property
    def _common(self) -> str:
        """A digest of what belongs to no snippet and is no code."""
        apart = {"library", *self._by_snippet}
        names = {item.name for item in fields(self)} - apart
        return key_of({name: _plain(getattr(self, name)) for name in names})

    def snippet(self, name: str) -> Snippet:
        """Return a snippet by name, with an error that offers near names."""
        if name not in self.snippets:
            hint = did_you_mean(name, self.snippets)
            raise BookError(f"no snippet {name!r} in snippets/{hint}")
        return self.snippets[name]

    def run(self, name: str) -> Run:
        """Return a fresh run by name, with an error that says why there is none."""
        self.snippet(name)
        if name not in self.runs:
            why = self.stale.get(name, "it has not run yet")
            raise StaleError(
                f"the run of {name} is stale: {why}; run `dlnotes run {name}`"
            )
        return self.runs[name]


def _plain(value: Any) -> Any:
    """Return what tells one source from another, as JSON."""
    match value:
        case Run():
            return value.digest
        case Snippet():
            return value.source
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case frozenset():
            return sorted(value)
        case tuple():
            return [_plain(item) for item in value]
    if is_dataclass(value):
        return [_plain(getattr(value, item.name)) for item in fields(value)]
    return value
