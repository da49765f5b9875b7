"""What imports what, and how long a page that shows the package may get.

`LAYOUT` is the order in which the book teaches: a module uses those before it.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.symbols import Symbol
from dlnotes.book.usage import directives

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "dlnotes"
ORDER = """
    table basics
    reduction losses descent optim schedule regularize validate initialize
    stability metrics
    linear mlp conv receptive norm vision
    recurrent language seq2seq decode
    attention position transformer
    data finetune hardware distributed train
    book
"""
LAYOUT = ORDER.split()
SLOW = ("torch", "torchvision", "matplotlib", "mkdocs", "sklearn", "zensical")
LINES = 25  # of code in a symbol: docstrings, which a page needs, are not counted
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
        "import dlnotes.book.cli, dlnotes.book.weave, dlnotes.book.check",
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
    if MODULES[name].stem != "__init__" or name == "dlnotes.vision":
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


def lines_of_code(symbol: Symbol) -> int:
    """Count the lines of a symbol that are neither blank nor of a docstring."""
    documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    text: set[int] = set()
    for node in ast.walk(ast.parse(symbol.source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            text |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    lines = enumerate(symbol.source.splitlines(), 1)
    return sum(bool(line.strip()) and number not in text for number, line in lines)


def test_symbols_that_chapters_show_fit_a_page(shown: list[Symbol]) -> None:
    assert len(shown) > 20
    long = {s.name: n for s in shown if (n := lines_of_code(s)) > LINES}
    assert long == {}
    wide = {
        symbol.name: line
        for symbol in shown
        for line in symbol.source.splitlines()
        if len(line) > COLUMNS
    }
    assert wide == {}


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
        text = (book.docs / language / "reference/api.md").read_text(encoding="utf-8")
        assert sorted(re.findall(r"^::: (\S+)$", text, re.MULTILINE)) == modules
