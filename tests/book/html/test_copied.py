"""What the copy buttons of every page copy is run, in Python and at its prompt."""

import ast
import codeop
import json
import os
import pty
import re
import select
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dlnotes.book.book import Book, find_book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.html.copied import needs
from dlnotes.book.html.pasteable import pasteable
from dlnotes.book.storage.cache import installed
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.gather import gather
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.weave import Weaver
from proofs import Proofs

ROOT = Path(__file__).parents[3]
SHOWN = re.compile(
    r'^( *)(`{3,})\{ \.python[^\n]* data-dl-copy="([^"]+)" \}\n(.*?)\n\1\2$',
    re.M | re.S,
)
HELD = re.compile(r'<script type="application/json" id="dl-copied">(.*?)</script>')
IMPORTS = re.compile(r"^    ```python\n(.*?)\n    ```$", re.M | re.S)
PAGES = [
    path.relative_to(ROOT / "docs" / "en").as_posix()
    for path in find_book(ROOT).pages("en")
    if re.search("^ *@(source|code|run) ", path.read_text(encoding="utf-8"), re.M)
]
CHAPTERS = [page for page in PAGES if "/" in page]


@dataclass(frozen=True)
class Copies:
    """What the buttons of a page copy.

    Args:
        blocks: name and text of each block, which is what it copies alone.
        programs: program -> cell -> text. With what it needs, a block `program#cell`
            copies the texts of its program up to the cell, an empty line between them;
            a symbol is a program of one cell without a name.
        imports: the code in the box of the chapter.
    """

    blocks: list[tuple[str, str]]
    programs: dict[str, dict[str, str]]
    imports: str

    def pieces(self) -> Iterator[tuple[str, str, str]]:
        """Yield program, cell and text of all pieces."""
        for program, cells in self.programs.items():
            for cell, code in cells.items():
                yield program, cell, code


@pytest.fixture(scope="module")
def sources(book: Book, runs: dict[str, Run]) -> Sources:
    assert runs
    return gather(book, Settings())


@pytest.fixture(scope="module")
def copies(sources: Sources) -> Any:
    @cache
    def of_page(page: str, language: str) -> Copies:
        file = ROOT / "docs" / language / page
        weaver = Weaver(sources, language, page, str(file), str)
        text = weaver.weave(file.read_text(encoding="utf-8"))
        assert weaver.errors == []
        (held,) = HELD.findall(text)
        blocks = [
            (name, textwrap.dedent(code)) for _, _, name, code in SHOWN.findall(text)
        ]
        assert len(blocks) == text.count("data-dl-copy=") > 0
        imports = textwrap.dedent("\n".join(IMPORTS.findall(text)))
        return Copies(blocks, json.loads(held), imports)

    return lambda page, language="en": of_page(page, language)


@cache
def tree(code: str) -> str:
    return ast.dump(ast.parse(code))


@cache
def entered(code: str) -> str:
    """Return the tree of what a prompt makes of code, entered line by line."""
    body: list[ast.stmt] = []
    waiting: list[str] = []
    for line in code.split("\n"):
        waiting.append(line)
        if codeop.compile_command("\n".join(waiting)) is not None:
            body += ast.parse("\n".join(waiting)).body
            waiting = []
    assert "".join(waiting).strip() == "", "the prompt still waits"
    return ast.dump(ast.Module(body, type_ignores=[]))


@pytest.mark.parametrize("page", PAGES)
def test_a_cell_is_copied_with_its_program_up_to_there(
    page: str, copies: Any, sources: Sources
) -> None:
    """That the program runs, cell by cell, its stored run has shown."""
    page_copies = copies(page)
    for name, alone in page_copies.blocks:
        program, _, last = name.partition("#")
        if last:
            cells = sources.snippets[program].code
            names = [cell.name for cell in cells]
            held = list(page_copies.programs[program])
            assert held == names[: len(held)]
            assert last in held
            assert alone == cells[names.index(last)].source
            ran = {cell["id"] for cell in sources.run(program).notebook["cells"]}
            assert set(names) <= ran
    for program, cell, code in page_copies.pieces():
        if cell:
            assert tree(code) == tree(sources.snippets[program].cell(cell).source)


@pytest.mark.parametrize("page", PAGES)
def test_a_symbol_runs_with_what_it_needs_and_again_alone(
    page: str, copies: Any, sources: Sources
) -> None:
    for name, alone in copies(page).blocks:
        if "#" not in name:
            space: dict[str, object] = {"__name__": "__main__"}
            for code in (copies(page).programs[name][""], alone):
                exec(compile(code, name, "exec", dont_inherit=True), space)
            assert name.rpartition(".")[2] in space
            assert alone == sources.library.find(name).source


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_imports_of_a_chapter_run(page: str, copies: Any) -> None:
    code = copies(page).imports
    assert "import " in code
    exec(compile(code, page, "exec", dont_inherit=True), {})
    assert entered(code) == tree(code)
    assert copies(page, "zh").imports == code


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
def test_the_prompt_understands_what_is_copied(
    page: str, language: str, copies: Any
) -> None:
    for program, cell, code in copies(page, language).pieces():
        assert entered(code) == tree(code), f"{program}#{cell}"


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_copy_the_same_code(page: str, copies: Any) -> None:
    english, chinese = copies(page), copies(page, "zh")
    for one, other in zip(english.pieces(), chinese.pieces(), strict=True):
        assert one[:2] == other[:2]
        assert tree(one[2]) == tree(other[2])
    for one, other in zip(english.blocks, chinese.blocks, strict=True):
        assert one[0] == other[0]
        assert tree(one[1]) == tree(other[1])


CLEAN = """\
import torch

torch.set_default_dtype(torch.float32)
for name in [name for name in globals() if name[:2] != "__"]:
    del globals()[name]

"""


def at_a_prompt(pasted: Iterable[tuple[str, str]], folder: Path) -> str:
    """Paste codes, each with a name, into one `python`; return what the screen shows.

    After each of them its name is printed and what it has defined is deleted.
    """
    keyboard, terminal = pty.openpty()
    plain = {"MPLBACKEND": "agg", "TERM": "dumb", "PYTHON_BASIC_REPL": "1"}
    with subprocess.Popen(
        [sys.executable, "-q"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=folder,
        env=os.environ | plain,
        start_new_session=True,
    ) as python:
        os.close(terminal)
        screen = _screen(keyboard, ">>> ")
        for name, code in pasted:
            text = f"{code}\nprint('pasted', {name!r})\n{CLEAN}".encode()
            Thread(target=_type, args=(keyboard, text), daemon=True).start()
            screen += _screen(keyboard, f"\npasted {name}\r\n")
        python.kill()
    os.close(keyboard)
    return screen


def _screen(keyboard: int, until: str) -> str:
    """Return what the screen shows up to some text."""
    screen = b""
    while until.encode() not in screen:
        ready = select.select([keyboard], [], [], 60)[0]
        assert ready, f"no {until!r} on {screen[-3000:].decode()}"
        screen += os.read(keyboard, 65536)
    return screen.decode()


def _type(keyboard: int, text: bytes) -> None:
    while text:
        text = text[os.write(keyboard, text) :]


def test_copies_of_each_chapter_are_pasted_into_python(
    book: Book, copies: Any, sources: Sources, tmp_path: Path
) -> None:
    pasted = []
    for page in CHAPTERS:
        programs = copies(page).programs
        symbols = [name for name in programs if "." in name]
        cells = [name for name in programs if "." not in name]
        quick = min(cells, key=lambda name: sources.run(name).seconds)
        for name in (*symbols[:1], quick):
            pasted.append((name, "\n".join(programs[name].values())))

    def prove() -> None:
        with ThreadPoolExecutor(2) as pool:
            half = len(pasted) // 2
            halves = [pasted[:half], pasted[half:]]
            for screen in pool.map(at_a_prompt, halves, [tmp_path] * 2):
                assert "Traceback" not in screen, screen
                assert 'File "<stdin>"' not in screen, screen

    proofs = Proofs(book.store / "proofs", Path(__file__))
    assert pasted
    proofs.once(prove, *map("\0".join, pasted), installed())


# The layout of what is pasted


@pytest.mark.parametrize(
    ("code", "laid_out"),
    [
        ("x = 1\n\n\ny = 2", "x = 1\n\n\ny = 2\n"),
        ("def f():\n    a\n\n    b\nf()", "def f():\n    a\n    b\n\nf()\n"),
        ("if x:\n    a\n\nelse:\n    b\n", "if x:\n    a\nelse:\n    b\n\n"),
        ("for x in y: a", "for x in y: a\n\n"),
        ("for x in y:\n    a\n\nb", "for x in y:\n    a\n\nb\n"),
        ("while x:\n    a\n# after\nb", "while x:\n    a\n\n# after\nb\n"),
        ("f(\n    1,\n\n    2,\n)\nb", "f(\n    1,\n    2,\n)\nb\n"),
        ('def f():\n    """A\n\n    b."""', 'def f():\n    """A\n\n    b."""\n\n'),
        ("x = '''\n\n'''\ny", "x = '''\n\n'''\ny\n"),
        ("@a\n\ndef f(): pass\nb", "@a\ndef f(): pass\n\nb\n"),
        ("class A:\n    x = 1\n   \n    y = 2", "class A:\n    x = 1\n    y = 2\n\n"),
        (
            "match x:\n    case 1:\n        a\nb",
            "match x:\n    case 1:\n        a\n\nb\n",
        ),
        ("async def f():\n    a\nb", "async def f():\n    a\n\nb\n"),
    ],
)
def test_layout_for_a_prompt(code: str, laid_out: str) -> None:
    assert pasteable(code) == laid_out
    assert tree(code) == tree(laid_out) == entered(laid_out)


def test_what_a_symbol_needs(small: Any) -> None:
    small.module(
        "shapes",
        """
        import math
        from math import pi as PI, tau
        from mini.other import Base

        SCALE = 2.0

        class Circle(Base):
            scale = SCALE

            def area(self, r: float) -> float:
                if r < 0:
                    return self.area(-r)
                return Circle.scale * math.floor(PI * r)

        def twice(r):
            return twice(r - 1) if r else area(r, tau=1)

        def area(r, tau):
            from os import sep
            return r * tau * len(sep)
        """,
    )
    small.module("other", "class Base: ...")
    library = small.book.library

    def of(name: str) -> list[str]:
        source = library.find(f"mini.shapes.{name}").source
        return needs(library, f"mini.shapes.{name}", source).split("\n")

    assert of("SCALE") == [""]
    assert of("twice") == ["from mini.shapes import area"]
    assert of("area") == [""]
    outside = ["import math", "from math import pi as PI", ""]
    own = ["from mini.other import Base", "from mini.shapes import SCALE"]
    assert of("Circle") == [*outside, *own]
    assert of("Circle.area") == [*outside, "from mini.shapes import Circle"]
