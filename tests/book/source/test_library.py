"""Finding source by name, and reading what modules define and import."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlnotes.book.errors import BookError
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module, parse
from dlnotes.book.source.syntax import bound_names, dotted, imported, loaded

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

SHAPES = '''
"""Shapes."""
import functools

PI = 3.0  # near enough
SIDES = {
    "square": 4,
}


def area(r):
    """Return the area."""
    return PI * r * r


@functools.cache
@functools.wraps(
    area
)
def cached(r):
    return area(r)


class Square:
    corners = 4

    @property
    def side(self):
        # twice
        return 2

    async def wait(self):
        pass

    class Inner:
        def deep(self):
            return 1


def _hidden():
    pass


async def later():
    pass


if PI > 3:
    def near():
        return True
'''


@pytest.fixture
def library(small: SmallBook) -> Library:
    small.module("shapes", SHAPES)
    small.module("sub.__init__", "from mini.shapes import area\nSIZE = 1\n")
    small.module("sub.deep", "SIZE = 2\n")
    return small.book.library


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("area", 'def area(r):\n    """Return the area."""\n    return PI * r * r'),
        ("PI", "PI = 3.0  # near enough"),
        ("SIDES", 'SIDES = {\n    "square": 4,\n}'),
        (
            "cached",
            "@functools.cache\n@functools.wraps(\n    area\n)\ndef cached(r):\n"
            "    return area(r)",
        ),
        (
            "Square.side",
            "@property\ndef side(self):\n    # twice\n    return 2",
        ),
        ("Square.corners", "corners = 4"),
        ("Square.wait", "async def wait(self):\n    pass"),
        ("Square.Inner.deep", "def deep(self):\n    return 1"),
        ("later", "async def later():\n    pass"),
        ("near", "if PI > 3:\n    def near():\n        return True"),
    ],
)
def test_find_returns_the_source_as_it_stands(
    library: Library, name: str, text: str
) -> None:
    symbol = library.find(f"mini.shapes.{name}")
    assert symbol.source == text
    assert symbol.path == library.folder / "shapes.py"
    lines = symbol.path.read_text().split("\n")
    assert lines[symbol.first - 1].strip() == text.split("\n")[0]
    assert lines[symbol.last - 1].strip() == text.split("\n")[-1].strip()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "mini.shapes.aera",
            "mini.shapes has no symbol 'aera'; did you mean area, later, near?",
        ),
        ("mini.shapes.xyzzy", "mini.shapes has no symbol 'xyzzy'"),
        (
            "mini.shapes.Square.sides",
            "mini.shapes.Square has no symbol 'sides'; did you mean side?",
        ),
        ("mini.shapes.area.inner", "mini.shapes.area has no symbol 'inner'"),
        ("mini.shape.area", "mini has no symbol 'shape'; did you mean shapes?"),
        ("mini.sub.dep", "mini.sub has no symbol 'dep'; did you mean deep?"),
        ("mini.sub.area", "mini.sub has no symbol 'area'"),
        (
            "mini.shapes",
            "mini.shapes is a module, not a symbol; it has "
            "PI, SIDES, area, cached, Square, later, near",
        ),
        ("mini", "mini is a module, not a symbol"),
        (
            "mine",
            "mine is not in the package; did you mean mini, mini.shapes, mini.sub?",
        ),
        ("torch.nn.functional", "torch.nn.functional is not in the package"),
    ],
)
def test_find_says_what_is_missing_and_offers_what_is_near(
    library: Library, name: str, message: str
) -> None:
    with pytest.raises(BookError) as caught:
        library.find(name)
    assert str(caught.value) == message


def test_public_lists_functions_and_classes_in_order(small: SmallBook) -> None:
    small.module("b", "def two():\n    pass\n\n\nclass One:\n    pass\n\n\nX = 1\n")
    small.module("a", "async def one():\n    pass\n\n\ndef _own():\n    pass\n")
    small.module("book.engine", "def run():\n    pass\n")
    names = [symbol.name for symbol in small.book.library.public()]
    assert names == ["mini.a.one", "mini.b.two", "mini.b.One"]


def test_modules_go_by_dotted_names(library: Library) -> None:
    assert library.names() == ["mini", "mini.shapes", "mini.sub", "mini.sub.deep"]
    module = library.module("mini.sub.deep")
    assert module is not None
    assert (module.name, module.package) == ("mini.sub.deep", "mini.sub")
    assert library.module("mini.sub.deep") is module
    assert library.module("mini.nothing") is None
    assert library.module("torch") is None
    package, rest = library.split("mini.sub.SIZE.real")
    assert package is not None
    assert (package.name, package.package, rest) == (
        "mini.sub",
        "mini.sub",
        ["SIZE", "real"],
    )
    assert library.split("torch.nn") == (None, ["torch", "nn"])


def test_a_package_comes_before_a_module_of_its_name(small: SmallBook) -> None:
    small.module("a", "X = 1\n")
    small.module("a.__init__", "X = 2\n")
    assert small.book.library.find("mini.a.X").source == "X = 2"


def test_lines_are_counted_as_python_counts_them(small: SmallBook) -> None:
    small.module("a", 'X = "\u2028\x0b"\nY = "\x0c"\ndef used():\n    return 1\n')
    symbol = small.book.library.find("mini.a.used")
    assert (symbol.first, symbol.source) == (3, "def used():\n    return 1")


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("x = 1\ny = = 2\n", 2, "not valid Python: invalid syntax"),
        ("def f():\npass\n", 2, "not valid Python: expected an indented block"),
        ("x = 1\nreturn x\n", 2, "not valid Python: 'return' outside function"),
        ("x = 1\ny = 1 is 1\n", 2, 'not valid Python: "is" with'),
        (
            "x = '\0'\n",
            None,
            "not valid Python: source code string cannot contain null",
        ),
    ],
)
def test_a_syntax_error_names_file_and_line(
    source: str, line: int | None, message: str
) -> None:
    with pytest.raises(BookError) as caught:
        parse(source, Path("a/b.py"))
    assert caught.value.message.startswith(message)
    place = "a/b.py" if line is None else f"a/b.py:{line}"
    assert str(caught.value).startswith(f"{place}: ")


def test_a_comment_names_no_other_encoding(small: SmallBook) -> None:
    small.module("a", "#!/usr/bin/python3\n# -*- coding: latin-1 -*-\nX = 1\n")
    with pytest.raises(BookError, match=r"a\.py:2: the encoding latin-1: store"):
        small.book.library.find("mini.a.X")
    small.module("a", "# -*- coding: utf-8-unix -*-\nX = 1\n")
    assert small.book.library.find("mini.a.X").source == "X = 1"


def test_a_file_that_is_not_utf8_names_the_byte(small: SmallBook) -> None:
    path = small.module("a", "")
    path.write_bytes(b"x = 1\n# \xff\n")
    with pytest.raises(BookError, match=r"a\.py: not UTF-8 text at byte 8"):
        small.book.library.module("mini.a")


def module(source: str, name: str = "mini.sub.a", package: str = "mini.sub") -> Module:
    return Module(name, Path("a.py"), source, ast.parse(source), package)


def test_definitions_are_all_statements_that_bind_or_change_a_name() -> None:
    found = module(
        "A = 1\nA += 1\nT = {}\nT['x'] = [i for i in range(3)]\nT.y.z = 1\ndel T[1]\n"
        "def f(x=(W := 1)):\n    inner = 1\nf.size = 2\n"
        "for n, (m, *o) in []:\n    p = 1\n"
        "with a as q:\n    pass\ntry:\n    pass\nexcept E as error:\n    pass\n"
        "match A:\n    case {'k': k, **rest}:\n        pass\n    case [s, *t] as u:\n"
        "        pass\nclass C:\n    field = 1\nv: int = 1\nlambda x: (y := 1)\n"
        "[j := i for i in range(3)]\n"
    )
    counts = {name: len(found.definitions[name]) for name in found.definitions}
    assert counts == {
        **dict.fromkeys(["A", "f"], 2),
        "T": 4,
        **dict.fromkeys(["W", "n", "m", "o", "p", "q", "error", "k", "rest"], 1),
        **dict.fromkeys(["s", "t", "u", "C", "v", "j"], 1),
    }


def test_imports_are_absolute_and_the_last_of_a_name_counts() -> None:
    found = module(
        "import a.b\nimport c.d as e\nfrom . import f\nfrom ..g import h as i\n"
        "from j import *\ntry:\n    from k import act\nexcept ImportError:\n"
        "    from m import act\ndef late():\n    import never\n"
        "if TYPE_CHECKING:\n    from types import Only\n"
    )
    assert found.imports == {
        "a": "a",
        "e": "c.d",
        "f": "mini.sub.f",
        "i": "mini.g.h",
        "*j": "j",
        "act": "m.act",
        "Only": "types.Only",
    }
    names = ["a.b", "c.d", "mini.sub.f", "mini.g.h", "j", "k.act", "m.act"]
    assert found.loads == [*names, "types.Only"]


def test_a_name_means_what_the_module_makes_of_it() -> None:
    found = module(
        "import numpy as np\nfrom a import f\nf.size = 1\ndef g():\n    pass\n"
    )
    assert found.meaning("np.pi") == "numpy.pi"
    assert found.meaning("f") == "a.f"
    assert found.meaning("g.size") == "mini.sub.a.g.size"
    assert found.meaning("print") == "builtins.print"


def test_small_readers_of_syntax() -> None:
    def statement(text: str) -> ast.stmt:
        return ast.parse(text).body[0]

    assert dotted(ast.parse("a.b.c", mode="eval").body) == "a.b.c"
    assert dotted(ast.parse("a().b", mode="eval").body) is None
    node = statement("from .x import y as z")
    assert isinstance(node, ast.ImportFrom)
    assert imported(node, "p.q") == {"z": "p.q.x.y"}
    assert loaded(node, "p.q") == ["p.q.x.y"]
    assert sorted(bound_names(statement("a.b, c[d], *e = 1, 2, 3"))) == ["a", "c", "e"]
