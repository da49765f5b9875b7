"""What imports what, and how long a page that shows the package may get.

`LAYOUT` is the order in which the book teaches: a module uses those before it.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest

from dlnotes.book.book import Book
from dlnotes.book.pages.usage import directives
from dlnotes.book.source.library import Symbol

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "dlnotes"
ORDER = """
    table nested seed palette plot drawing basics
    reduction losses binary optimizer optim schedule regularize validate initialize
    stability metrics
    linear mlp conv pool receptive norm vision looking augment
    recurrent language seq2seq decode
    attention position transformer gpt
    data finetune hardware distributed train
    book
"""
LAYOUT = ORDER.split()
ENGINE_ORDER = """
    errors locales storage source closure figures sandbox execution book bundle
    freshness pages language html weaving checks
    markdown progress root publishing serving
    mkdocs_hook language_hook search_hook clean arguments cli __main__
"""
ROOMS = ENGINE_ORDER.split()
SLOW = ("torch", "torchvision", "matplotlib", "mkdocs", "sklearn", "zensical")
LINES = 25  # of code in a function or a method, their docstrings not counted
COLUMNS = 79
FILE = 200


def parts(path: Path) -> list[str]:
    names = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return names[:-1] if names[-1] == "__init__" else names


MODULES = {
    ".".join(["dlnotes", *parts(path)]): path for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def loaded_by(code: str, *, folder: Path = ROOT) -> set[str]:
    """Return the top-level names of the modules that some code loads."""
    tell = "import sys\nprint(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import dlnotes, dlnotes.book",
        "import dlnotes.book.cli, dlnotes.book.checks.check",
        "from dlnotes.book.cli import main\nassert main(['status']) == 0",
    ],
    ids=["package", "command", "status"],
)
def test_nothing_slow_is_imported(code: str) -> None:
    assert loaded_by(code) & set(SLOW) == set()


def test_the_basics_use_numpy_and_nothing_else_to_compute() -> None:
    names = [name for name in MODULES if name.startswith("dlnotes.basics.")]
    assert len(names) >= 5
    found = loaded_by("\n".join(f"import {name}" for name in names))
    assert found & set(SLOW) == set()
    allowed = {"numpy", "dlnotes", *sys.stdlib_module_names}
    for name in names:
        tops = {target.split(".")[0] for target in imported(MODULES[name])}
        assert tops <= allowed, f"{name} imports {tops - allowed}"


ENGINE = [name for name in MODULES if name.startswith("dlnotes.book.")]


@pytest.mark.parametrize("name", ENGINE)
def test_rooms_of_the_engine_import_from_those_above_only(name: str) -> None:
    own = name.split(".")[2]
    assert own in ROOMS, f"{name} has no place among the rooms"
    for target in imported(MODULES[name]):
        if target.startswith("dlnotes.book."):
            at = ROOMS.index(target.split(".")[2])
            assert at <= ROOMS.index(own), f"{name} imports {target}"


def test_a_room_has_nine_files_at_most_and_says_what_it_is_for() -> None:
    rooms = sorted(path.parent for path in (PACKAGE / "book").glob("*/__init__.py"))
    assert len(rooms) > 10
    text = ast.get_docstring(ast.parse(MODULES["dlnotes.book"].read_text())) or ""
    for room in rooms:
        files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= 9, room.name
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
        assert f"- `{room.name}`: " in text


def test_each_room_has_its_tests_in_a_folder_of_its_name() -> None:
    rooms = {path.parent.name for path in (PACKAGE / "book").glob("*/__init__.py")}
    folders = {path.parent.name for path in (ROOT / "tests/book").glob("*/test_*.py")}
    assert folders == rooms


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_on_the_engine_shows_the_rooms_in_their_order(language: str) -> None:
    page = (ROOT / "docs" / language / "how-built.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    rooms = {path.parent.name for path in (PACKAGE / "book").glob("*/__init__.py")}
    assert shown == [room for room in ROOMS if room in rooms]


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_the_layout_only(name: str) -> None:
    if name == "dlnotes":
        return
    own = name.split(".")[1]
    assert own in LAYOUT, f"{name} has no place in the layout"
    for target in imported(MODULES[name]):
        if target.startswith("dlnotes."):
            other = target.split(".")[1]
            at = LAYOUT.index(other)
            assert at <= LAYOUT.index(own), f"{name} imports {target}"


@pytest.mark.parametrize("name", MODULES)
def test_init_files_export_nothing(name: str) -> None:
    if MODULES[name].stem != "__init__":
        return
    (docstring,) = ast.parse(MODULES[name].read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)


@pytest.fixture(scope="module")
def shown(book: Book) -> list[Symbol]:
    """The symbols whose source a chapter shows."""
    names = {
        directive.target: None
        for page in book.pages("en")
        for directive in directives(page)
        if directive.kind == "source"
    }
    return [book.library.find(name) for name in names]


def lines_of_code(source: str) -> dict[str, int]:
    """Count the lines of a definition that are neither blank nor of a docstring.

    The methods of a class count one by one, and what is left of it under its own name:
    a page may show them one by one. All of a function counts, what it nests included.
    """
    documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    tree = ast.parse(source)
    code = {n for n, line in enumerate(source.splitlines(), 1) if line.strip()}
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            code -= span(node.body[0])
    sizes: dict[str, int] = {}

    def count(node: ast.stmt, name: str) -> None:
        own = span(node) & code
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, documented):
                    count(part, f"{name}.{part.name}")
                    own -= span(part)
        sizes[name] = max(len(own), sizes.get(name, 0))

    for node in tree.body:
        count(node, getattr(node, "name", "constant"))
    return sizes


def span(node: ast.stmt) -> set[int]:
    """Return the numbers of the lines of a statement, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(line.lineno for line in decorators)])
    return set(range(first, (node.end_lineno or node.lineno) + 1))


def too_long(source: str) -> dict[str, int]:
    return {name: n for name, n in lines_of_code(source).items() if n > LINES}


def test_symbols_that_chapters_show_fit_a_page(shown: list[Symbol]) -> None:
    assert len(shown) > 20
    long = {symbol.name: n for symbol in shown if (n := too_long(symbol.source))}
    assert long == {}
    wide = {
        symbol.name: line
        for symbol in shown
        for line in symbol.source.splitlines()
        if len(line) > COLUMNS
    }
    assert wide == {}


def function(lines: int, name: str = "f") -> str:
    """Return a documented function of so many lines of code."""
    body = ["x += 1", ""] * (lines - 1)
    text = [f"def {name}(x):", '    """Count.', "", "    More.", '    """']
    return "\n".join([*text, *(f"    {line}" for line in body)])


@pytest.mark.parametrize(("lines", "found"), [(25, {}), (26, {"f": 26})])
def test_a_long_function_is_found(lines: int, found: dict[str, int]) -> None:
    assert too_long(function(lines)) == found
    nested = f"def outer(x):\n{indent(function(lines - 1), '    ')}"
    assert too_long(nested) == ({"outer": 26} if found else {})


def test_a_class_counts_method_by_method() -> None:
    methods = [function(20, name) for name in ("first", "second", "third")]
    methods[1] = f"@property\n{methods[1]}"
    head = 'class A:\n    """Hold it."""\n\n    kept = 1\n\n'
    source = head + indent("\n\n".join(methods), "    ")
    sizes = {"A.first": 20, "A.second": 21, "A.third": 20, "A": 2}
    assert lines_of_code(source) == sizes
    assert too_long(source) == {}
    longer = head + indent(function(26), "    ")
    assert too_long(longer) == {"A.f": 26}


def test_a_long_body_of_a_class_and_a_long_constant_are_found() -> None:
    fields = "\n".join(f"    field{n}: int" for n in range(LINES))
    assert too_long(f"class A:\n{fields}") == {"A": 26}
    numbers = "\n".join(f"    {n}," for n in range(LINES))
    assert too_long(f"TABLE = [\n{numbers}\n]") == {"constant": 27}


def test_files_that_chapters_show_are_short(shown: list[Symbol]) -> None:
    sizes = {
        symbol.path: len(symbol.path.read_text(encoding="utf-8").splitlines())
        for symbol in shown
    }
    assert {path: size for path, size in sizes.items() if size > FILE} == {}


def test_cells_that_chapters_show_fit_a_phone(book: Book) -> None:
    wide = {
        f"{directive.target}#{cell.name}": line
        for page in book.pages("en")
        for directive in directives(page)
        if directive.kind in ("code", "run")
        for cell in [book.snippets[directive.target].cell(directive.cell or "")]
        for line in cell.source.splitlines()
        if len(line) > COLUMNS
    }
    assert wide == {}


def test_the_api_pages_show_every_module(book: Book) -> None:
    """Each module that defines something public, once, in both languages."""
    defined = {symbol.name.rpartition(".")[0] for symbol in book.library.public()}
    modules = sorted(name for name in MODULES if name in defined)
    assert len(modules) > 20
    for language in ("en", "zh"):
        pages = sorted((book.docs / language / "api").glob("*.md"))
        text = "".join(path.read_text(encoding="utf-8") for path in pages)
        assert sorted(re.findall(r"^::: (\S+)$", text, re.MULTILINE)) == modules
