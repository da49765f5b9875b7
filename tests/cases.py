"""Small packages with a program, written as text: what the engine is tried on.

A file of cases holds `=== title`, and below it parts that begin with `>>> name`: a path
below src/ is a module, `main` the program, and other names what it is held against.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlnotes.book.errors import BookError

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

ROOMS = Path(__file__).parent / "book"


@dataclass(frozen=True)
class Case:
    """A program with its package; `parts` are what it is held against."""

    title: str
    files: dict[str, str] = field(default_factory=dict)
    main: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)

    def all(self, kind: str) -> list[str]:
        """Return the parts of one name."""
        return [text for name, text in self.parts if name == kind]

    def write(self, small: SmallBook) -> None:
        """Write the modules and the snippet into a small book."""
        for name, text in self.files.items():
            small.write(f"src/{name}", text)
        small.snippet(self.main)


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the cases of a file."""
    for text in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, rest = text.partition("\n")
        files, main, parts = {}, "", []
        for part in re.split(r"^>>> ", rest, flags=re.M)[1:]:
            name, _, source = part.partition("\n")
            source = source.rstrip("\n") + "\n"
            if name == "main":
                main = source if "# %%" in source else f"# %% main\n{source}"
            elif "/" in name and not name.startswith("edit "):
                files[name] = source
            else:
                parts.append((name, source.rstrip("\n")))
        yield Case(title, files, main, parts)


def cases(room: str, *names: str) -> pytest.MarkDecorator:
    """Have a test look at the cases of a room, one by one, as its `case`."""
    paths = [ROOMS / room / "samples" / f"{name}.txt" for name in names]
    found = [case for path in paths for case in read_cases(path)]
    return pytest.mark.parametrize("case", found, ids=[case.title for case in found])


@contextlib.contextmanager
def refused(case: Case, small: SmallBook) -> Iterator[None]:
    """Have what is done inside end with the one error of a case, which has a line."""
    with pytest.raises(BookError) as caught:
        yield
    assert caught.value.line
    assert [str(caught.value).replace(f"{small.root}/", "")] == case.all("error")
