"""What pages are woven from."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dlnotes.book.errors import BookError
from dlnotes.book.snippet import Snippet
from dlnotes.book.store import Run
from dlnotes.book.symbols import Library
from dlnotes.book.terms import Term


@dataclass(frozen=True)
class Chapter:
    """What other pages need to know of a page: its title, the ids of its headings."""

    title: str
    anchors: frozenset[str]


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
        catalogue: label or comment -> Chinese.
        terms: the words of the book, in the order of its chapters.
        chapters: language -> page -> its title and the ids of its headings.
        repository: the address from which the book is cloned.
    """

    library: Library
    snippets: Mapping[str, Snippet]
    runs: Mapping[str, Run]
    stale: Mapping[str, str]
    catalogue: Mapping[str, str]
    terms: tuple[Term, ...] = ()
    chapters: Mapping[str, Mapping[str, Chapter]] = field(default_factory=dict)
    repository: str = ""

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


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that offers near names; empty without any."""
    near = difflib.get_close_matches(name, known, 3, 0.5)
    return f"; did you mean {', '.join(near)}?" if near else ""
