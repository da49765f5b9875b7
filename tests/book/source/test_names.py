"""Names that code looks up outside itself: those that Python's compiler would."""

import ast
import re
import subprocess
import sys
import textwrap
from types import CodeType

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from dlnotes.book.source.names import chains, names

ADDRESS = re.compile(" at 0x[0-9a-f]+")
GLOBALS = ("A", "B", "C")
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


@settings(max_examples=200, deadline=None, derandomize=True)
@given(code)
def test_a_name_counts_wherever_its_value_matters(body: str) -> None:
    source = indented("def f():", body)
    try:
        function = compile(source, "<f>", "exec")
    except SyntaxError:
        reject()
    found = names(ast.parse(source).body[0])
    before = outcome(function, "")
    matter = {item for item in GLOBALS if outcome(function, item) != before}
    assert matter <= found, source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(A): return A + B", {"B"}),
        ("def f(x=A):\n    C = x\n    return lambda D: (C, D)", {"A"}),
        ("def f():\n    global C\n    C = 1", {"C"}),
        ("def f():\n    return [A for A in B if A]", {"B"}),
        ("class K(A):\n    B = 1\n    def g(self): return B, C", {"A", "B", "C"}),
        ("class K:\n    A = 1\n    def B(self): pass", set()),
        ("class K:\n    A = A", {"A"}),
        ("def f(x: A, y: 'list[B]') -> 'C':\n    z: D = x", {*"ABCD", "list"}),
        ("def f(x: Literal['not a name']): pass", {"Literal"}),
        ("A = 1", set()),
        ("A += 1", {"A"}),
        ("del A", {"A"}),
        ("A.x[B] = C", {"A", "B", "C"}),
        ("@A\ndef f(): ...", {"A"}),
        ("def f():\n    import A\n    return A.b", set()),
        ("print(f'{A!r:{B}}')", {"print", "A", "B"}),
    ],
)
def test_names_are_those_of_the_module(source: str, expected: set[str]) -> None:
    found = names(ast.parse(source).body[0])
    assert found - {"__name__"} == expected  # which every class looks up


def test_type_parameters_are_names_of_their_own() -> None:
    source = "def f[T: A](x: T) -> list[T]: ..."
    if sys.version_info < (3, 12):
        with pytest.raises(SyntaxError):
            ast.parse(source)
    else:
        assert {"A", "list"} <= names(ast.parse(source).body[0])


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_options_of_python_leave_out_no_name(option: str) -> None:
    program = (
        "import ast; from dlnotes.book.source.names import at_once, names;"
        "node = ast.parse('assert good').body[0];"
        "print(*names(node), *at_once(node)[0])"
    )
    told = subprocess.run(
        [sys.executable, option, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "good good\n"


def test_chains_are_as_long_as_they_are_written() -> None:
    tree = ast.parse("a.b.c(d)[e.f].g + h().i")
    assert sorted(name for _, name in chains(tree)) == ["a.b.c", "d", "e.f", "h"]
