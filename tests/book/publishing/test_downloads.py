"""What a site offers beside its pages: programs, notebooks and the package's source."""

import ast
import json
import re
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from dlnotes.book.publishing.downloads import notebooks, programs, write_notebooks
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.gather import gather
from dlnotes.book.weaving.sources import Sources

SNIPPET = '''
    """Show an area."""

    # %% imports
    from mini.shapes import area

    # %% all
    answer = area(2)  # a word
    print(answer)

    # %% [markdown]
    # Some *text*.
'''
CATALOGUE = """
    msgid ""
    msgstr ""
    "Content-Type: text/plain; charset=UTF-8\\n"

    msgid "a word"
    msgstr "一个词"

    msgid "head"
    msgstr "表头"
"""
PROJECT = """
    [project.urls]
    Repository = "https://book.example/code"
"""
TABLE = "<table><tr><th>head</th></tr></table>"
OUTPUTS = {
    "imports": [],
    "all": [
        {"output_type": "stream", "name": "stdout", "text": "12 损失 <b>\n"},
        {
            "output_type": "display_data",
            "data": {"text/html": TABLE, "text/plain": "head"},
            "metadata": {},
        },
    ],
}


@pytest.fixture
def book(small: Any) -> Any:
    """A small book with one snippet that ran and one that did not."""
    small.module("shapes", '"""Shapes."""\n\n\ndef area(r):\n    return 3 * r * r\n')
    small.module("book.__init__", "")
    small.module("book.engine", "x = 1\n")
    small.snippet(SNIPPET)
    small.snippet("# %% all\nx = 1\n", "other")
    small.write("docs/zh.po", CATALOGUE)
    return small


def with_run(book: Any) -> Sources:
    """Return the sources, where the first snippet has a run."""
    book.save()
    sources = gather(book.book, book.settings)
    cells = [{"id": name, "outputs": shown} for name, shown in OUTPUTS.items()]
    runs = {"one": Run(sources.runs["one"].manifest, {"cells": cells})}
    return Sources(sources.library, sources.snippets, runs, {}, sources.catalogues)


def offered(book: Any, language: str) -> dict[str, str]:
    found = list(programs(book.book, gather(book.book, book.settings), language))
    assert len(found) == len(dict(found))
    return dict(found)


def test_what_is_offered(book: Any) -> None:
    for language in ("en", "zh"):
        assert list(offered(book, language)) == [
            "runs/one.py",
            "runs/one_standalone.py",
            "runs/other.py",
            "runs/other_standalone.py",
            "source/mini/__init__.py",
            "source/mini/shapes.py",
        ]


def test_programs_are_the_files_as_they_are(book: Any) -> None:
    texts = offered(book, "en")
    assert texts["runs/one.py"] == book.read().source
    path = book.root / "src/mini/shapes.py"
    assert texts["source/mini/shapes.py"] == path.read_text()


def test_chinese_programs_differ_in_their_comments_only(book: Any) -> None:
    en, zh = offered(book, "en"), offered(book, "zh")
    assert "# a word" in en["runs/one.py"]
    translated = en["runs/one.py"].replace("# a word", "# 一个词")
    assert zh["runs/one.py"] == translated
    for name in ("runs/one.py", "runs/one_standalone.py"):
        assert en[name] != zh[name]
        assert ast.dump(ast.parse(en[name])) == ast.dump(ast.parse(zh[name]))
    assert re.findall("# .*", zh["runs/one_standalone.py"]) == [
        "# snippets/one.py 的单文件版，无需 dlnotes。",
        "# 用到的本书代码从第 14 行开始。",
        "# all:",
        "# 一个词",
        "# Some *text*.",
        "# 用到的本书代码。",
        "# shapes.py",
    ]


def test_another_translation_is_in_the_next_programs_and_notebooks(book: Any) -> None:
    for word in ("一个词", "一个字"):
        book.write("docs/zh.po", CATALOGUE.replace("一个词", word))
        sources = with_run(book)
        text = dict(programs(book.book, sources, "zh"))["runs/one.py"]
        assert f"  # {word}\n" in text
        (notebook,) = dict(notebooks(book.book, sources, "zh", None)).values()
        assert f"  # {word}" in notebook


def test_the_standalone_program_needs_no_package(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    program = offered(book, "en")["runs/one_standalone.py"]
    ast.parse(program)
    exec(program, {"__name__": "__main__"})
    assert capsys.readouterr().out == "12\n"
    assert "mini" not in {name.split(".")[0] for name in imports(program)}


def imports(program: str) -> list[str]:
    return [
        node.module or ""
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom)
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_notebooks_are_valid_and_hold_the_outputs(
    book: Any, tmp_path: Path, language: str
) -> None:
    written = write_notebooks(with_run(book), language, tmp_path / "pages")
    assert written == ["runs/one.ipynb"]
    path = tmp_path / "pages" / "runs" / "one.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    title, imported, code, text = notebook["cells"]
    assert title["source"].startswith("# one\n\nShow an area.\n\n")
    assert '<a href="../runs/one.ipynb" download>.ipynb</a>' in title["source"]
    assert imported["source"] == "from mini.shapes import area"
    assert text["source"] == "Some *text*."
    assert code["outputs"][0]["text"] == "12 损失 <b>\n"
    word, head = ("a word", "head") if language == "en" else ("一个词", "表头")
    assert code["source"].startswith(f"answer = area(2)  # {word}\n")
    assert f"<th>{head}</th>" in code["outputs"][1]["data"]["text/html"]


def downloaded(book: Any, language: str, site: str | None) -> list[dict[str, Any]]:
    """Return the cells of the notebook that a reader downloads."""
    ((path, text),) = notebooks(book.book, with_run(book), language, site)
    assert path == "runs/one.ipynb"
    notebook = json.loads(text)
    nbformat.validate(notebook)
    return notebook["cells"]


def test_a_downloaded_notebook_links_to_the_site_or_not_at_all(book: Any) -> None:
    site = "https://book.example/en/"
    known, unknown = (downloaded(book, "en", where) for where in (site, None))
    links = re.findall('href="([^"]*)"', known[0]["source"])
    assert links == [
        f"{site}runs/one{end}" for end in (".html", ".py", ".ipynb", "_standalone.py")
    ]
    assert unknown[0]["source"] == "# one\n\nShow an area."
    assert unknown[1:] == known[1:]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_downloaded_notebook_installs_the_package_where_it_is_missing(
    book: Any, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(downloaded(book, language, None)) == 4
    book.write("pyproject.toml", PROJECT)
    cells = downloaded(book, language, None)
    title, install, imported, *_ = cells
    assert (title["cell_type"], imported["id"]) == ("markdown", "imports")
    assert (install["execution_count"], install["outputs"]) == (None, [])
    code = TransformerManager().transform_cell(install["source"])
    done: list[tuple[str, ...]] = []
    shell = SimpleNamespace(run_line_magic=lambda *given: done.append(given))
    space = {"get_ipython": lambda: shell}
    monkeypatch.setitem(sys.modules, "mini", None)
    exec(code, space)
    assert done == [("pip", "install git+https://book.example/code")]
    monkeypatch.setitem(sys.modules, "mini", ModuleType("mini"))
    monkeypatch.setitem(sys.modules, "mini.book", ModuleType("mini.book"))
    exec(code, space)
    assert len(done) == 1


def test_a_notebook_is_written_again_only_when_it_changes(
    book: Any, tmp_path: Path
) -> None:
    sources = with_run(book)
    path = tmp_path / "runs" / "one.ipynb"
    write_notebooks(sources, "zh", tmp_path)
    before = path.stat().st_mtime_ns
    time.sleep(0.01)
    write_notebooks(sources, "zh", tmp_path)
    assert path.stat().st_mtime_ns == before
    write_notebooks(sources, "en", tmp_path)
    assert path.stat().st_mtime_ns > before
    assert sorted(file.name for file in path.parent.iterdir()) == ["one.ipynb"]


def test_writing_notebooks_leaves_the_runs_as_they_are(
    book: Any, tmp_path: Path
) -> None:
    sources = with_run(book)
    before = repr(sources.runs)
    write_notebooks(sources, "zh", tmp_path)
    assert repr(sources.runs) == before


def test_sources_say_why_a_run_is_not_there(book: Any) -> None:
    sources = gather(book.book, book.settings)
    assert sources.runs == {}
    assert sources.stale == dict.fromkeys(["one", "other"], "it has not run yet")
