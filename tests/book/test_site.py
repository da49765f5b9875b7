"""Building: a site is put in place whole, or what was there stays as it was."""

import hashlib
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files

from dlnotes.book import mkdocs_hook, site, swap
from dlnotes.book.book import Book
from dlnotes.book.ending import Failure
from dlnotes.book.errors import BookError
from dlnotes.book.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.runner import Outcome, Runner
from dlnotes.book.site import build, write_font
from dlnotes.book.swap import replace

HOOK = Path(site.__file__).parent / "mkdocs_hook.py"
FILES = {
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

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runner = Runner(Book(root))
        for path in FILES:
            self.restore(path)

    def restore(self, path: str) -> None:
        self.write(path, FILES[path])

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def build(self) -> bool:
        book = Book(self.root)
        self.runner.book = book
        return build(book, self.runner, Settings(), Report(book), timeout=60)

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

    def left(self) -> list[str]:
        """Return what a build may have left beside the site."""
        return [path.name for path in self.root.glob(".site-*")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The small book, built once; tests put back what they change."""
    bench = Bench(tmp_path_factory.mktemp("book"))
    try:
        assert bench.build()
        yield bench
    finally:
        bench.runner.close()


@pytest.fixture
def bench(built: Bench) -> Iterator[Bench]:
    """The small book, put back in order afterwards."""
    yield built
    for path in FILES:
        built.restore(path)
    (built.root / "snippets" / "two.py").unlink(missing_ok=True)


def test_a_built_site(built: Bench) -> None:
    files = set(built.site())
    assert {".nojekyll", "index.html"} <= files
    for language in ("en", "zh"):
        assert {
            f"{language}/index.html",
            f"{language}/runs/one.py",
            f"{language}/runs/one.ipynb",
            f"{language}/runs/one_standalone.py",
        } <= files
        page = (built.root / "site" / language / "index.html").read_text()
        assert '<data class="dl-value"' in page
        assert "<pre>42 &lt;script&gt;</pre>" in page
        assert "<math>" in page
        assert page.count("<script") == 1  # what is copied, as data
    assert built.left() == []
    assert (built.root / "site").stat().st_mode & 0o777 == 0o755


def test_a_second_build_runs_nothing_and_gives_the_same(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: digest for path, (digest, _) in bench.site().items()}
    assert bench.build()
    after = {path: digest for path, (digest, _) in bench.site().items()}
    assert capsys.readouterr().err == (
        "all 1 runs are fresh; no snippet runs\nbuilt site/\n"
    )
    times = {path for path in before if "sitemap" in path}
    assert {p: d for p, d in after.items() if p not in times} == {
        p: d for p, d in before.items() if p not in times
    }


def test_a_snippet_that_raises_leaves_the_site(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.site()
    bench.write("snippets/one.py", "# %% all\nanswer = 42\nanswer / 0\n")
    bench.write("snippets/two.py", "# %% all\nb = 1\n")
    assert not bench.build()
    told = capsys.readouterr().err
    assert "snippets/one.py:3, cell all: ZeroDivisionError: division by zero" in told
    assert "used by docs/en/index.md, docs/zh/index.md" in told
    assert "failed: one; 1 ran and are kept" in told
    assert bench.site() == before
    assert bench.left() == []
    bench.restore("snippets/one.py")
    bench.runner.book = Book(bench.root)
    found = bench.runner.statuses(["one", "two"], Settings())
    assert [item.reasons for item in found] == [(), ()]


def test_a_mistake_on_a_page_leaves_the_site(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.site()
    bench.write("docs/en/index.md", FILES["docs/en/index.md"].replace("answer", "no"))
    assert not bench.build()
    assert "docs/en/index.md:3: [[one.no]]: the run has no" in capsys.readouterr().err
    assert bench.site() == before
    assert bench.left() == []


def test_a_warning_of_mkdocs_leaves_the_site_and_is_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.site()
    bench.write("mkdocs.zh.yml", FILES["mkdocs.zh.yml"] + "\n        nav: [gone.md]\n")
    assert not bench.build()
    told = capsys.readouterr().err
    assert "[zh] WARNING" in told
    assert "gone.md" in told
    assert "INFO" not in told
    assert "[en]" not in told
    assert bench.site() == before
    assert bench.left() == []


def test_two_builds_at_once_both_end_well(bench: Bench) -> None:
    (bench.root / ".site-killed").mkdir()
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from dlnotes.book.book import Book
        from dlnotes.book.keys import Settings
        from dlnotes.book.progress import Report
        from dlnotes.book.runner import Outcome, Runner
        from dlnotes.book.site import build

        book = Book(Path({str(bench.root)!r}))
        with Runner(book) as runner:
            sys.exit(not build(book, runner, Settings(), Report(book)))
        """
    )
    command = [sys.executable, "-c", code]
    both = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert bench.left() == []
    assert "en/index.html" in bench.site()


# The hook, which `mkdocs build` and `mkdocs serve` use alone


@pytest.fixture
def config(bench: Bench) -> Any:
    """What the hook reads of the configuration."""
    return SimpleNamespace(
        config_file_path=str(bench.root / "mkdocs.yml"),
        theme={"language": "en"},
        site_dir=str(bench.root / "site"),
        use_directory_urls=False,
    )


def test_the_hook_stops_when_a_snippet_fails(
    config: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = Failure("one", "all", 2, "ValueError: no")

    def update(self: Runner, names: list[str], *_: Any) -> Outcome:
        assert names == ["one"]
        return Outcome(failures=[failure])

    monkeypatch.setattr(Runner, "update", update)
    with pytest.raises(PluginError, match="a snippet failed; see above"):
        mkdocs_hook.on_pre_build(config)
    assert "failed: one" in capsys.readouterr().err


def test_the_hook_tells_an_error_of_the_book_in_words(
    bench: Bench, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("snippets/two.py", "x = 1\n")
    with pytest.raises(PluginError, match=r"two\.py:1: no cell: a snippet needs"):
        mkdocs_hook.on_pre_build(config)
    (bench.root / "snippets" / "two.py").unlink()

    def refuse(*_: Any) -> Any:
        raise BookError("cannot be exported", "snippets/one.py", 2)

    monkeypatch.setattr(mkdocs_hook, "programs", refuse)
    with pytest.raises(PluginError, match=r"^snippets/one\.py:2: cannot be exported"):
        mkdocs_hook.on_files(Files([]), config)


# The parts of a build


def font(bench: Bench) -> Path:
    return bench.root / "docs/theme/assets/generated/math.woff2"


def test_the_font_holds_the_signs_of_the_formulas(built: Bench) -> None:
    found = set(map(chr, TTFont(io.BytesIO(font(built).read_bytes())).getBestCmap()))
    assert {"∂", "=", "\N{PLANCK CONSTANT}"} <= found
    assert "题" not in found
    assert "η" not in found


def test_the_font_is_written_when_the_formulas_change(bench: Bench) -> None:
    before = font(bench).stat().st_mtime_ns
    write_font(Book(bench.root), Settings())
    assert font(bench).stat().st_mtime_ns == before
    text = FILES["docs/zh/index.md"].replace("@run", "$\\eta$\n\n        @run")
    bench.write("docs/zh/index.md", text)
    write_font(Book(bench.root), Settings())
    assert ord("η") in TTFont(io.BytesIO(font(bench).read_bytes())).getBestCmap()
    assert [path.name for path in font(bench).parent.iterdir()] == ["math.woff2"]


def test_what_mkdocs_tells_when_all_is_well_is_dropped() -> None:
    log = (
        "INFO    -  Cleaning\nWARNING -  Broken\n  more\nINFO    -  Built\n\nAborted\n"
    )
    assert site._without_news(log) == "WARNING -  Broken\n  more\n\nAborted"


def folders(root: Path) -> tuple[Path, Path]:
    old, new = root / "site", root / ".site-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
        (folder / "deep").mkdir()
    return new, old


def read(folder: Path) -> str:
    assert (folder / "deep").is_dir()
    return (folder / "name").read_text()


@pytest.mark.parametrize("platform", ["as it is", "darwin", "win32", "old linux"])
def test_folders_trade_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    if platform == "old linux":
        monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    elif platform != "as it is":
        monkeypatch.setattr(swap.sys, "platform", platform)
    new, old = folders(tmp_path)
    replace(new, old)
    assert (read(old), read(new)) == (".site-new", "site")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site-new", "site"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux exchanges folders")
def test_linux_exchanges_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("moved aside")

    new, old = folders(tmp_path)
    monkeypatch.setattr(Path, "rename", refuse)
    replace(new, old)
    assert read(old) == ".site-new"


def test_a_system_without_an_exchange_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Library:
        def __init__(self, name: object) -> None: ...

    monkeypatch.setattr(swap.ctypes, "CDLL", Library)
    assert not swap._exchange(*folders(tmp_path))


def test_the_first_site_is_moved_in(tmp_path: Path) -> None:
    new, old = folders(tmp_path)
    (old / "name").unlink()
    (old / "deep").rmdir()
    old.rmdir()
    replace(new, old)
    assert read(old) == ".site-new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("platform", [sys.platform, "darwin"])
def test_a_failure_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(swap.sys, "platform", platform)
    _, old = folders(tmp_path)
    with pytest.raises(OSError, match="missing"):
        replace(tmp_path / "missing", old)
    assert read(old) == "site"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site-new", "site"]


def test_an_interruption_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap.sys, "platform", "darwin")
    new, old = folders(tmp_path)
    rename = Path.rename

    def interrupted(self: Path, target: Any) -> Path:
        if self == new:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace(new, old)
    assert (read(old), read(new)) == ("site", ".site-new")
    assert not [
        name for name in os.listdir(tmp_path) if re.match(r"\.site-(?!new)", name)
    ]
