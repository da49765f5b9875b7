"""A snippet written as one program does what the snippet does, without the package."""

import ast
import contextlib
import importlib
import io
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.export import standalone

Export = Callable[..., str]

LINEAR = '''
import math

SCALE = 2  # of everything


def unused(x):
    return math.sin(x)


# Why it doubles.
def double(x):
    """Return x times SCALE."""
    return SCALE * x  # a number


def same(function):
    return function


class Model:
    def __init__(self, w):
        self.w = double(w)
'''


class Refuse:
    """A finder that has no package `toy`."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name.split(".")[0] == "toy":
            raise ImportError(f"the exported program imports {name}")
        return None


@contextlib.contextmanager
def fresh(book: Book | None) -> Iterator[None]:
    """Let `toy` be the package of a book, or nothing at all."""
    path, finders = list(sys.path), list(sys.meta_path)
    if book:
        sys.path.insert(0, str(book.root / "src"))
    else:
        sys.meta_path.insert(0, Refuse())
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, finders
        for name in [name for name in sys.modules if name.split(".")[0] == "toy"]:
            del sys.modules[name]


def printed(source: str, book: Book | None) -> str:
    """Run a program and return what it prints."""
    out = io.StringIO()
    with fresh(book), contextlib.redirect_stdout(out):
        code = compile(source, "program", "exec", dont_inherit=True)
        exec(code, {"__name__": "__main__"})
    return out.getvalue()


def write(folder: Path, snippet: str, modules: dict[str, str]) -> Book:
    """Write a book of one snippet, `x`; module `a__b` is the file a/b.py."""
    snippet = textwrap.dedent(snippet).lstrip("\n")
    if "# %%" not in snippet:
        snippet = f"# %% main\n{snippet}"
    files = {"snippets/x.py": snippet, "src/toy/__init__.py": ""}
    for name, text in modules.items():
        path = "/__init__".join(name.replace("__", "/").split("/init/"))
        files[f"src/toy/{path}.py"] = textwrap.dedent(text).lstrip("\n")
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return Book(folder, "toy")


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Return a function that exports, and holds that both programs print the same."""

    def run(snippet: str, **modules: str) -> str:
        book = write(tmp_path, snippet, modules)
        program = standalone(book, book.snippets["x"])
        before = printed(book.snippets["x"].source, book)
        assert printed(program, None) == before
        assert before
        return program

    return run


def refused(folder: Path, snippet: str, **modules: str) -> str:
    """Return the message of a refusal, with paths from the book's root."""
    book = write(folder, snippet, modules)
    with pytest.raises(BookError) as caught:
        standalone(book, book.snippets["x"])
    return str(caught.value).replace(f"{folder}/", "")


def defined(program: str) -> list[str]:
    """Return what a program defines at its top level, in order."""
    kinds = ast.FunctionDef | ast.ClassDef
    return [node.name for node in ast.parse(program).body if isinstance(node, kinds)]


def test_a_program_reads_from_top_to_bottom(export: Export) -> None:
    program = export(
        '''
        """Double a number."""

        # %% imports
        import sys

        from toy.linear import Model

        # %% run
        # The weight.
        print(Model(3).w, file=sys.stdout)
        ''',
        linear=LINEAR,
    )
    assert program == textwrap.dedent(
        '''\
        """Double a number."""
        # Written from snippets/x.py by `dlnotes export`.

        import sys

        # %% toy.linear
        SCALE = 2  # of everything


        # Why it doubles.
        def double(x):
            """Return x times SCALE."""
            return SCALE * x  # a number


        class Model:
            def __init__(self, w):
                self.w = double(w)


        # %% run
        # The weight.
        print(Model(3).w, file=sys.stdout)
        '''
    )


SPELLINGS = [
    "from toy.linear import double\nprint(double(1))",
    "from toy.linear import double as twice\nprint(twice(1))",
    "from toy import linear\nprint(linear.double(1))",
    "from toy import linear as l\nprint(l.double(1), l.SCALE.bit_length())",
    "import toy.linear\nprint(toy.linear.double(toy.linear.SCALE))",
    "import toy.linear as lin\nprint(lin . double(1))",
    "import toy.linear\nprint((toy\n  .linear # why\n .double).__name__)",
    "def f(x):\n    from toy.linear import double\n    return double(x)\nprint(f(1))",
    "def f(x):\n    import toy.linear\n    return toy.linear.double(x)\nprint(f(1))",
    "f = lambda x: toy.linear.double(x)\nimport toy.linear\nprint(f(1))",
    "import toy.linear as t; import math; print(t.double(math.pi))",
    "from toy import linear\nprint('σ', f'σ {linear.double(1)} {linear.SCALE:>{5}}')",
    "from toy import linear\nprint(f'η' f'''\n  ηη {linear.double(2)}''')",
    "from toy.api import double\nprint(double(1))",
    "from toy import api\nprint(api.double(1), api.lin.double(2), api.math.pi)",
    "import toy.linear as t\nclass A(t.Model):\n    s = t.SCALE\nprint(A(1).w, A.s)",
    "from toy import linear\n@linear.same\ndef f(): return linear.SCALE\nprint(f())",
    "import toy.linear\nprint([toy.linear.double(toy) for toy in [toy.linear][:0]], 1)",
]


@pytest.mark.parametrize("snippet", SPELLINGS[:-1])
def test_every_spelling_of_a_reference_becomes_a_flat_name(
    export: Export, snippet: str
) -> None:
    api = "import math\nfrom . import linear as lin\nfrom .linear import double\n"
    program = export(snippet, linear=LINEAR, api=api)
    body = program.split("# %% main")[1]
    assert "toy" not in body
    assert "linear" not in body
    assert "unused" not in defined(program)
    assert len(defined(program)) == len(set(defined(program)))


def test_a_relative_import_within_a_package_is_followed(export: Export) -> None:
    program = export(
        "from toy.nn.block import block\nprint(block(1))",
        nn__init__="",
        nn__block="from ..linear import double\nfrom .act import relu\n\n"
        "def block(x):\n    return relu(double(x))\n",
        nn__act="def relu(x):\n    return max(x, 0)\n",
        linear=LINEAR,
    )
    assert defined(program) == ["double", "relu", "block"]


def test_an_import_in_a_function_leaves_with_its_line_or_becomes_pass(
    export: Export,
) -> None:
    program = export(
        """
        def f(x):
            from toy.linear import double

            return double(x)

        def g():
            import toy.linear

        def h(x):
            import math, toy.linear
            return toy.linear.double(math.floor(x))

        print(f(1), g(), h(2.5))
        """,
        linear=LINEAR,
    )
    assert "def f(x):\n    return double(x)\n" in program
    assert "def g():\n    pass\n" in program
    assert "def h(x):\n    import math\n    return double(math.floor(x))\n" in program


def test_two_symbols_of_one_name_are_told_apart(export: Export) -> None:
    program = export(
        "from toy.a import check\nfrom toy.b import Net\nprint(check(1), Net().go())",
        a="def check(x):\n    return x and f'a{check(0)}'\n",
        b="def check(x):\n    return f'b{x}'\n\n\n"
        "class Net:\n    def go(self):\n        return check(2)\n",
    )
    assert defined(program) == ["check_a", "check_b", "Net"]
    assert "x and f'a{check_a(0)}'" in program
    assert "print(check_a(1), Net().go())" in program


def test_modules_of_one_name_are_told_apart_by_their_packages(export: Export) -> None:
    program = export(
        "from toy.a.nn import f\nfrom toy.b import nn\nprint(f(), nn.f())",
        a__init__="",
        a__nn="def f():\n    return 1\n",
        b__init__="",
        b__nn="def f():\n    return 2\n",
    )
    assert defined(program) == ["f_nn", "f_b_nn"]


@pytest.mark.parametrize(
    ("snippet", "name"),
    [
        ("from toy import a\nfit = a.fit(1)\nprint(fit, a.twice(2))", "fit_a"),
        ("import toy.a\nfrom math import sqrt as fit\nprint(toy.a.fit(fit(4)))", "fit_a"),
        ("from toy.a import fit as f\ndef g(fit):\n    return f(fit)\nprint(g(1))", "fit_a"),
        ("from toy.a import fit\nfit = fit(1)\nprint(fit)", "fit_a"),
        ("import toy.a as t\nfor fit in [1]:\n    print(t.fit(fit))", "fit_a"),
        ("import toy.a as t\nprint([t.fit(fit) for fit in [1]])", "fit_a"),
        ("import toy.a as t\nprint([fit for fit in [1]], t.fit(2))", "fit"),
        ("import toy.a as t\ndef g():\n    fit = 1\n    return fit\nprint(g(), t.fit(2))", "fit"),
        ("import toy.a as t\nclass A:\n    fit = 1\n    two = t.fit(2)\nprint(A.two)", "fit_a"),
        ("import toy.a as t\nfit_a = fit = 1\nprint(t.fit(fit_a))", "fit_a_2"),
        ("import toy.a as t\ntry:\n    1 / 0\nexcept ZeroDivisionError as fit:\n"
         "    print(t.twice(2))", "fit_a"),
    ],
)  # fmt: skip
def test_a_symbol_gives_way_to_the_names_of_the_snippet(
    export: Export, snippet: str, name: str
) -> None:
    module = (
        "def fit(x):\n    return x + 1\n\n\ndef twice(x):\n    return fit(fit(x))\n"
    )
    program = export(snippet, a=module)
    assert defined(program)[0] == name


def test_a_symbol_gives_way_to_a_builtin_that_others_use(export: Export) -> None:
    program = export(
        "from toy.a import sum as total\nprint(total([1]), sum([2]))",
        a="def sum(x):\n    return sum_(x) * 100\n\n\nfrom toy.b import sum_\n",
        b="def sum_(x):\n    return sum(x)\n",
    )
    assert defined(program) == ["sum_", "sum_a"]


def test_a_name_that_the_snippet_binds_again_is_first_what_it_imports(
    export: Export,
) -> None:
    program = export(
        """
        from toy.linear import double, SCALE

        print(double(1))
        double = double(2)
        SCALE += double
        print(double, SCALE)
        """,
        linear=LINEAR,
    )
    assert "double = double_linear\nSCALE = SCALE_linear\n" in program


def test_constants_come_in_whole_statements_and_in_their_order(export: Export) -> None:
    program = export(
        "from toy.a import C, f\nC['y'] = 2\nprint(C, f())",
        a="""
        A, B = 1, 2
        C = {
            "x": A,  # first
        }
        C["z"] = 3

        try:
            import json
        except ImportError:
            json = None

        if B > 1:
            def f():
                return json.dumps([B])
        else:
            def f():
                return ""
        """,
    )
    cell = program.split("# %% toy.a\n")[1].split("\n# %%")[0]
    assert cell.startswith(
        'A, B = 1, 2\nC = {\n    "x": A,  # first\n}\nC["z"] = 3\n\ntry:'
    )


def test_a_name_bound_in_a_block_can_be_renamed(export: Export) -> None:
    program = export(
        "import toy.a\njson, f, k = 'mine', 'mine', 'mine'\nprint(toy.a.g(), json, f, k)",
        a="""
        try:
            import json
        except ImportError:
            json = None
        try:
            from math import floor
        except ImportError:
            def floor(x): return x
        table = {}
        for k in "ab":
            table[k] = k * 2
        count = 0


        def f():
            global count, table
            count += 1
            return json.dumps([floor(2.5), table])


        def g():
            return f() + f() + str(count)
        """,
    )
    assert "import json as json_a" in program
    assert "json_a = None" in program
    assert "for k_a in" in program
    assert "global count, table" in program


def test_a_global_statement_follows_a_renamed_constant(export: Export) -> None:
    program = export(
        "from toy.a import tick\ncount = 'mine'\nprint(tick(), tick(), count)",
        a="count = 0\n\n\ndef tick():\n    global count\n    count += 1\n    return count\n",
    )
    assert "    global count_a\n    count_a += 1\n    return count_a\n" in program


def test_what_importing_does_is_done_in_order(export: Export) -> None:
    program = export(
        "from toy.b import ALL\nfrom toy.a import show\nshow(ALL)",
        a="print('a')\n\n\ndef show(x):\n    print(sorted(x))\n",
        b="""
        from toy import c
        from toy.registry import ALL, register

        print("b", len(ALL))


        @register("f")
        def f():
            return 1


        ALL["g"] = c.g
        """,
        c="from toy.registry import ALL\n\nprint('c', len(ALL))\n\ndef g():\n    return 2\n",
        registry="""
        ALL = {}


        def register(name):
            def keep(function):
                ALL[name] = function
                return function

            return keep


        if __name__ == "__main__":
            print("never")
        """,
    )
    assert [line for line in program.split("\n") if line.startswith("# %% toy")] == [
        "# %% toy.c",
        "# %% toy.registry",
        "# %% toy.b",
        "# %% toy.a",
    ][1:2] + ["# %% toy.c", "# %% toy.b", "# %% toy.a"]
    assert "never" not in program


def test_an_import_for_its_effect_alone_is_kept(export: Export) -> None:
    program = export(
        "import antigravity_of_toy if False else toy.a".replace(
            "antigravity_of_toy if False else ", ""
        )
        + "\nprint('x')",
        a="import this_is_not_used_but_acts\n".replace(
            "this_is_not_used_but_acts", "xml.dom"
        )
        + "print('loaded')\n",
    )
    assert "import xml.dom\n" in program
    assert "print('loaded')" in program


def test_a_function_may_import_what_imports_its_module(export: Export) -> None:
    program = export(
        "from toy.a import ping\nprint(ping(3))",
        a="def ping(n):\n    from toy.b import pong\n\n    return pong(n)\n",
        b="from toy.a import ping\n\n\ndef pong(n):\n    return ping(n - 1) if n else 'end'\n",
    )
    assert defined(program) == ["ping", "pong"]


def test_what_a_function_imports_is_there_when_its_module_calls_it(
    export: Export,
) -> None:
    program = export(
        "from toy.a import TABLE\nprint(TABLE)",
        a="def build():\n    from toy.b import values\n\n    return values()\n\n\n"
        "TABLE = build()\n",
        b="def values():\n    return [1, 2]\n",
    )
    assert defined(program) == ["values", "build"]


TYPED = '''
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from toy.b import Node


def label(node: Node, weight: "Fraction") -> str:
    """Say what it is."""
    return f"{node.name}"
'''


def test_imports_for_types_alone_stay_so(export: Export) -> None:
    program = export(
        "from toy.a import label\nfrom toy.c import make\nprint(label(make(), 1))",
        a=TYPED,
        b="from toy.a import label\n\nprint('b')\n\n\nclass Node:\n    name = 'n'\n",
        c="class Node:\n    name = 'c'\n\n\ndef make():\n    return Node()\n",
    )
    assert program.index("from __future__ import annotations\n") < program.index(
        "typing"
    )
    assert "if TYPE_CHECKING:\n    from fractions import Fraction\n" in program
    assert defined(program) == ["label", "Node_c", "make", "Node_b"]
    assert 'def label(node: Node_b, weight: "Fraction")' in program
    assert "print('b')" not in program


def test_types_in_strings_are_renamed_and_literals_are_not(export: Export) -> None:
    program = export(
        "from toy.a import f\nNode = 'mine'\nprint(f('Node', None), Node)",
        a="""
        from typing import Literal


        class Node:
            pass


        def f(x: Literal["Node"], y: "list[Node] | None") -> "Node":
            z: "Node" = x
            return z
        """,
    )
    assert 'x: Literal["Node"], y: "list[Node_a] | None") -> "Node_a":' in program
    assert 'z: "Node_a" = x' in program


def test_a_block_for_types_leaves_the_snippet(export: Export) -> None:
    program = export(
        """
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from toy.linear import Model

        def f(model: "Model"):
            return 1

        print(f(0))
        """,
        linear=LINEAR,
    )
    assert "TYPE_CHECKING" not in program
    assert "class Model" in program


def test_imports_are_merged_and_sorted(export: Export) -> None:
    program = export(
        """
        # %% imports
        import sys
        from collections import OrderedDict

        import numpy as np
        from toy.a import f

        # %% run
        print(f(), np.pi, sys.maxsize, OrderedDict())
        """,
        a="""
        import os.path
        from collections import Counter, defaultdict, deque
        from collections.abc import Callable as Function
        import math
        import numpy
        import numpy as np
        from numpy import pi, float64
        from numpy.linalg import LinAlgError


        def f(g: Function = print):
            return [math.pi, np.pi, numpy.e, pi, os.path.sep, Counter(), deque(),
                    float64(1), LinAlgError]
        """,
    )
    assert program.split("export`.\n\n")[1].split("\n\n\n# %%")[0] == textwrap.dedent(
        """\
        import math
        import os.path
        import sys
        from collections import Counter, OrderedDict, deque
        from collections.abc import Callable as Function

        import numpy
        import numpy as np
        from numpy import float64, pi
        from numpy.linalg import LinAlgError"""
    )


def test_long_imports_are_wrapped(export: Export) -> None:
    names = ["isabs", "abspath", "basename", "commonpath", "dirname", "exists"]
    names += ["getsize", "expanduser"]
    line = f"from os.path import {', '.join(names)}\n"
    program = export(f"{line}print({', '.join(names)})")
    inside = "".join(f"    {name},\n" for name in sorted(names))
    assert f"from os.path import (\n{inside})\n" in program


def test_an_import_of_the_library_gives_way_to_the_names_of_the_snippet(
    export: Export,
) -> None:
    program = export(
        "from toy.a import f\ncount, math, np = 3, 4, 5\nprint(f(count), math, np)",
        a="""
        import math
        from itertools import count

        import numpy as np


        def f(n):
            return [next(count(n)), math.floor(np.pi)]
        """,
    )
    assert "from itertools import count as count_itertools\n" in program
    assert "import math as math_module\n" in program
    assert "import numpy as np_numpy\n" in program
    assert "[next(count_itertools(n)), math_module.floor(np_numpy.pi)]" in program


def test_an_import_gives_way_to_a_builtin_that_others_use(export: Export) -> None:
    program = export(
        "from toy.a import f\nprint(f(2), pow(2, 3))",
        a="from math import pow\n\n\ndef f(x):\n    return pow(x, 2)\n",
    )
    assert "from math import pow as pow_math\n" in program


def test_a_symbol_gives_way_to_an_import(export: Export) -> None:
    program = export(
        "from toy.a import floor\nfrom toy.b import f\nprint(floor(1), f(2.5))",
        a="def floor(x):\n    return -x\n",
        b="from math import floor\n\n\ndef f(x):\n    return floor(x)\n",
    )
    assert defined(program) == ["floor_a", "f"]


def test_an_import_that_the_snippet_binds_again_stays_where_it_is(
    export: Export,
) -> None:
    program = export(
        "from math import e, pi\nprint(e)\nfor e in [1]:\n    print(e, pi)\n"
        "from toy.linear import double",
        linear=LINEAR,
    )
    assert "# %% main\nfrom math import e\nprint(e)\n" in program
    assert program.count("pi\n") == 1


def test_an_attribute_of_an_import_can_be_set(export: Export) -> None:
    program = export(
        "import types\nfrom toy.linear import Model, double\nspace = types.SimpleNamespace\n"
        "Model.extra = double.note = 1\ntypes.extra = 2\nprint(Model(1).extra, types.extra)",
        linear=LINEAR,
    )
    assert "Model.extra = double.note = 1\n" in program
    assert program.count("import types\n") == 1


def test_names_of_a_class_body_are_its_own(export: Export) -> None:
    program = export(
        "from toy.a import Pair, size\nsize = size(Pair(1, 2))\nprint(size, Pair(3, 4).both())",
        a="""
        from typing import NamedTuple


        class Pair(NamedTuple):
            size: int
            other: int = 0

            def both(self):
                return self.size + size(self)


        def size(pair):
            return pair.size
        """,
    )
    assert "    size: int\n" in program
    assert "return self.size + size_a(self)" in program


def test_match_and_comprehension_names_are_local(export: Export) -> None:
    export(
        "from toy.a import f, other, x\nother = x = 'mine'\nprint(f(1), other, x)",
        a="""
        other = x = 10


        def f(value):
            match value:
                case [other, *x]:
                    return other, x
                case {"k": 1, **x}:
                    return x
                case other:
                    last = [other + x for x in range(3) if (y := x)]
                    return last, y, other
        """,
    )


def test_comments_below_and_cells_without_code_are_kept(export: Export) -> None:
    program = export(
        """
        # %% [markdown]
        # Words.

        # %% imports
        from toy.a import f  # the function

        # %% run
        print(f())

        # %% end
        # Nothing more.
        """,
        a="def f():\n    return 1\n    # That is all.\n\n\n# Of g.\ndef g():\n    pass\n",
    )
    assert (
        "    return 1\n    # That is all.\n\n\n# %% [markdown]\n# Words.\n\n" in program
    )
    assert "# %% imports" not in program
    assert program.endswith("# %% end\n# Nothing more.\n")
    assert "Of g" not in program


def test_a_snippet_without_the_package_stays_as_it_is(export: Export) -> None:
    program = export("print('alone')")
    origin = "# Written from snippets/x.py by `dlnotes export`.\n"
    assert program == f"{origin}\n# %% main\nprint('alone')\n"


def test_a_harmless_use_of_importlib_is_no_dynamic_import(export: Export) -> None:
    export("from importlib.metadata import version\nprint(bool(version('numpy')))")


ERRORS = {
    "from toy.linear import *": (
        "snippets/x.py:2: cannot be exported: `from toy.linear import *`; "
        "import what is used by name"
    ),
    "from math import *\nprint(pi)": (
        "snippets/x.py:2: cannot be exported: `from math import *`; "
        "import what is used by name"
    ),
    "from toy import linear\nprint(vars(linear))": (
        "snippets/x.py:3: cannot be exported: the module toy.linear is used as a value; "
        "name what it holds"
    ),
    "import toy.linear\nt = toy": (
        "snippets/x.py:3: cannot be exported: the module toy is used as a value; "
        "name what it holds"
    ),
    "import importlib\nm = importlib.import_module('toy.linear')": (
        "snippets/x.py:3: cannot be exported: `importlib.import_module` finds modules "
        "by names known only in a run"
    ),
    "def f():\n    import importlib as i\n    return i.import_module('toy.linear')": (
        "snippets/x.py:4: cannot be exported: `i.import_module` finds modules "
        "by names known only in a run"
    ),
    "import sys\nprint(sys.modules)": (
        "snippets/x.py:3: cannot be exported: `sys.modules` finds modules "
        "by names known only in a run"
    ),
    "print(eval('1'))": (
        "snippets/x.py:2: cannot be exported: `eval` may use any name of the module"
    ),
    "class A:\n    from toy.linear import double": (
        "snippets/x.py:3: cannot be exported: this import binds a name of a class, or "
        "a global name in a function"
    ),
    "def f():\n    global double\n    from toy.linear import double": (
        "snippets/x.py:4: cannot be exported: this import binds a name of a class, or "
        "a global name in a function"
    ),
    "from toy.linear import doubel\ndoubel(1)": (
        "snippets/x.py:2: cannot be exported: toy.linear.doubel is not defined"
    ),
    "from toy import linear\nlinear.SCALE = 3": (
        "snippets/x.py:3: cannot be exported: `linear.SCALE` is assigned outside "
        "toy.linear, which owns it"
    ),
    "def f():\n    from toy.linear import double\n    double = 1": (
        "snippets/x.py:4: cannot be exported: `double` is assigned outside toy.linear, "
        "which owns it"
    ),
    "from toy.linear import Model\nfrom toy.linear import double as d\n"
    "class A:\n    for d in [1]: ...\n    e = d\nprint(d)": (
        "snippets/x.py:6: cannot be exported: `d` may be a name of this class or of the "
        "module; rename one"
    ),
    "from toy import linear\nprint(f'{linear.SCALE=}')": (
        "snippets/x.py:3: cannot be exported: `{linear.SCALE=}` prints a name that "
        "changes; write the text itself"
    ),
    "import math as m\nfrom toy.wide import where": (
        "src/toy/wide.py:1: cannot be exported: `m` means xml here and "
        "math in snippets/x.py:2; give them two names"
    ),
    "from toy.wide import where\nlen = 2": (
        "snippets/x.py:3: cannot be exported: `len` would hide the builtin that "
        "src/toy/wide.py:6 uses; rename it"
    ),
    "from toy.wide import where\nos = 2": (
        "src/toy/wide.py:2: cannot be exported: `import os.path`: the name os is taken"
    ),
    "from toy.place import here": (
        "src/toy/place.py:2: cannot be exported: `__file__` would be that of the "
        "exported program"
    ),
    "from toy.star import f": (
        "src/toy/star.py:1: cannot be exported: `from .linear import *`; "
        "import what is used by name"
    ),
    "from toy.again import f": (
        "src/toy/again.py:1: cannot be exported: `double` is imported and bound again"
    ),
}


@pytest.mark.parametrize("snippet", ERRORS, ids=range(len(ERRORS)))
def test_what_cannot_be_flattened_is_named(tmp_path: Path, snippet: str) -> None:
    message = refused(
        tmp_path,
        snippet,
        linear=LINEAR,
        wide="import xml as m\nimport os.path\n\n\n"
        "def where(x=()):\n    return m, os.path.sep, len(x)\n",
        place="def here():\n    return __file__\n",
        star="from .linear import *\n\n\ndef f():\n    return double(1)\n",
        again="from toy.linear import double\n\n\ndef f():\n    return double(1)\n\n\n"
        "double = f\n",
    )
    assert message == ERRORS[snippet]
