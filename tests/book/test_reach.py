"""What a program reaches: whatever can change its behaviour changes its digests.

The programs lie in samples/reach, each with a small package. Every statement, number
and text of the package is changed in turn, and the program runs before and after; where
it behaves differently, its digests must differ. Once it has, it need not run where they
differ anyhow. Definitions called `unused` must change nothing, but where a case says
`(whole)`.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import gc
import importlib
import io
import math
import random
import re
import signal
import symtable
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from dlnotes.book.errors import BookError
from dlnotes.book.freshness.status import changes
from dlnotes.book.source.references import references

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

SAMPLES = Path(__file__).parent / "samples" / "reach"
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


def digests(small: SmallBook) -> dict[str, str]:
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
    before, known = behave(small.root, case.main), digests(small)
    assert not before[2], before[2]
    count = 0
    for path, source in case.files.items():
        for change in changes_of(source):
            small.write(f"src/{path}", change.text)
            now = digests(small)
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
        assert digests(small) != known, f"missed: {path}: {old} -> {new}"
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


def test_reach_names_what_it_meets(small: SmallBook) -> None:
    small.module("a", "import mini.b\nLIMIT = 1\ndef used():\n    return LIMIT\n")
    small.module("b", "TABLE = {}\nTABLE.update(x=1)\n")
    small.module("c", "X = 1\n")
    small.snippet("# %% all\nfrom mini.a import used, gone\nimport mini.absent\n")
    reach = small.reach()
    assert set(reach.symbols) == {
        ("mini.a", "used"),
        ("mini.a", "LIMIT"),
        ("mini.b", ""),
        ("mini.b", "TABLE"),
    }
    assert reach.modules == {"mini", "mini.a", "mini.b"}
    assert reach.missing == {"mini.a.gone", "mini.absent"}
    assert sorted(reach.digests()) == [
        "mini.a.LIMIT",
        "mini.a.gone",
        "mini.a.used",
        "mini.absent",
        "mini.b (on import)",
        "mini.b.TABLE",
        "order of mini.b",
    ]
    assert reach.digests()["mini.absent"] == "missing"


def test_resolve_follows_a_name_to_its_definition(small: SmallBook) -> None:
    small.module("sub.__init__", "from mini.sub.deep import used as offered, sin\n")
    small.module("sub.deep", "from math import sin\ndef used():\n    return 1\n")
    small.snippet("# %% all\nfrom mini.sub import offered, sin\n")
    reach = small.reach()
    assert reach.resolve("mini.sub.offered") == ("mini.sub.deep", "used")
    assert reach.resolve("mini.sub.sin") is None
    assert reach.resolve("mini.sub.nothing") is None
    assert "mini.sub.nothing" in reach.missing


def test_target_says_what_a_name_means_in_its_module(small: SmallBook) -> None:
    source = "from math import sin\nfrom mini import b as c\ndef f():\n    return 1\n"
    small.module("a", source)
    small.module("b", "X = 1\n")
    small.snippet("# %% all\nprint(1)\n")
    reach, module = small.reach(), small.book.library.module("mini.a")
    found = references(ast.parse("f() + c.X + sin(1) + print()").body, "mini")
    names = {item.name: reach.target(module, item) for item in found}
    assert names == {"f": "mini.a.f", "c.X": "mini.b.X", "sin": None, "print": None}


def test_a_module_that_cannot_be_imported_is_noticed_by_the_name_it_lacks(
    small: SmallBook,
) -> None:
    small.module("a", "import math\nUNUSED = math.pi\ndef used():\n    return 1\n")
    small.snippet("# %% all\nfrom mini.a import used\n")
    known = small.inputs()
    small.module("a", "UNUSED = math.pi\ndef used():\n    return 1\n")
    assert "mini.a.math is missing" in changes(known, small.inputs())


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
        "import numpy as np\nnp.load('a', allow_pickle=True)", None, "allow_pickle"
    ),
    "the file of a module": (
        "import mini.a\nopen(mini.a.__file__)", 3, "mini.a.__file__"
    ),
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


def type_parameter(name: str) -> ast.AST:
    """Return what Python 3.12 reads `[T]` as; this works on older ones too."""
    kind = type("TypeVar", (ast.AST,), {"_fields": ("name", "bound")})
    return kind(name=name, bound=ast.Name("Bound", ast.Load()))


def test_type_parameters_are_names_of_their_own() -> None:
    code = "@outer\ndef f(x: T = T) -> T:\n    return T\nclass C(T):\n    x: T\nT\n"
    tree = ast.parse(code)
    tree.body[0].type_params = [type_parameter("T")]
    tree.body[1].type_params = [type_parameter("T")]
    found = [(item.name, item.node.lineno) for item in references(tree.body, "")]
    assert sorted(found) == [("T", 2), ("T", 6), ("outer", 1)]


def test_a_reference_tells_what_surrounds_it() -> None:
    code = """
        from a import b
        def f(x, y=D):
            import m.n
            global G
            G = x
            return [E for z in y]
        class C:
            k = D
            v: "Q" = k
    """
    found = references(ast.parse(textwrap.dedent(code)).body, "pkg")
    told = {item.name: item for item in found}
    assert told["a.b"].is_import
    assert told["m.n"].is_import
    assert told["E"].local == {"x", "y", "m", "z"}
    assert told["G"].local == {"x", "y", "m"}
    assert (told["E"].is_late, told["D"].is_late, told["Q"].is_late) == (
        True,
        False,
        True,
    )
    assert "k" not in told


GLOBALS = ("A", "B", "C")
GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
DECLARED = ("global", "nonlocal")
name = st.sampled_from(GLOBALS)


def expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Write an expression around smaller ones; it is called where it is a function."""
    build = st.builds
    return st.one_of(
        build("({}, {})".format, inner, inner),
        build("(lambda {}, k={}: {})({})".format, name, inner, inner, inner),
        build("[{} for {} in ({}, 1) if {}]".format, inner, name, inner, inner),
        build(
            "[[{} for {} in ({},)] for {} in (1, 2)]".format, inner, name, inner, name
        ),
        build("({} := {})".format, name, inner),
        build("({} if {} else {})".format, inner, inner, inner),
        build('f"{{{}!r}}"'.format, name),
    )


expression = st.recursive(st.one_of(name, st.just("1")), expressions, max_leaves=4)


def indented(head: str, body: str) -> str:
    return head + "\n" + textwrap.indent(body, "    ")


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Write statements around smaller ones."""
    function = st.builds(
        lambda parameter, value, declared, body: (
            indented(f"def g({parameter}={value}):", f"{declared}{body}")
            + "\nLOG.append(g())"
        ),
        st.one_of(name, st.just("p")),
        expression,
        st.one_of(
            st.just(""),
            name.map("global {}\n".format),
            name.map("nonlocal {}\n".format),
        ),
        inner,
    )
    return st.one_of(
        st.builds("{}\n{}".format, inner, inner),
        function,
        st.builds(lambda body: indented("class K:", body), inner),
        st.builds(lambda n, body: indented(f"for {n} in (1, 2):", body), name, inner),
        st.builds(
            lambda n, body, other: (
                indented("try:", body)
                + "\n"
                + indented(f"except Exception as {n}:", other)
            ),
            name,
            inner,
            inner,
        ),
        st.builds(
            lambda value, n, body: indented(
                f"match {value}:", indented(f"case [{n}, *_]:", body)
            ),
            expression,
            name,
            inner,
        ),
    )


simple = st.one_of(
    st.builds("{} = {}".format, name, expression),
    st.builds("{} += ({},)".format, name, expression),
    st.builds("LOG.append({})".format, expression),
    st.builds("{}: int = {}".format, name, expression),
    st.builds("del {}".format, name),
    st.builds("import math as {}".format, name),
    st.just("pass"),
)
code = st.recursive(simple, blocks, max_leaves=6)


def outcome(function: CodeType, changed: str) -> str:
    """Run a function with one global changed; return all that it shows."""
    log: list[object] = []
    space = {item: (item.lower(), item == changed) for item in GLOBALS} | {"LOG": log}
    try:
        exec(function, space)
        space["f"]()
    except Exception as error:
        log.append(type(error))
    return ADDRESS.sub("", repr(log))


def global_names(table: symtable.SymbolTable, read: set[str]) -> set[str]:
    """Return the names that may be looked up in the module, as Python itself says.

    Args:
        read: names that count as read in a class; it does not say so of `A += 1`.
    """
    kind, found = table.get_type(), set()
    for symbol in table.get_symbols() if kind != "module" else ():
        name = symbol.get_name()
        in_class = kind == "class" and (symbol.is_referenced() or name in read)
        found |= {name} if symbol.is_global() or in_class else set()
    return found.union(*(global_names(child, read) for child in table.get_children()))


def looked_up(function: CodeType) -> set[str]:
    """Return the global names that compiled code uses.

    Since Python 3.12 the table of symbols leaves out the scope of a comprehension that
    becomes part of the code around it, and with it what is global there.
    """
    inner = [item for item in function.co_consts if isinstance(item, CodeType)]
    uses = (item for item in dis.get_instructions(function) if item.opname in GLOBAL)
    return {item.argval for item in uses}.union(*map(looked_up, inner))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(code)
def test_scopes_are_those_of_python(body: str) -> None:
    """A name is a global one where Python says so, and wherever its value matters."""
    source = indented("def f():", body)
    try:
        function = compile(source, "<f>", "exec")
    except SyntaxError:
        reject()
    found = references(ast.parse(source).body, "")
    roots = {item.name.split(".")[0] for item in found if not item.is_absolute}
    before = outcome(function, "")
    for item in GLOBALS:
        if outcome(function, item) != before and item not in roots:
            pytest.fail(f"{item} matters and is not reached:\n{source}")
    grown = set(re.findall(r"(\w) \+=", source))
    allowed = global_names(symtable.symtable(source, "<f>", "exec"), grown)
    assert roots & set(GLOBALS) <= allowed | looked_up(function), source
