"""What a program reaches: whatever can change its behaviour changes its digests.

The programs lie in samples/reach, each with a small package. Every statement, number
and text of the package is changed in turn, and the program runs before and after; where
it behaves differently, its digests must differ. Definitions called `unused` must change
nothing, but where a case says `(whole)`.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import math
import random
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlnotes.book.errors import BookError

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

SAMPLES = Path(__file__).parent / "samples" / "reach"
PLAIN = int | float | bool | str


@dataclass(frozen=True)
class Case:
    """A program with its package: `files` are paths below src/, `edits` by hand."""

    title: str
    files: dict[str, str]
    main: str
    edits: tuple[tuple[str, str, str], ...]

    @property
    def is_whole(self) -> bool:
        return self.title.endswith("(whole)")


def read_cases(path: Path) -> Iterator[Case]:
    for text in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, rest = text.partition("\n")
        files, main, edits = {"mini/__init__.py": ""}, "", []
        for part in re.split(r"^>>> ", rest, flags=re.M)[1:]:
            name, _, source = part.partition("\n")
            if name == "main":
                main = ast.unparse(ast.parse(source))
            elif name.startswith("edit "):
                old, new = source.rstrip().replace("\\n", "\x00").split("\n")
                edits.append(
                    (name.split()[1], *(s.replace("\x00", "\n") for s in (old, new)))
                )
            else:
                files[name] = ast.unparse(ast.parse(source))
        yield Case(title, files, main, tuple(edits))


CASES = [case for path in sorted(SAMPLES.glob("*.txt")) for case in read_cases(path)]


@dataclass(frozen=True)
class Change:
    """A changed module: what was done, in which top-level definitions, to what text."""

    what: str
    names: frozenset[str]
    text: str

    @property
    def is_unused(self) -> bool:
        return bool(self.names) and all(
            name.lower().startswith("unused") for name in self.names
        )


def names_of(statement: ast.stmt) -> frozenset[str]:
    """Return the names that a top-level statement is about."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return frozenset([statement.name])
        case ast.Import() | ast.ImportFrom():
            return frozenset(alias.asname or alias.name for alias in statement.names)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return frozenset([name])
    return frozenset()


def changed(node: ast.AST) -> Iterator[str]:
    """Change a node in each way in turn, yield what was done, and change it back."""
    if isinstance(node, ast.Constant) and isinstance(node.value, PLAIN):
        value = node.value
        if isinstance(value, bool):
            node.value = not value
        else:
            node.value = value + ("_" if isinstance(value, str) else 1)
        yield f"{value!r} -> {node.value!r}"
        node.value = value
    for name in ("body", "orelse", "finalbody", "decorator_list", "bases"):
        items = getattr(node, name, None)
        for position, item in enumerate(items if isinstance(items, list) else ()):
            items[position : position + 1] = [ast.Pass()] if name == "body" else []
            yield f"without {ast.unparse(item)!r}"
            items[position:] = [item, *items[position + (name == "body") :]]
    if isinstance(node, ast.Module | ast.ClassDef):
        for k in range(1, len(node.body)):
            node.body[k - 1 : k + 1] = node.body[k], node.body[k - 1]
            yield f"{ast.unparse(node.body[k - 1])!r} first"
            node.body[k - 1 : k + 1] = node.body[k], node.body[k - 1]


def changes_of(source: str) -> Iterator[Change]:
    """Yield a module with one thing changed, for everything that can be."""
    tree = ast.parse(source)
    for what in changed(tree):
        text = ast.unparse(tree)
        first = what.startswith("without") and ast.parse(ast.literal_eval(what[8:]))
        names = names_of(first.body[0]) if first else frozenset()
        yield Change(what, names, text)
    for statement in tree.body:
        for node in ast.walk(statement):
            for what in changed(node):
                yield Change(what, names_of(statement), ast.unparse(tree))


class Hung(BaseException):
    """The program did not end."""


def _stop(*_: object) -> None:
    raise Hung


def behave(root: Path, program: str) -> tuple[object, ...]:
    """Run a program on the package below a folder; return all that it shows."""
    kept = dict(sys.modules)
    tau = math.tau
    space: dict[str, object] = {"__name__": "__main__", "__builtins__": __builtins__}
    shown, error = io.StringIO(), ""
    sys.path.insert(0, str(root / "src"))
    sys.dont_write_bytecode, wrote = True, sys.dont_write_bytecode
    signal.signal(signal.SIGALRM, _stop)
    random.seed(0)
    try:
        importlib.invalidate_caches()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with contextlib.redirect_stdout(shown):
            exec(compile(program, "<program>", "exec"), space)
    except (Exception, Hung) as problem:
        error = f"{type(problem).__name__}: {problem}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.path.remove(str(root / "src"))
        sys.dont_write_bytecode = wrote
        math.tau = tau
        for name in set(sys.modules) - set(kept):
            if name.partition(".")[0] == "mini":
                del sys.modules[name]
    values = {
        name: value
        for name, value in space.items()
        if isinstance(value, PLAIN) and not name.startswith("_")
    }
    return shown.getvalue(), values, re.sub(r"0x[0-9a-f]+", "0x", error)


def put(small: SmallBook, case: Case) -> None:
    for path, text in case.files.items():
        small.write(f"src/{path}", text)
    small.snippet("# %% all\n" + case.main)


def digests(small: SmallBook) -> dict[str, str]:
    try:
        return small.inputs()
    except BookError as error:
        return {"error": str(error)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_changes_the_behaviour_changes_the_digests(
    case: Case, small: SmallBook
) -> None:
    put(small, case)
    before, known = behave(small.root, case.main), digests(small)
    assert not before[2], before[2]
    count = 0
    for path, source in case.files.items():
        for change in changes_of(source):
            small.write(f"src/{path}", change.text)
            now, after = digests(small), behave(small.root, case.main)
            if after != before:
                count += 1
                assert now != known, f"missed: {path}: {change.what}"
            elif change.is_unused and not case.is_whole:
                assert now == known, f"false: {path}: {change.what}"
        small.write(f"src/{path}", source)
    for path, old, new in case.edits:
        assert case.files[path].count(old) == 1
        small.write(f"src/{path}", case.files[path].replace(old, new))
        assert behave(small.root, case.main) != before
        assert digests(small) != known, f"missed: {path}: {old} -> {new}"
        count += 1
    assert count, "nothing changed the behaviour"
