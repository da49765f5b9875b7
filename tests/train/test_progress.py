import io
from contextlib import suppress

import pytest

from dlnotes.train import progress
from dlnotes.train.history import History
from dlnotes.train.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(
    steps: int, of: int, monkeypatch: pytest.MonkeyPatch, out: io.StringIO
) -> Progress:
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setattr(
        progress, "tqdm", lambda **options: real(**options, file=out, mininterval=0)
    )
    history = History()
    with Progress(of) as bar:
        for step in range(steps):
            history.record(1 / (1 + step), 0, 1)
            bar(history)
        bar.left_open = not out.getvalue().endswith("\n")
    return bar


real = progress.tqdm


def test_a_terminal_sees_steps_and_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    run(4, 4, monkeypatch, out)
    last = out.getvalue().split("\r")[-1]
    assert "4/4" in last
    assert "loss=0.2500" in last
    assert last.endswith("\n")


def test_an_unfinished_run_leaves_the_bar_open(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    bar = run(2, 4, monkeypatch, out)
    assert bar.left_open
    assert "2/4" in out.getvalue().split("\r")[-1]


@pytest.mark.parametrize("error", [None, FloatingPointError])
def test_it_is_closed_however_the_run_ends(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception] | None
) -> None:
    out = Terminal()
    monkeypatch.setattr(
        progress, "tqdm", lambda **options: real(**options, file=out, mininterval=0)
    )
    with suppress(FloatingPointError), Progress(10) as bar:
        history = History()
        history.record(1.0, 0, 1)
        bar(history)
        if error:
            raise error
    assert bar.bar.disable  # as tqdm says that a bar is closed
    assert out.getvalue().endswith("\n")


def test_a_resumed_run_starts_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(
        progress, "tqdm", lambda **options: real(**options, file=out, mininterval=0)
    )
    history = History()
    for _ in range(7):
        history.record(1.0, 0, 1)
    bar = Progress(10)
    bar(history)
    assert "7/10" in out.getvalue().split("\r")[-1]


def test_nothing_is_shown_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    run(4, 4, monkeypatch, out)
    assert out.getvalue() == ""
