"""What a program needs: whatever can change its behaviour changes its digests.

The programs lie in samples/, each with a small package. Every statement, number and
text of the package is changed in turn, and the program runs before and after; where
it behaves differently, its digests must differ. Once it has, it need not run where they
differ anyhow. Definitions called `unused` must change nothing.
"""

from __future__ import annotations

import ast
import contextlib
import gc
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

from cases import Case, cases
from dlnotes.book.closure.closure import Closure
from dlnotes.book.closure.digests import digests
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.status import changes

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

KINDS = "classes", "effects", "imports", "keyed", "mixed", "names"
PLAIN = int | float | bool | str
ADDRESS = re.compile(" at 0x[0-9a-f]+")


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
    gc.disable()  # its callbacks swallow what the alarm raises
    try:
        importlib.invalidate_caches()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with contextlib.redirect_stdout(shown):
            exec(compile(program, "<program>", "exec"), space)
    except (Exception, Hung) as problem:
        error = f"{type(problem).__name__}: {problem}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.enable()
        sys.path.remove(str(root / "src"))
        sys.dont_write_bytecode = wrote
        math.tau = tau
        for name in set(sys.modules) - set(kept):
            if name.partition(".")[0] == "mini":
                del sys.modules[name]
    values = {
        name: ADDRESS.sub("", repr(value))
        for name, value in space.items()
        if isinstance(value, PLAIN) and not name.startswith("_")
    }
    return ADDRESS.sub("", shown.getvalue()), values, ADDRESS.sub("", error)


def edits(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yield path, old text and new text of each edit by hand."""
    for name, text in case.parts:
        old, new = (line.replace("\\n", "\n") for line in text.split("\n"))
        yield name.removeprefix("edit "), old, new


def known_of(small: SmallBook) -> dict[str, str]:
    try:
        return small.inputs()
    except BookError as error:
        return {"error": str(error)}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@cases("closure", *KINDS)
def test_what_changes_the_behaviour_changes_the_digests(
    case: Case, small: SmallBook
) -> None:
    case.write(small)
    files = {"mini/__init__.py": ""}
    for path, text in case.files.items():
        files[path] = ast.unparse(ast.parse(text))  # as a change is written
        small.write(f"src/{path}", files[path])
    before, known = behave(small.root, case.main), known_of(small)
    assert not before[2], before[2]
    count = 0
    for path, source in files.items():
        for change in changes_of(source):
            small.write(f"src/{path}", change.text)
            now = known_of(small)
            if now != known and count and not change.is_unused:
                continue  # whatever the program does now
            if behave(small.root, case.main) != before:
                count += 1
                assert now != known, f"missed: {path}: {change.what}"
            elif change.is_unused:
                assert now == known, f"false: {path}: {change.what}"
        small.write(f"src/{path}", source)
    for path, old, new in edits(case):
        assert files[path].count(old) == 1
        small.write(f"src/{path}", files[path].replace(old, new))
        assert behave(small.root, case.main) != before
        assert known_of(small) != known, f"missed: {path}: {old} -> {new}"
        count += 1
    assert count, "nothing changed the behaviour"


def test_only_modules_that_a_program_reaches_and_new_ones_make_it_read_again(
    small: SmallBook,
) -> None:
    small.module("a", "from mini.sub.b import X\n")
    small.module("sub.__init__", "")
    small.module("sub.b", "def f():\n    from mini.c import Y\nX = 1\n")
    small.module("c", "Y = 1\n")
    small.module("apart", "Z = 1\n")
    small.snippet("# %% all\nfrom mini.a import X\n")
    program = small.read().module
    seen = {small.book.library.digest_reached(program)}

    def is_new(name: str, text: str) -> bool:
        small.module(name, text)
        known = len(seen)
        seen.add(small.book.library.digest_reached(program))
        return len(seen) > known

    assert not is_new("apart", "Z = 2\n")
    for name in ("a", "sub.__init__", "sub.b", "c", "__init__"):
        assert is_new(name, "from mini.sub.b import X\nfrom mini.c import Y\nW = 0\n")
    assert is_new("another", "")


BODY = '''
# Above.
LIMIT = 3


def helper(x):
    """Say what it does."""
    return {"x": x, "limit": LIMIT}  # a comment


class Model:
    """A model."""

    size = 4

    def run(self, x):
        """Run it."""
        return helper(x)["x"] + self.size
'''
SAME = '''"""A module's docstring."""
LIMIT = (3)
def helper(x):
    return {
        'x': x,

        "limit": LIMIT,
    }
def unrelated():
    return 5
class Model:
    """Another text."""
    # and a comment
    size = 0x4
    def run(self, x): return (helper(x)["x"]
                              + self.size)
'''
OTHER = "# %% all\nfrom mini.a import Model\nModel().run(1)\n"


def test_comments_docstrings_layout_and_unrelated_functions_change_nothing(
    small: SmallBook,
) -> None:
    small.module("a", BODY)
    small.snippet(OTHER)
    known = small.inputs()
    small.module("a", SAME)
    assert small.inputs() == known
    small.snippet('"""Text."""\n\n# %% all\n\n# why\nfrom mini.a import (\n  Model)\n\n'
                  "(Model() .run(\n    1))  # so\n")  # fmt: skip
    assert small.inputs() == known


def test_a_docstring_counts_only_where_there_is_more_to_the_body(
    small: SmallBook,
) -> None:
    small.module("a", 'def used():\n    """Do nothing."""\n')
    small.snippet("# %% all\nfrom mini.a import used\nused()\n")
    known = small.inputs()
    small.module("a", 'def used():\n    """Do as little."""\n')
    assert small.inputs() == known
    small.module("a", 'def used():\n    return "Do nothing."\n')
    assert small.inputs() != known


def test_the_closure_names_what_it_meets(small: SmallBook) -> None:
    source = "from mini.b import X\nLIMIT = 1\ndef used():\n    return LIMIT\n"
    small.module("a", source)
    small.module("b", "TABLE = {}\nTABLE.update(x=1)\nX = 1\n")
    small.module("c", "X = 1\n")
    small.snippet("# %% all\nfrom mini.a import used\n")
    closure = small.closure()
    assert {key for key, nodes in closure.symbols.items() if nodes} == {
        ("mini.a", "used"),
        ("mini.a", "LIMIT"),
        ("mini.b", ""),
        ("mini.b", "TABLE"),
    }
    assert [module.name for module in closure.modules] == ["mini", "mini.b", "mini.a"]
    assert sorted(digests(closure)) == [
        "mini.a.LIMIT",
        "mini.a.used",
        "mini.b (on import)",
        "mini.b.TABLE",
        "order of imports",
        "order of mini.b",
    ]


LARGE = """
def used():
    if os.environ.get("DLNOTES_SCALE") == "full":
        return big()
    return small()
"""


def test_what_runs_at_full_scale_alone_counts_there_alone(small: SmallBook) -> None:
    small.module("b", "def big():\n    return 2\ndef small():\n    return 1\n")
    small.module("a", "import os\nfrom mini.b import big, small\n" + LARGE)
    small.snippet("# %% all\nfrom mini.a import used\nused()\n")
    module = small.read().module
    default = Closure(small.book.library, module)
    full = Closure(small.book.library, module, at_full_scale=True)
    assert ("mini.b", "big") in full.symbols.keys() - default.symbols.keys()
    assert ("mini.b", "small") in default.symbols


def test_what_a_module_imports_from_elsewhere_counts(small: SmallBook) -> None:
    small.module("a", "import this\ndef used():\n    return 1\n")
    small.snippet("# %% all\nfrom mini.a import used\n")
    known = small.inputs()
    small.module("a", "import math\ndef used():\n    return 1\n")
    assert changes(known, small.inputs()) == (
        "imports of mini.a: this -> math",
        "order of imports changed",
    )
