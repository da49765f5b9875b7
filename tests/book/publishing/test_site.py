"""Building: a site is put in place whole, or what was there stays as it was."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from fontTools.ttLib import TTFont
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files

from dlnotes.book import mkdocs_hook
from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.execution.ending import Failure
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Outcome, Runner
from dlnotes.book.publishing import site
from dlnotes.book.publishing.editions import (
    Edition,
    EditionError,
    Editions,
    without_news,
)
from dlnotes.book.publishing.site import write_font
from dlnotes.book.storage import swap
from dlnotes.book.storage.swap import replace

if TYPE_CHECKING:
    from tests.book.conftest import Bench


@pytest.fixture(scope="module")
def built(
    small_site: "type[Bench]", tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Bench"]:
    """The small book, built once."""
    bench = small_site(tmp_path_factory.mktemp("book"))
    try:
        assert bench.build()
        bench.keep()
        yield bench
    finally:
        bench.runner.close()


@pytest.fixture
def bench(built: "Bench") -> Iterator["Bench"]:
    """The small book, put back in order afterwards, its site and its runs too."""
    yield built
    built.bring_back()


def test_a_built_site(built: "Bench") -> None:
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
    bench: "Bench", capsys: pytest.CaptureFixture[str]
) -> None:
    before = undated(bench)
    bench.forget_stamp()
    assert bench.build()
    assert capsys.readouterr().err == (
        "all 1 runs are fresh; no snippet runs\nbuilt site/\n"
    )
    assert undated(bench) == before


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("there is nothing to do")


def test_a_build_after_no_change_does_nothing_and_says_so(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.build()
    capsys.readouterr()
    before = bench.site()
    for path in bench.files:  # written anew, at another time, with what they held
        bench.restore(path)
    monkeypatch.setattr(site, "Editions", refuse)
    monkeypatch.setattr(Runner, "update", refuse)
    assert bench.build()
    told = capsys.readouterr().err
    assert told == "site/ is up to date: nothing has changed\n"
    assert bench.site() == before


def same_length(bench: "Bench") -> None:
    """Change one letter of a page, and put back when it was written."""
    path = bench.root / "docs/en/index.md"
    about = path.stat()
    path.write_text(path.read_text().replace("It is", "It as"))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def damage_run(bench: "Bench") -> None:
    (path,) = (bench.root / ".runs" / "notebooks").iterdir()
    path.write_bytes(path.read_bytes().replace(b"42", b"43"))


CHANGES = {
    "a page": same_length,
    "a template": lambda b: b.write("docs/theme/main.html", "{{ page.content }}\n"),
    "a new page": lambda b: b.write("docs/en/more.md", "# More {#more}\n"),
    "a setting": lambda b: b.write(
        "mkdocs.yml", b.files["mkdocs.yml"].replace("Small", "Other")
    ),
    "a snippet": lambda b: b.write("snippets/one.py", "# %% all\nanswer = 4\n"),
    "the library": lambda b: b.write("src/dlnotes/new.py", "x = 1\n"),
    "a run": damage_run,
    "a page of the site": lambda b: (b.root / "site/en/index.html").write_text("no"),
    "a lost page of the site": lambda b: (b.root / "site/zh/index.html").unlink(),
    "a file too many": lambda b: (b.root / "site/en/more.html").write_text("yes"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_noticed(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    assert bench.build()
    CHANGES[what](bench)
    begun = []
    monkeypatch.setattr(Runner, "update", lambda *_, **__: begun.append(1) or stop())
    with pytest.raises(StopIteration):
        bench.build()
    assert begun == [1]


def stop() -> None:
    raise StopIteration


@pytest.mark.parametrize("name", ["SITE_URL_EN", "DLNOTES_SCALE"])
def test_a_change_of_the_environment_is_noticed(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert bench.build()
    monkeypatch.setenv(name, "https://example.org/en/")
    monkeypatch.setattr(Runner, "update", lambda *_, **__: stop())
    with pytest.raises(StopIteration):
        bench.build()


def kept(bench: "Bench", kind: str) -> set[str]:
    """Return the entries of a kind that the builds so far have kept."""
    folder = bench.root / ".runs" / "cache" / kind
    return {path.relative_to(folder).as_posix() for path in folder.glob("*/*")}


def test_a_changed_word_is_rendered_on_its_page_alone(bench: "Bench") -> None:
    bench.write("docs/en/more.md", "# More {#more}\n")
    bench.write("docs/zh/more.md", "# 更多 {#more}\n")
    assert bench.build()
    before = {kind: kept(bench, kind) for kind in ("html-en", "html-zh", "keys")}
    text = bench.files["docs/en/index.md"].replace("It is", "It is now")
    bench.write("docs/en/index.md", text)
    assert bench.build()
    assert "It is now" in (bench.root / "site/en/index.html").read_text()
    assert kept(bench, "html-zh") == before["html-zh"]
    assert kept(bench, "keys") == before["keys"]
    new = kept(bench, "html-en") - before["html-en"]
    assert {path.partition("/")[0] for path in new} == {"index.md"}
    for language in ("en", "zh"):
        (bench.root / f"docs/{language}/more.md").unlink()
    assert bench.build()
    assert not [path for path in kept(bench, "html-en") if path.startswith("more")]


def test_a_damaged_entry_is_noticed_and_made_again(bench: "Bench") -> None:
    assert bench.build()
    right = (bench.root / "site/en/index.html").read_bytes()
    for path in (bench.root / ".runs" / "cache").glob("*/*/*"):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if len(data) % 2 else data + b" ")
    assert bench.build()
    assert (bench.root / "site/en/index.html").read_bytes() == right


def builder(bench: "Bench") -> subprocess.Popen[str]:
    """Start a build in a process of its own."""
    code = f"""
import sys
from pathlib import Path
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.publishing.site import build

book = Book(Path({str(bench.root)!r}))
with Runner(book) as runner:
    sys.exit(not build(book, runner, Settings(), Report(book)))
"""
    return subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True
    )


def children(process: int) -> list[int]:
    """Return the processes that a process has started, and theirs."""
    path = Path(f"/proc/{process}/task/{process}/children")
    own = [int(text) for text in path.read_text().split()] if path.exists() else []
    return own + [grandchild for child in own for grandchild in children(child)]


def change_a_word(bench: "Bench") -> None:
    bench.write("docs/zh/index.md", bench.files["docs/zh/index.md"].replace("它", "这"))


@pytest.fixture(scope="module")
def changed(built: "Bench") -> dict[str, str]:
    """The site of the changed book, as a build makes it that finds the runs alone."""
    shutil.rmtree(built.root / "site")
    shutil.rmtree(built.root / ".runs" / "cache")
    change_a_word(built)
    assert built.build()
    digests = undated(built)
    built.bring_back()
    return digests


def undated(bench: "Bench") -> dict[str, str]:
    """Return the digest of each file of the site that does not tell the time."""
    return {
        path: digest
        for path, (digest, _) in bench.site().items()
        if "sitemap" not in path
    }


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("after", [0.3, 0.7, 1.1, 1.4, 1.8, 2.1])
def test_a_killed_build_leaves_the_site_and_nothing_half(
    bench: "Bench", changed: dict[str, str], after: float
) -> None:
    assert bench.build()
    before = bench.site()
    change_a_word(bench)
    process = builder(bench)
    time.sleep(after)
    started = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 5
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, started))
    after_all = bench.site()
    is_new = "这" in (bench.root / "site/zh/index.html").read_text()
    assert is_new or after_all == before
    assert bench.build()
    assert undated(bench) == changed
    assert bench.left() == []


def alive(process: int) -> bool:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def test_a_builder_that_dies_is_told(bench: "Bench") -> None:
    with Editions(Book(bench.root), Settings()) as editions:
        assert editions.alive
        editions.each[0]._process.kill()
        with pytest.raises(
            EditionError, match=r"\[en\] the builder ended with code -9"
        ):
            editions.prepare()
        assert not editions.alive


def test_one_process_builds_again_and_again(bench: "Bench", tmp_path: Path) -> None:
    edition = Edition(Book(bench.root), Settings(), "en")
    try:
        for answer in ("It is", "Now it is"):
            text = bench.files["docs/en/index.md"].replace("It is", answer)
            bench.write("docs/en/index.md", text)
            edition.ask("prepare")
            assert "=" in edition.answer()["characters"]
            edition.ask("build", folder=str(tmp_path / "en"))
            edition.answer()
            assert f"<p>{answer} " in (tmp_path / "en/index.html").read_text()
        bench.write("docs/en/index.md", text.replace("one.answer", "one.no"))
        edition.ask("prepare")
        with pytest.raises(EditionError, match=r"docs/en/index\.md:3: \[\[one\.no"):
            edition.answer()
    finally:
        edition.close()


def test_a_snippet_that_raises_leaves_the_site(
    bench: "Bench", capsys: pytest.CaptureFixture[str]
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
    bench: "Bench", capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.site()
    bench.write(
        "docs/en/index.md", bench.files["docs/en/index.md"].replace("answer", "no")
    )
    assert not bench.build()
    assert "docs/en/index.md:3: [[one.no]]: the run has no" in capsys.readouterr().err
    assert bench.site() == before
    assert bench.left() == []


def test_a_warning_of_mkdocs_leaves_the_site_and_is_told(
    bench: "Bench", capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.site()
    bench.write(
        "mkdocs.zh.yml", bench.files["mkdocs.zh.yml"] + "\n        nav: [gone.md]\n"
    )
    assert not bench.build()
    told = capsys.readouterr().err
    assert "[zh] WARNING" in told
    assert "gone.md" in told
    assert "INFO" not in told
    assert "[en]" not in told
    assert bench.site() == before
    assert bench.left() == []


def test_two_builds_at_once_both_end_well(bench: "Bench") -> None:
    (bench.root / ".site-killed").mkdir()
    bench.forget_stamp()
    both = [builder(bench) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert bench.left() == []
    assert "en/index.html" in bench.site()


# The hook, which `mkdocs build` and `mkdocs serve` use alone


@pytest.fixture
def config(bench: "Bench") -> Any:
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
    bench: "Bench", config: Any, monkeypatch: pytest.MonkeyPatch
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


def font(bench: "Bench") -> Path:
    return bench.root / "docs/theme/assets/generated/math.woff2"


def test_the_font_holds_the_signs_of_the_formulas(built: "Bench") -> None:
    found = set(map(chr, TTFont(io.BytesIO(font(built).read_bytes())).getBestCmap()))
    assert {"∂", "=", "\N{PLANCK CONSTANT}"} <= found
    assert "题" not in found
    assert "η" not in found


def test_the_font_is_written_when_the_formulas_change(bench: "Bench") -> None:
    before = font(bench).stat().st_mtime_ns
    write_font(Book(bench.root), Settings())
    assert font(bench).stat().st_mtime_ns == before
    text = bench.files["docs/zh/index.md"].replace("@run", "$\\eta$\n\n        @run")
    bench.write("docs/zh/index.md", text)
    write_font(Book(bench.root), Settings())
    assert ord("η") in TTFont(io.BytesIO(font(bench).read_bytes())).getBestCmap()
    assert [path.name for path in font(bench).parent.iterdir()] == ["math.woff2"]


def test_what_mkdocs_tells_when_all_is_well_is_dropped() -> None:
    log = (
        "INFO    -  Cleaning\nWARNING -  Broken\n  more\nINFO    -  Built\n\nAborted\n"
    )
    assert without_news(log) == "WARNING -  Broken\n  more\n\nAborted"


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
