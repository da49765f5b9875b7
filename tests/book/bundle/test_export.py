"""A snippet written as one program does what the snippet does, without the package.

The cases lie in samples/: modules, a snippet, and what the program must be (`program`),
hold (`has`) and not hold (`lacks`), or the error. Each program runs and must print what
its snippet prints. The cases of the closure run too.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cases import Case, cases, refused
from dlnotes.book.bundle.export import standalone
from dlnotes.book.freshness.keys import Settings, inputs
from dlnotes.book.publishing import downloads
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import loaded
from dlnotes.book.weaving.gather import gather

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

    from dlnotes.book.book import Book


KINDS = "spelling", "names", "effects", "imports"


class Refuse:
    """A finder that has no package `mini`."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name.split(".")[0] == "mini":
            raise ImportError(f"the exported program imports {name}")
        return None


@contextlib.contextmanager
def importing(root: Path | None) -> Iterator[None]:
    """Let `mini` be the package of a book, or nothing at all."""
    path, finders = list(sys.path), list(sys.meta_path)
    if root:
        sys.path.insert(0, str(root / "src"))
    else:
        sys.meta_path.insert(0, Refuse())
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, finders
        for name in [name for name in sys.modules if name.split(".")[0] == "mini"]:
            del sys.modules[name]


def printed(source: str, root: Path | None) -> str:
    """Run a program and return what it prints, its error included."""
    out = io.StringIO()
    with importing(root), contextlib.redirect_stdout(out):
        code = compile(source, "program", "exec", dont_inherit=True)
        try:
            exec(code, {"__name__": "__main__", "__file__": "program"})
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return out.getvalue()


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no module be what an earlier one of its name was compiled to."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.usefixtures("exact")
@cases("bundle", *KINDS)
def test_the_program_prints_what_the_snippet_prints(
    case: Case, small: SmallBook
) -> None:
    case.write(small)
    program = standalone(small.book, small.read())
    for whole in case.all("program"):
        assert program == f"{whole}\n"
    for text in case.all("has"):
        assert f"\n{text}" in f"\n{program}"
    for text in case.all("lacks"):
        assert not [line for line in text.split("\n") if line in program]
    before = printed(case.main, small.root)
    assert before
    assert not re.search(r"^\w+Error: ", before, flags=re.MULTILINE)
    assert printed(program, None) == before


@cases("bundle", "refused")
def test_what_one_program_cannot_express_is_refused(
    case: Case, small: SmallBook
) -> None:
    case.write(small)
    with refused(case, small):
        standalone(small.book, small.read())


@pytest.mark.usefixtures("exact")
@cases("closure", "classes", "effects", "imports", "mixed", "names")
def test_what_the_key_covers_is_the_program_in_one_file(
    case: Case, small: SmallBook
) -> None:
    case.write(small)
    program = standalone(small.book, small.read())
    assert printed(program, None) == printed(case.main, small.root)


class Noting(Library):
    """Notes which modules it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: set[str] = set()

    def module(self, name: str) -> Module | None:
        self.asked.add(name)
        return super().module(name)


@cases("bundle", *KINDS)
def test_what_key_and_program_look_at_is_among_what_is_reached(
    case: Case, small: SmallBook
) -> None:
    case.write(small)
    book, program = small.book, small.read().module
    library = Noting(book.library.folder)
    book.__dict__["library"] = library
    inputs(book, small.read(), Settings())
    standalone(book, small.read())
    before = library.digest_reached(program)
    for name in library.asked & {*library.names()}:
        module = Library.module(library, name)
        assert module
        path = module.path
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}# edited\n", encoding="utf-8")
        assert Library(library.folder).digest_reached(program) != before, name
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def programs(book: Book) -> dict[str, str]:
    offered = dict(downloads.programs(book, gather(book, Settings()), "en"))
    return {name: offered[f"runs/{name}_standalone.py"] for name in book.snippets}


def test_the_programs_of_the_book_never_send_a_reader_to_the_package(
    programs: dict[str, str],
) -> None:
    for name, program in programs.items():
        # a variable that a reader may set; a label in the picture of this project
        text = program.replace("DLNOTES_SEED_OFFSET", "").replace("src/dlnotes", "")
        found = [line for line in text.split("\n") if "dlnotes" in line.lower()]
        assert found == [f"# snippets/{name}.py in one file, no dlnotes needed."]


def does_more(code: str) -> bool:
    """Say whether code does more than to import."""
    body = ast.parse(code).body
    return not all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def test_the_programs_of_the_book_begin_with_the_experiment(
    book: Book, programs: dict[str, str]
) -> None:
    for name, program in programs.items():
        lines = program.split("\n")
        start = lines.index("def main() -> None:")
        assert start < 30
        (told,) = [line for line in lines[:start] if "the book's library" in line]
        number = int(re.search(r"begins at line (\d+)\.", told)[1])
        assert lines[number - 1] == "# What the program uses of the book's library."
        inside = lines[start + 1 : number - 1]
        assert not [line for line in inside if re.match(r"\S", line)]
        acts = [
            cell.name for cell in book.snippets[name].code if does_more(cell.source)
        ]
        cells = [cell for cell in acts if cell != "imports"]
        titles = [f"    # {cell.replace('-', ' ')}:" for cell in cells]
        assert [line for line in inside if line in titles] == titles
        assert lines[-3:] == ['if __name__ == "__main__":', "    main()", ""]


def test_the_programs_of_the_book_say_what_to_install(
    programs: dict[str, str],
) -> None:
    called = {"sklearn": "scikit-learn", "cycler": "matplotlib"}  # which brings it
    for program in programs.values():
        roots = set()
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                roots |= {target.split(".")[0] for target in loaded(node, "")}
        needed = {called.get(name, name) for name in roots - sys.stdlib_module_names}
        line = f"# It needs: pip install {' '.join(sorted(needed))}"
        assert line in program.split("\n")[:20]


def test_the_programs_of_the_book_use_digits_and_carry_no_mnist(
    programs: dict[str, str],
) -> None:
    assert any("def load_digits()" in program for program in programs.values())
    for program in programs.values():
        assert not re.search("mnist|DLNOTES_SCALE", program, re.IGNORECASE)


def test_the_programs_of_the_book_are_tidy(
    book: Book, programs: dict[str, str], tmp_path: Path
) -> None:
    for name, program in programs.items():
        (tmp_path / f"{name}.py").write_text(program, encoding="utf-8")
    config = book.root / "pyproject.toml"
    lint = tomllib.loads(config.read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    # In a function: the pages quote such names, the library imports a same one.
    unused = ["F841", "RUF059", "F402"]
    ignored = ",".join(lint["per-file-ignores"]["snippets/*"] + unused)
    ruff = [sys.executable, "-m", "ruff", "check", "--config", str(config)]
    done = subprocess.run(
        [*ruff, f"--ignore={ignored}", "--no-cache", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
