"""Serving to the author: a change is on the page, or what is wrong is shown over it."""

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.serving import serve as serving
from dlnotes.book.serving import watch
from dlnotes.book.serving.live import ASK, Live, served
from dlnotes.book.serving.serve import Desk
from dlnotes.book.serving.watch import look, wait

if TYPE_CHECKING:
    from tests.book.conftest import Bench

PAGE = "<!doctype html><title>t</title><body><p>one</p></body>"


class Reader:
    """Asks a server for pages."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text, headers

    def ask(self, page: str, version: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.get(f"{ASK}?page={page}&version={version}")[1]
        )
        return found


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """A site of one page."""
    live = Live(tmp_path / "site")
    folder = live.folder / "en" / "assets"
    folder.mkdir(parents=True)
    (live.folder / "en" / "index.html").write_text(PAGE)
    (folder / "book.css").write_text("p {}")
    (folder / "book.txt").write_text("text")
    (tmp_path / "secret.html").write_text("secret")
    return live


@pytest.fixture
def reader(live: Live) -> Iterator[Reader]:
    """Someone who reads the site."""
    with served(live, "127.0.0.1", 0) as port:
        yield Reader(port)


def test_a_page_brings_the_script_that_keeps_it_up_to_date(
    live: Live, reader: Reader
) -> None:
    for path in ("/en/index.html", "/en/"):
        status, text, headers = reader.get(path)
        assert status == 200
        assert text.startswith(
            "<!doctype html><title>t</title><body><p>one</p><script>"
        )
        assert text.endswith("</script></body>")
        assert json.dumps(live.digest("/en/index.html")) in text
        assert '"ABOUT"' not in text
        assert headers["cache-control"] == "no-store"
    status, text, headers = reader.get("/en/assets/book.css")
    assert (status, text) == (200, "p {}")
    assert headers["content-type"] == "text/css"
    assert headers["cache-control"] == "no-store"
    assert reader.get("/en/assets/book.txt")[1] == "text"


def test_a_page_that_is_not_there_waits_for_itself(live: Live, reader: Reader) -> None:
    status, text, _ = reader.get("/en/new.html")
    assert status == 404
    assert "<script>" in text
    before = reader.ask("/en/new.html", -1)["digest"]
    assert json.dumps(before) in text
    (live.folder / "en" / "new.html").write_text(PAGE)
    assert reader.ask("/en/new.html", -1)["digest"] != before


@pytest.mark.parametrize(
    "path", ["/../secret.html", "/en/%2e%2e/%2e%2e/secret.html", "//secret.html"]
)
def test_nothing_outside_the_folder_is_served(reader: Reader, path: str) -> None:
    assert "secret" not in reader.get(path)[1]


def test_a_page_is_known_by_its_content_and_styles(live: Live, reader: Reader) -> None:
    def digest() -> str:
        found: str = reader.ask("/en/index.html", -1)["digest"]
        return found

    first = digest()
    (live.folder / "en" / "other.html").write_text("other")
    assert digest() == first
    (live.folder / "en" / "assets" / "book.css").write_text("p {color: red}")
    second = digest()
    (live.folder / "en" / "index.html").write_text(PAGE.replace("one", "two"))
    assert len({first, second, digest()}) == 3


def test_who_waits_hears_of_the_next_build(live: Live, reader: Reader) -> None:
    version = reader.ask("/en/index.html", -1)["version"]
    heard: list[dict[str, Any]] = []
    waiting = threading.Thread(
        target=lambda: heard.append(reader.ask("/en/index.html", version))
    )
    waiting.start()
    time.sleep(0.2)
    assert heard == []
    live.announce("a <b> is wrong")
    waiting.join(10)
    assert heard[0]["message"] == "a <b> is wrong"
    assert heard[0]["version"] > version
    live.announce("")
    assert reader.ask("/en/index.html", heard[0]["version"])["message"] == ""


# Watching


def test_what_is_renamed_away_while_one_looks_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.md").touch()
    scandir, gone = os.scandir, tmp_path / "b"

    def late(path: str | Path = ".") -> Iterator[os.DirEntry[str]]:
        if Path(path) == gone and gone.exists():
            gone.rename(tmp_path / "c")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", late)
    assert list(look([tmp_path])) == [str(tmp_path / "a" / "page.md")]
    assert len(look([tmp_path])) == 2


def test_a_change_is_seen_once_the_file_rests(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "page.md"
    path.parent.mkdir()
    path.write_text("one")
    (tmp_path / "generated").mkdir()
    seen = look([tmp_path])
    (tmp_path / "generated" / "font").write_text("made by the build")
    assert look([tmp_path]) == seen

    def save() -> None:
        time.sleep(watch.LOOK)
        for text in ("", "tw", "two"):
            path.write_text(text)
            time.sleep(watch.REST / 3)

    threading.Thread(target=save).start()
    now, changed = wait([tmp_path], seen)
    assert changed == [str(path)]
    assert path.read_text() == "two"
    about = path.stat()
    path.write_text("six")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert wait([tmp_path], now)[1] == [str(path)]
    path.unlink()
    assert wait([tmp_path], look([tmp_path]) | {str(path): (0, 0, 0)})[1] == [str(path)]


# The desk


@pytest.fixture(scope="module")
def desk(
    small_site: "type[Bench]", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple["Bench", Desk]]:
    """A small book that is served; tests put back what they change."""
    bench = small_site(tmp_path_factory.mktemp("desk") / "book")
    bench.runner.close()
    folder = tmp_path_factory.mktemp("served") / "site"
    folder.mkdir()
    book = Book(bench.root)
    with Runner(book) as runner:
        desk = Desk(book, runner, Settings(), Live(folder), timeout=60)
        try:
            desk.rebuild([])
            assert desk.live.message == ""
            yield bench, desk
        finally:
            desk.close()


def edit(bench: "Bench", desk: Desk, path: str, old: str, new: str) -> None:
    """Change a file and rebuild."""
    assert old in bench.files[path]
    bench.write(path, bench.files[path].replace(old, new))
    desk.rebuild([str(bench.root / path)])


def put_back(bench: "Bench", desk: Desk, path: str) -> None:
    bench.restore(path)
    desk.rebuild([str(bench.root / path)])
    assert desk.live.message == ""


def page(desk: Desk, language: str) -> str:
    return (desk.live.folder / language / "index.html").read_text()


def test_a_changed_word_is_served_and_nothing_runs(
    desk: tuple["Bench", Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, author = desk
    processes = [edition._process.pid for edition in author.warm().each]
    monkeypatch.setattr(author.runner, "update", lambda *_, **__: 1 / 0)
    edit(bench, author, "docs/en/index.md", "It is", "Now it is")
    assert author.live.message == ""
    assert "Now it is" in page(author, "en")
    assert "它是" in page(author, "zh")
    assert [edition._process.pid for edition in author.warm().each] == processes
    put_back(bench, author, "docs/en/index.md")
    assert "Now it is" not in page(author, "en")


def test_a_changed_snippet_is_run_and_served(desk: tuple["Bench", Desk]) -> None:
    bench, author = desk
    edit(bench, author, "snippets/one.py", "42", "43")
    for language in ("en", "zh"):
        assert ">43</data>" in page(author, language)
    put_back(bench, author, "snippets/one.py")
    assert ">42</data>" in page(author, "en")


def test_what_is_served_is_what_a_build_makes(desk: tuple["Bench", Desk]) -> None:
    bench, author = desk
    edit(bench, author, "docs/zh/index.md", "它是", "这是")
    bench.runner.book = Book(bench.root)
    assert bench.build()
    bench.runner.close()

    def files(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and "sitemap" not in path.name
        }

    built = files(bench.root / "site")
    assert files(author.live.folder) == built
    assert "这是" in page(author, "zh")
    put_back(bench, author, "docs/zh/index.md")


MISTAKES = {
    "a snippet that raises": (
        "snippets/one.py",
        'print(answer, "<script>")',
        "answer / 0",
        "snippets/one.py:3, cell all: ZeroDivisionError: division by zero",
    ),
    "a syntax error": ("snippets/one.py", "answer = 42", "answer = (", "was never"),
    "a wrong name": (
        "docs/en/index.md",
        "one.answer",
        "one.no",
        "docs/en/index.md:3: [[one.no]]: the run has no",
    ),
    "a wrong directive": ("docs/zh/index.md", "@run", "@walk", "docs/zh/index.md:5"),
    "a page of one language": (
        "docs/en/index.md",
        "@run",
        "Only here.\n\n        @run",
        "docs/zh/index.md lacks paragraph",
    ),
    "a warning of MkDocs": (
        "mkdocs.yml",
        "plugins:",
        "nav: [x.md]\n        plugins:",
        "x.md",
    ),
    "a setting that is none": ("mkdocs.yml", "plugins: []", "plugins: [none]", "none"),
    "broken YAML": ("mkdocs.yml", "plugins: []", "plugins: [", "mkdocs.yml"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_shown_until_it_is_mended(
    desk: tuple["Bench", Desk], capsys: pytest.CaptureFixture[str], what: str
) -> None:
    bench, author = desk
    path, old, new, told = MISTAKES[what]
    before = page(author, "zh")
    edit(bench, author, path, old, new)
    assert told in author.live.message
    said = capsys.readouterr().err
    assert author.live.message in said.replace("\r", "")
    assert page(author, "zh") == before
    put_back(bench, author, path)
    assert page(author, "zh") == before


def test_a_snippet_that_failed_is_tried_again_with_the_next(
    desk: tuple["Bench", Desk],
) -> None:
    bench, author = desk
    two = bench.root / "snippets/two.py"
    bench.write("snippets/two.py", "# %% all\n1 / 0\n")
    author.rebuild([str(two)])
    edit(bench, author, "snippets/one.py", "42", "44")
    assert "snippets/two.py:2, cell all: ZeroDivisionError" in author.live.message
    two.unlink()
    put_back(bench, author, "snippets/one.py")


def test_a_builder_that_died_is_replaced(desk: tuple["Bench", Desk]) -> None:
    bench, author = desk
    for edition in author.warm().each:
        edition._process.kill()
        edition._process.wait()
    edit(bench, author, "docs/en/index.md", "It is", "Still it is")
    assert "Still it is" in page(author, "en")
    put_back(bench, author, "docs/en/index.md")


def test_the_built_site_is_shown_at_once_if_it_is_current(
    desk: tuple["Bench", Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, author = desk
    bench.runner.book = Book(bench.root)
    assert bench.build()
    bench.runner.close()
    live = Live(tmp_path / "site")
    live.folder.mkdir()
    other = Desk(Book(bench.root), author.runner, Settings(), live)
    monkeypatch.setattr(other, "warm", lambda: 1 / 0)
    assert other.open()
    assert "It is" in page(other, "en")
    (bench.root / "site" / "en" / "index.html").write_text("half")
    assert not other.open()


def test_serving_begins_builds_and_ends(
    desk: tuple["Bench", Desk],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench, author = desk
    asked: list[tuple[int, str]] = []

    def interrupt(_watched: object, _seen: object) -> None:
        port = int(capsys.readouterr().out.split("127.0.0.1:")[1].split("/")[0])
        status, text, _ = Reader(port).get("/zh/index.html")
        asked.append((status, text))
        asked.append((0, json.dumps(Reader(port).ask("/en/index.html", -1)["message"])))
        raise KeyboardInterrupt

    bench.write("docs/en/index.md", bench.files["docs/en/index.md"] + "\n@bogus x\n")
    monkeypatch.setattr(serving, "wait", interrupt)
    serving.serve(Book(bench.root), author.runner, Settings(), host="127.0.0.1", port=0)
    bench.restore("docs/en/index.md")
    assert asked[0][0] == 404
    assert "docs/en/index.md" in asked[1][1]
    assert "stopped" in capsys.readouterr().out
