"""What a program needs: whatever can change its behaviour changes its digests.

The programs lie in samples/closure, each with a small package. Every statement, number
and text of the package is changed in turn, and the program runs before and after; where
it behaves differently, its digests must differ. Once it has, it need not run where they
differ anyhow. Definitions called `unused` must change nothing, but where a case says
`(whole)`.
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

from dlnotes.book.closure.closure import Closure
from dlnotes.book.closure.digests import digests
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.status import changes

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

SAMPLES = Path(__file__).parent / "samples" / "closure"
PLAIN = int | float | bool | str
ADDRESS = re.compile(" at 0x[0-9a-f]+")


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


def put(small: SmallBook, case: Case) -> None:
    for path, text in case.files.items():
        small.write(f"src/{path}", text)
    small.snippet("# %% all\n" + case.main)


def known_of(small: SmallBook) -> dict[str, str]:
    try:
        return small.inputs()
    except BookError as error:
        return {"error": str(error)}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_changes_the_behaviour_changes_the_digests(
    case: Case, small: SmallBook
) -> None:
    put(small, case)
    before, known = behave(small.root, case.main), known_of(small)
    assert not before[2], before[2]
    count = 0
    for path, source in case.files.items():
        for change in changes_of(source):
            small.write(f"src/{path}", change.text)
            now = known_of(small)
            may_be_false = change.is_unused and not case.is_whole
            if now != known and count and not may_be_false:
                continue  # whatever the program does now
            if behave(small.root, case.main) != before:
                count += 1
                assert now != known, f"missed: {path}: {change.what}"
            elif may_be_false:
                assert now == known, f"false: {path}: {change.what}"
        small.write(f"src/{path}", source)
    for path, old, new in case.edits:
        assert case.files[path].count(old) == 1
        small.write(f"src/{path}", case.files[path].replace(old, new))
        assert behave(small.root, case.main) != before
        assert known_of(small) != known, f"missed: {path}: {old} -> {new}"
        count += 1
    assert count, "nothing changed the behaviour"


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
    assert changes(known, small.inputs()) == ("imports of mini.a: this -> math",)


REFUSED = {
    "a child": ("import subprocess\nsubprocess.run(['ls'])", 3, "subprocess.run"),
    "a shell": ("import os\nos.system('true')", 3, "os.system"),
    "another program": ("from os import execvp\nexecvp('a', ['a'])", 3, "execvp"),
    "workers": ("import multiprocessing as m\nm.Pool(2)", 3, "m.Pool"),
    "exec": ("\nexec('x = 1')", 3, "exec"),
    "a script": ("import runpy\nrunpy.run_path('a.py')", 3, "runpy.run_path"),
    "a module run": ("import runpy\nrunpy.run_module('mini.a')", 3, "runpy.run_module"),
    "pickle": ("import pickle\npickle.loads(b'')", 3, "pickle.loads"),
    "a shelf": ("import shelve\nshelve.open('a')", 3, "shelve.open"),
    "joblib": ("import joblib\njoblib.load('a')", 3, "joblib.load"),
    "an array of objects": (
        "import numpy as np\nnp.load('a', allow_pickle=True)", 3, "allow_pickle"
    ),
    "any object of PyTorch's": (
        "import torch\ntorch.load('a', weights_only=False)", 3, "weights_only=False"
    ),
    "an image by PyTorch": (
        "from torchvision.io import read_image\nread_image('a')", 3, "read_image"
    ),
    "a database": ("import sqlite3 as s\ns.connect('a')", 3, "s.connect"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_brings_in_code_that_is_not_known_is_refused(
    small: SmallBook, what: str
) -> None:
    code, line, name = REFUSED[what]
    small.module("a", "X = 1\n")
    snippet = small.snippet(f"# %% all\n{code}\n")
    with pytest.raises(BookError) as found:
        small.inputs()
    assert (found.value.path, found.value.line) == (snippet, line)
    assert f"`{name}`" in found.value.message


def test_a_function_of_the_package_that_is_refused_has_its_own_line(
    small: SmallBook,
) -> None:
    path = small.module("a", "import os\n\n\ndef used():\n    os.popen('ls')\n")
    small.snippet("# %% all\nfrom mini.a import used\n")
    with pytest.raises(BookError, match="starts another process") as found:
        small.inputs()
    assert (found.value.path, found.value.line) == (path, 5)
