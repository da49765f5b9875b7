"""A small book in a folder of its own, to change and to look at again."""

import hashlib
import shutil
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import dlnotes.book
import running
from dlnotes.book.book import Book
from dlnotes.book.closure.closure import Closure
from dlnotes.book.freshness.keys import Settings, inputs, key
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.freshness.status import Status, status
from dlnotes.book.progress import Report
from dlnotes.book.publishing.site import build
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.storage.store import Store

PACKAGE = "mini"


@dataclass
class SmallBook:
    """A book of package `mini` below a folder; every look at it reads it afresh.

    Args:
        root: the folder, with mkdocs.yml, snippets/ and src/mini/ in it.
        engine: stands for the digest of the engine, which is slow to find.
    """

    root: Path
    engine: str = "e" * 16
    settings: Settings = field(default_factory=Settings)

    def write(self, path: str, text: str) -> Path:
        """Write a file, its text dedented, and return where it is."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return place

    def module(self, name: str, text: str) -> Path:
        """Write a module of the package: `shapes`, `sub.shapes`, `sub.__init__`."""
        return self.write(f"src/{PACKAGE}/{name.replace('.', '/')}.py", text)

    def snippet(self, text: str, name: str = "one") -> Path:
        """Write a snippet."""
        return self.write(f"snippets/{name}.py", text)

    @property
    def book(self) -> Book:
        """The book as it is now."""
        book = Book(self.root, PACKAGE)
        book.__dict__["engine"] = self.engine
        return book

    @property
    def store(self) -> Store:
        """Its stored runs."""
        return Store(self.book.store)

    def read(self, name: str = "one") -> Snippet:
        """Return a snippet as it is now."""
        return self.book.snippets[name]

    def closure(self, name: str = "one") -> Closure:
        """Return what a snippet needs now."""
        return Closure(self.book.library, self.read(name).module)

    def inputs(self, name: str = "one") -> dict[str, str]:
        """Return what a run of a snippet depends on now."""
        return inputs(self.book, self.read(name), self.settings)

    def status(self, name: str = "one") -> Status:
        """Return the status of a snippet now."""
        return status(self.book, self.store, self.read(name), self.settings)

    def save(self, name: str = "one", **manifest: object) -> str:
        """Store a run of a snippet as it is now, and return its key."""
        wanted = self.inputs(name)
        cells = [
            {"cell_type": "code", "id": cell.name, "outputs": []}
            for cell in self.read(name).code
        ]
        usual = {
            "name": name,
            "key": key(wanted),
            "inputs": wanted,
            "files": {},
            "packages": {},
            "values": {"answer": 42},
            "seconds": 0.5,
            "cells": {},
            "memory": None,
        }
        self.store.save({**usual, **manifest}, {"cells": cells, "nbformat": 4})
        return key(wanted)


@pytest.fixture
def small(tmp_path: Path) -> SmallBook:
    """A book with an empty package and no snippet."""
    small = SmallBook(tmp_path)
    small.write("mkdocs.yml", "")
    small.module("__init__", "")
    (tmp_path / "snippets").mkdir()
    return small


HOOK = Path(dlnotes.book.__file__).parent / "mkdocs_hook.py"
SITE = {
    "mkdocs.yml": f"""
        site_name: Small
        docs_dir: docs/en
        use_directory_urls: false
        strict: true
        theme: {{name: null, custom_dir: docs/theme, language: en}}
        plugins: []
        markdown_extensions:
          dlnotes.book.markdown: {{language: en}}
          pymdownx.superfences: {{}}
          attr_list: {{}}
        hooks: [{HOOK}]
    """,
    "mkdocs.zh.yml": """
        INHERIT: mkdocs.yml
        docs_dir: docs/zh
        theme: {language: zh}
        markdown_extensions:
          dlnotes.book.markdown: {language: zh}
    """,
    "docs/theme/main.html": "<!doctype html><title>x</title>{{ page.content }}\n",
    "docs/root.html": "<!doctype html><title>Small</title>\n",
    "docs/zh.po": """
        msgid ""
        msgstr ""
        "Content-Type: text/plain; charset=UTF-8\\n"
    """,
    "docs/en/index.md": """
        # Title {#title}

        It is [[one.answer]], and $h = \\partial x$.

        @run one#all
    """,
    "docs/zh/index.md": """
        # 标题 {#title}

        它是 [[one.answer]]，而且 $h = \\partial x$。

        @run one#all
    """,
    "snippets/one.py": """
        # %% all
        answer = 42
        print(answer, "<script>")
    """,
}


class Bench:
    """A small book that is built with the real tools, and what its builds say."""

    files = SITE

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept = root.with_name(f"{root.name}-kept")
        self.runner = Runner(Book(root))
        for path in self.files:
            self.restore(path)

    def restore(self, path: str) -> None:
        self.write(path, self.files[path])

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def build(self) -> bool:
        book = Book(self.root)
        self.runner.book = book
        return build(book, self.runner, Settings(), Report(book), timeout=60)

    def keep(self) -> None:
        """Keep the folder as it is now, its site included, to bring it back."""
        shutil.copytree(self.root, self.kept)

    def bring_back(self) -> None:
        """Put what was kept in the place of what is there now."""
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root)

    def site(self) -> dict[str, tuple[str, int]]:
        """Return digest and time of each file of the site."""
        folder = self.root / "site"
        return {
            path.relative_to(folder).as_posix(): (
                hashlib.sha256(path.read_bytes()).hexdigest(),
                path.stat().st_mtime_ns,
            )
            for path in folder.rglob("*")
            if path.is_file()
        }

    def forget_stamp(self) -> None:
        """Have the next build believe that something has changed."""
        shutil.rmtree(self.root / ".runs" / "cache" / "site", ignore_errors=True)

    def left(self) -> list[str]:
        """Return what a build may have left beside the site."""
        return [path.name for path in self.root.glob(".site-*")]


@pytest.fixture(scope="module")
def warm() -> Iterator[Callable[[Path], running.Bench]]:
    """Make benches that share one warm server."""
    runner: Runner | None = None

    def make(root: Path) -> running.Bench:
        nonlocal runner
        running.make_book(root)
        fresh = Runner(Book(root, "mini"))
        if runner:
            fresh._launcher, fresh._engine = runner._launcher, runner._engine
        runner = fresh
        return running.Bench(root, fresh)

    yield make
    if runner:
        runner.close()


@pytest.fixture
def bench(warm: Callable[[Path], running.Bench], tmp_path: Path) -> running.Bench:
    """A small book with nothing in it."""
    return warm(tmp_path)


@pytest.fixture(scope="session")
def small_site() -> type[Bench]:
    """Makes a small book in a folder, to build."""
    return Bench
