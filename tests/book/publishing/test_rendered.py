"""What is rendered again, by the real builder with its plugins, and what is kept."""

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from mkdocs.structure.pages import Page
from mkdocstrings_handlers.python import PythonHandler

from dlnotes.book import mkdocs_hook
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Outcome, Runner
from dlnotes.book.publishing import finished, rendered
from dlnotes.book.publishing.templates import memory

HOOK = Path(mkdocs_hook.__file__)
FILES = {
    "mkdocs.yml": f"""
        site_name: Small
        docs_dir: docs/zh
        use_directory_urls: false
        strict: true
        validation: {{links: {{anchors: warn}}}}
        theme: {{name: material, custom_dir: docs/theme, language: zh, font: false}}
        plugins:
          search: {{lang: zh}}
          mkdocstrings:
            enable_inventory: false
            handlers: {{python: {{paths: [src]}}}}
          mkdocs-jupyter:
            include: ["runs/*.ipynb"]
            ignore: ["*.md"]
            custom_mathjax_url: ""
            cache: false
            include_source: true
        markdown_extensions:
          dlnotes.book.markdown: {{language: zh}}
          pymdownx.superfences: {{}}
          attr_list: {{}}
          toc: {{permalink: "#"}}
        hooks: [{HOOK}]
    """,
    "docs/theme/main.html": '{% extends "base.html" %}\n',
    "docs/theme/assets/stylesheets/runs.css": ".dl-run { color: red }\n",
    "docs/zh.po": """
        msgid ""
        msgstr ""
        "Content-Type: text/plain; charset=UTF-8\\n"
    """,
    "docs/zh/index.md": """
        # 标题 {#title}

        它是 [[one.answer]]，而且 $h = x$。见[接口](api.md#mini.double)。

        @run one#all
    """,
    "docs/zh/other.md": "# 别的 {#other}\n\n梯度下降。\n",
    "docs/zh/api.md": "# 接口 {#api}\n\n[mini.double][]\n\n::: mini\n",
    "src/mini/__init__.py": '''
        """A package."""

        def double(x: int) -> int:
            """Return twice a number."""
            return 2 * x
    ''',
    "src/mini/a.py": "X = 1\n",
    "snippets/one.py": '"""Say it."""\n\n# %% all\nanswer = 42\nprint(answer)\n',
    "snippets/two.py": "# %% all\nb = 1\n",
}


class Press:
    """A small book, and what its builds have rendered."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.rendered: Counter[str] = Counter()
        for path, text in FILES.items():
            self.write(path, text)
        import mkdocs_jupyter.convert  # takes a second

        convert, render = mkdocs_jupyter.convert.nb2html, Page.render
        replace = finished.Finished._render

        def nb2html(path: str, **options: Any) -> str:
            self.rendered[f"notebook {Path(path).stem}"] += 1
            html: str = convert(path, **options)
            return html

        def render_page(page: Page, *arguments: Any) -> None:
            self.rendered[f"markdown {page.file.name}"] += 1
            render(page, *arguments)

        def fill(self_: Any, page: Page | None, fill: Any) -> str:
            def counted() -> str:
                if page:
                    self.rendered[f"template {page.file.name}"] += 1
                html: str = fill()
                return html

            return replace(self_, page, counted)

        prepare = PythonHandler.update_env

        def update_env(self_: PythonHandler, config: Any) -> None:
            """Prepare the templates of docstrings, each compiled once."""
            self_.env.bytecode_cache = memory
            prepare(self_, config)

        monkeypatch.setattr(PythonHandler, "update_env", update_env)
        monkeypatch.setattr(mkdocs_jupyter.convert, "nb2html", nb2html)
        monkeypatch.setattr(Page, "render", render_page)
        monkeypatch.setattr(finished.Finished, "_render", fill)
        monkeypatch.setenv("DLNOTES_BUILD", "1")
        monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
        monkeypatch.chdir(root)

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def run(self, runner: Runner) -> None:
        """Run what is stale."""
        outcome: Outcome = runner.update(["one", "two"], Settings(), Silent())
        assert not outcome.failures, outcome.failures

    def build(self, name: str = "site") -> Counter[str]:
        """Build the site; return what was rendered."""
        self.rendered.clear()
        where = str(self.root / name)
        build(load_config(str(self.root / "mkdocs.yml"), site_dir=where))
        return Counter(self.rendered)

    def files(self, name: str = "site") -> dict[str, bytes]:
        """Return the files of a site."""
        folder = self.root / name
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and "sitemap" not in path.name
        }


class Silent:
    """Hears how runs go."""

    def waiting(self) -> None: ...
    def plan(self, *_: Any) -> None: ...
    def finished(self, *_: Any) -> None: ...
    def failed(self, *_: Any) -> None: ...


@pytest.fixture(scope="module", autouse=True)
def package() -> Iterator[None]:
    """Have the package of a book be `mini`, wherever a book is found."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Book.__init__, "__defaults__", ("mini",))
        yield


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, Path]]:
    """A runner, and the book as it is once it has run."""
    root = tmp_path_factory.mktemp("press") / "book"
    for path, text in FILES.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    with Runner(Book(root)) as runner:
        runner.update(["one", "two"], Settings(), Silent())
        yield runner, root


@pytest.fixture(scope="module")
def built(stored: tuple[Runner, Path]) -> Path:
    """The book, run and built."""
    root = stored[1]
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert set(Press(root, monkeypatch).build()) == ALL
    return root


@pytest.fixture
def press(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Press:
    """The small book, whose runs are fresh and whose site is built."""
    root = tmp_path / "book"
    shutil.copytree(built, root)
    return Press(root, monkeypatch)


ALL = {
    *(f"markdown {name}" for name in ("index", "other", "api")),
    *(f"notebook {name}" for name in ("one", "two")),
    *(f"template {name}" for name in ("index", "other", "api", "one", "two")),
}


def test_a_second_build_renders_nothing_and_gives_the_same(press: Press) -> None:
    assert press.build("again") == Counter()
    first = press.files()
    assert press.files("again") == first
    assert b"Return twice a number" in first["api.html"]
    assert b'href="#mini.double"' in first["api.html"]
    assert len(first["assets/_mkdocstrings.css"]) > 1000
    page = first["runs/one.html"].decode()
    assert '<p lang="en">Say it.</p>' in page
    (styles,) = [name for name in first if name.startswith("assets/run-")]
    assert f'href="../{styles}"' in page
    assert first[styles] == FILES["docs/theme/assets/stylesheets/runs.css"].encode()
    words = json.loads(first["search/search_index.json"])["docs"]
    assert any("梯度\u200b下降" in entry["text"] for entry in words)


EDITS: dict[str, tuple[str, str, str, set[str]]] = {
    "a word": (
        "docs/zh/other.md",
        "下降",
        "上升",
        {"markdown other", "template other"},
    ),
    "the package": (
        "src/mini/__init__.py",
        "twice a number",
        "two times a number",
        {"markdown api", "template api"},
    ),
    "another module": ("src/mini/a.py", "1", "2", set()),
    "front matter": (
        "docs/zh/other.md",
        "# 别的",
        "---\ndescription: D\n---\n# 别的",
        {"template other"},
    ),
    "the template": (
        "docs/theme/main.html",
        "%}",
        "%} ",
        {name for name in ALL if name.startswith("template")},
    ),
    "the settings": ("mkdocs.yml", "Small", "Large", ALL - {"notebook one"}),
}


@pytest.mark.parametrize("what", EDITS)
def test_only_what_changed_is_rendered(press: Press, what: str) -> None:
    path, old, new, expected = EDITS[what]
    text = (press.root / path).read_text()
    assert old in text
    (press.root / path).write_text(text.replace(old, new))
    expected = expected - {"notebook one", "notebook two"}
    assert set(press.build("new")) == expected
    changed = press.files("new")
    shutil.rmtree(press.root / ".runs" / "cache")
    assert set(press.build("cold")) == ALL
    assert press.files("cold") == changed
    (press.root / path).write_text(text)
    shutil.rmtree(press.root / ".runs" / "cache")
    press.build("old")
    assert press.files("old") == press.files()


def test_a_changed_run_renders_its_page_and_those_that_show_it(
    press: Press, stored: tuple[Runner, Path]
) -> None:
    press.write("snippets/one.py", FILES["snippets/one.py"].replace("42", "43"))
    runner = Runner(Book(press.root), lambda *_: stored[0].warm())
    press.run(runner)
    found = press.build("new")
    assert set(found) == {
        "notebook one",
        "template one",
        "markdown index",
        "template index",
    }
    assert b"43" in press.files("new")["runs/one.html"]


def test_a_page_with_a_warning_is_not_kept(press: Press) -> None:
    press.write("docs/zh/other.md", "# 别的 {#other}\n\n[x](gone.md)\n")
    for _ in range(2):
        with pytest.raises(Abort, match="1 warnings in strict mode"):
            press.build()
    assert press.rendered["markdown other"] == 1
    press.write("docs/zh/other.md", "# 别的 {#other}\n\n[x](index.md#gone)\n")
    for _ in range(2):  # told when all pages are there, of kept ones as well
        with pytest.raises(Abort, match="1 warnings in strict mode"):
            press.build()
    press.write("docs/zh/gone.md", "# 有了 {#there}\n")
    press.write("docs/zh/other.md", "# 别的 {#other}\n\n[x](gone.md)\n")
    press.build()
    assert b'href="gone.html"' in press.files()["other.html"]


def test_what_a_notebook_is_rendered_by_is_part_of_its_key(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered, "installed", lambda: "another mkdocs-jupyter")
    found = press.build()
    assert {"notebook one", "notebook two"} <= set(found)
