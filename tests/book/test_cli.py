"""The command: what it does, what it prints, and how it ends."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dlnotes.book import cli
from dlnotes.book.book import Book
from dlnotes.book.cli import main
from dlnotes.book.execution.ending import Failure
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import TIMEOUT, Outcome, Runner
from dlnotes.book.progress import Report, describe
from dlnotes.book.publishing import site
from dlnotes.book.serving import serve

COMMANDS = ("run", "status", "build", "serve", "check", "export", "clean")
SNIPPET = """
    # %% all
    answer = 42
    print(answer)
"""


@pytest.fixture
def book(small: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A small book with one fresh run and one snippet that never ran."""
    small.snippet(SNIPPET)
    small.snippet(SNIPPET, "other")
    small.write("docs/zh.po", 'msgid ""\nmsgstr ""\n')
    small.engine = Book(small.root, "mini").engine  # a runner looks for itself
    small.save()
    monkeypatch.chdir(small.root)
    monkeypatch.setattr(cli, "find_book", lambda: small.book)
    monkeypatch.setattr(cli, "_check_installed", lambda book: None)
    return small


class FakeRunner(Runner):
    """Remembers what it is asked for, and runs nothing."""

    asked: tuple[list[str], Settings, dict[str, Any]]
    outcome = Outcome()

    def update(  # type: ignore[override]
        self, names: list[str], settings: Settings, progress: Any, **options: Any
    ) -> Outcome:
        FakeRunner.asked = names, settings, options
        for failure in self.outcome.failures:
            progress.failed(failure)
        return self.outcome


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> type[FakeRunner]:
    """Have the command use a runner that runs nothing."""
    monkeypatch.setattr(FakeRunner, "outcome", Outcome())
    monkeypatch.setattr(cli, "Runner", FakeRunner)
    return FakeRunner


def misused(*arguments: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


# Usage


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: dlnotes {command}")
    assert "%(" not in text


def test_the_command_names_its_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(f"\n    {command} " in text for command in COMMANDS)
    assert "0 all well, 1 a failure in the book, 2 wrong usage" in text


@pytest.mark.parametrize(
    "line",
    [
        "",
        "frobnicate",
        "run --nope",
        "run --jobs 0",
        "run --jobs two",
        "run --timeout 0",
        "run --timeout nan",
        "run --timeout inf",
        "run --timeout soon",
        "run --scale huge",
        "run --device cuda",
        "build one",
        "serve --port 0",
        "serve --port 65536",
        "serve --port http",
        "export",
        "status --force",
    ],
)
def test_wrong_usage(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    misused(*line.split())
    text = capsys.readouterr().err
    assert text.startswith("usage: dlnotes")
    assert "invalid _" not in text


@pytest.mark.parametrize("command", ["run", "status", "export"])
def test_an_unknown_snippet_is_wrong_usage(
    book: Any, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "nope"]) == 2
    assert capsys.readouterr() == (
        "",
        "dlnotes: no snippet named nope; there are: one, other\n",
    )


def test_outside_a_checkout(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"dlnotes: {tmp_path} is not in a checkout of the book: ")
    assert "Traceback" not in text


def test_the_command_of_another_checkout(
    small: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small.root)
    assert main(["status"]) == 1
    text = capsys.readouterr().err
    here = Path(cli.__file__).parents[1]
    assert text.startswith(f"dlnotes: this command runs the code in {here}, and the ")
    assert str(small.root) in text


def test_it_works_from_a_folder_of_the_checkout(book: Book) -> None:
    for command in (
        [sys.executable, "-W", "error", "-m", "dlnotes.book"],
        [f"{sys.prefix}/bin/dlnotes"],
    ):
        done = subprocess.run(
            [*command, "status", "perceptron"],
            cwd=cli_root() / "docs" / "en",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("perceptron  ")


def cli_root() -> Path:
    return Path(__file__).parents[2]


# Status


def test_status_tells_fresh_from_stale_and_why(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out == (
        "one    fresh  0.50 s\nother  stale  it has not run yet\n"
    )
    book.snippet(SNIPPET.replace("42", "43"))
    assert main(["status", "one"]) == 0
    assert capsys.readouterr().out == "one  stale  cell all changed\n"


def test_status_shortens_a_long_list_of_reasons(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = "".join(f"# %% cell-{n}\nx = {n}\n" for n in range(20))
    book.snippet(cells)
    assert main(["status", "one"]) == 0
    text = capsys.readouterr().out
    assert text.count(";") == cli.REASONS
    assert text.rstrip().endswith(" more")


def test_status_of_other_settings(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "one", "--scale", "full"]) == 0
    assert capsys.readouterr().out == "one  stale  it has not run yet\n"


# Run


def test_run_says_when_nothing_is_stale(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "one"]) == 0
    assert capsys.readouterr().err == "all 1 runs are fresh; no snippet runs\n"


def test_run_passes_its_options_on(book: Any, runner: type[FakeRunner]) -> None:
    assert main(["run"]) == 0
    names, settings, options = runner.asked
    assert names == ["one", "other"]
    assert settings == Settings("default")
    assert options == {"jobs": None, "timeout": TIMEOUT, "force": False}
    line = "run other one other --force --jobs 3 --timeout 2.5 --scale full"
    assert main(line.split()) == 0
    assert runner.asked == (
        ["other", "one"],
        Settings("full"),
        {"jobs": 3, "timeout": 2.5, "force": True},
    )


def test_run_fails_when_a_snippet_fails(
    book: Any, runner: type[FakeRunner], capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("docs/en/page.md", "# No id\n\n@run one#all\n\n```\nnot closed\n")
    book.write("docs/zh/page.md", "[[one.answer]]\n")
    failure = Failure(
        "one", "all", 3, "ValueError: [b]\x1b[31mno[/b]", "File x, line 3"
    )
    runner.outcome = Outcome(ran=["other"], failures=[failure])
    assert main(["run"]) == 1
    assert capsys.readouterr().err == (
        "  one  FAILED\n"
        "    snippets/one.py:3, cell all: ValueError: [b]no[/b]\n"
        "      File x, line 3\n"
        "    used by docs/en/page.md, docs/zh/page.md\n"
        "failed: one; 1 ran and are kept\n"
    )


def test_an_interrupted_run_says_what_is_kept(
    book: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Runner, "_run", interrupt)
    assert main(["run"]) == 130
    assert "interrupted; what had finished is kept" in capsys.readouterr().err


def test_a_snippet_that_is_not_python_is_named(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    book.snippet("# %% all\nx = (\n")
    assert main(["status"]) == 1
    text = capsys.readouterr().err
    assert text.startswith("dlnotes: ")
    assert "snippets/one.py:2: not valid Python" in text


# The other commands


@pytest.mark.parametrize(("built", "code"), [(True, 0), (False, 1)])
def test_build_ends_as_the_build_does(
    book: Any,
    runner: type[FakeRunner],
    monkeypatch: pytest.MonkeyPatch,
    built: bool,
    code: int,
) -> None:
    asked: dict[str, Any] = {}

    def build(*_: object, **options: Any) -> bool:
        asked.update(options)
        return built

    monkeypatch.setattr(site, "build", build)
    assert main(["build", "--jobs", "2", "--timeout", "7"]) == code
    assert asked == {"jobs": 2, "timeout": 7.0}


def test_serve_passes_its_options_on(
    book: Any, runner: type[FakeRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(serve, "serve", lambda *_, **options: asked.update(options))
    assert main(["serve", "--host", "0.0.0.0", "--port", "80"]) == 0
    assert asked == {"host": "0.0.0.0", "port": 80, "jobs": None, "timeout": TIMEOUT}


@pytest.mark.usefixtures("book")
def test_a_server_that_is_told_to_end_tidies_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def be_told(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(serve, "serve", be_told)
    try:
        assert main(["serve"]) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "interrupted" in capsys.readouterr().err


def test_a_port_that_is_taken(
    book: Any,
    runner: type[FakeRunner],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(serve, "serve", refuse)
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == "dlnotes: [Errno 98] Address already in use\n"


def test_check_fails_when_there_is_an_error(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, title in (("en", "Title"), ("zh", "标题")):
        text = f"# {title} {{#t}}\n\n@code one#all\n\n@code other#all\n"
        book.write(f"docs/{language}/page.md", text)
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "2 pages checked: nothing wrong\n"
    book.write("docs/en/page.md", "# Title {#t}\n\n@code one#all\n")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "snippets/other.py:1: no chapter shows snippet other" in out
    assert "docs/zh/page.md:5: docs/en/page.md lacks @code other#all" in out


def test_export_prints_a_program_or_writes_it(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "one"]) == 0
    program = capsys.readouterr().out
    assert "answer = 42" in program
    assert main(["export", "one", "-o", "made/one.py"]) == 0
    assert (book.root / "made" / "one.py").read_text() == program
    assert capsys.readouterr().out == ""


def test_export_to_a_folder_is_an_error_that_leaves_nothing(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(book.root.rglob("*"))
    assert main(["export", "one", "-o", "docs"]) == 1
    assert "Is a directory" in capsys.readouterr().err
    assert sorted(book.root.rglob("*")) == before


def test_clean_deletes_what_was_generated(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("site/en/index.html", "x")
    book.write("docs/theme/assets/generated/math.woff2", "x")
    book.write(".site-left/x", "x")
    book.write("docs/theme/main.html", "kept")
    assert main(["clean"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "deleted .runs",
        "deleted .site-left",
        "deleted docs/theme/assets/generated",
        "deleted site",
    ]
    left = {path.relative_to(book.root).as_posix() for path in book.root.rglob("*")}
    assert {"snippets/one.py", "docs/zh.po", "docs/theme/main.html"} <= left
    assert not {".runs", "site", ".site-left"} & left
    assert main(["clean"]) == 0
    assert capsys.readouterr().out == ""


# The display


def test_plain_lines_where_there_is_no_terminal(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(book.book)
    report.waiting()
    report.plan([book.status("other")], 1)
    report.finished("other", 1.234)
    report.say("docs/en/page.md:100: [red]x[/red] :smile:")
    report.close(Outcome(ran=["other"]))
    assert capsys.readouterr() == (
        "",
        "another build is running snippets; waiting for it\n"
        "1 to run, 1 fresh\n"
        "  other  1.23 s\n"
        "docs/en/page.md:100: [red]x[/red] :smile:\n",
    )


def test_a_long_line_is_not_broken(
    book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Report(book.book).say("word " * 100)
    assert capsys.readouterr().err == "word " * 100 + "\n"


def test_a_bar_in_a_terminal_leaves_the_lines(book: Any) -> None:
    screen = io.StringIO()
    report = Report(book.book)
    report.console = Console(
        file=screen, force_terminal=True, width=80, highlight=False
    )
    report.plan([book.status("other"), book.status("one")], 0)
    report.finished("other", 1.0)
    report.failed(Failure("one", "", None, "killed by signal 9"))
    report.close(Outcome(failures=[Failure("one", "", None, "x")]))
    text = screen.getvalue()
    assert "running" in text
    assert "other  1.00 s" in text
    assert text.rstrip().endswith("failed: one; 0 ran and are kept")


def test_a_failure_before_the_first_cell_of_a_snippet_nobody_uses(book: Any) -> None:
    failure = Failure("other", "", None, "killed by signal 9 (SIGKILL)")
    assert describe(failure, book.book) == (
        "    snippets/other.py: killed by signal 9 (SIGKILL)\n    used by no chapter"
    )
