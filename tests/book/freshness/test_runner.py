"""Running snippets: what ends well is kept, what does not is told, nothing hangs."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dlnotes.book.book import Book
from dlnotes.book.execution.launch import ForkServer, Launcher, Spawner
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from running import Bench, make_book

GOOD = """
    # %% setup
    import numpy as np
    import matplotlib.pyplot as plt
    from mini.shapes import area

    # %% compute
    a = area(3.0)
    print("area", a)

    # %% draw
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, a], label="line")
    ax.legend()
    plt.show()
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A book that imports what takes long to import, and so its server, too."""
    root = tmp_path_factory.mktemp("loaded")
    make_book(root)
    (root / "src" / "mini" / "slow.py").write_text(
        "import sklearn\nimport torch\nimport torchvision\n"
    )
    with Runner(Book(root, "mini")) as runner:
        yield Bench(root, runner)


def test_a_run_keeps_logs_figures_and_values_and_is_not_repeated(bench: Bench) -> None:
    bench.write("good", GOOD)
    outcome, planned = bench.update()
    assert outcome.failures == []
    run = outcome.runs["good"]
    assert planned == ["good"]
    assert run.log("compute") == "area 27.0\n"
    assert run.values["a"] == 27.0
    (figure,) = run.outputs("draw")
    assert figure["data"]["image/svg+xml"].startswith("<svg")
    assert bench.update()[1] == []


def write_library(bench: Bench, text: str) -> None:
    """Write a module that is not of the package: it may do what a snippet may not.

    A snippet may not import it; a library that imports by name does it here.
    """
    text += "def create_parser():\n    import sys\n    return sys.modules[__name__]\n"
    (bench.root / "src" / "behind.py").write_text(text)


def test_output_is_kept_in_order_whatever_wrote_it(bench: Bench) -> None:
    write_library(bench, "from subprocess import run\n")
    bench.write(
        "good",
        """
        # %% all
        import sys
        from xml.sax import _create_parser
        run = _create_parser('behind').run
        print("one")
        sys.stdout.buffer.write(b"two\\n")
        print("three", file=sys.stderr)
        done = run(["echo", "four"])
        "five"
        """,
    )
    run = bench.update()[0].runs["good"]
    assert run.log("all") == "one\ntwo\nfour\n"
    kinds = [item.get("name", item["output_type"]) for item in run.outputs("all")]
    assert kinds == ["stdout", "stderr", "display_data", "stdout"]
    assert run.outputs("all")[2]["data"]["text/plain"] == "'five'"


def test_an_exception_names_cell_line_and_frames_and_the_others_are_kept(
    bench: Bench,
) -> None:
    bench.write("good", GOOD)
    failure = bench.failure(
        """
        # %% first
        def half(x):
            return x / 0

        # %% second
        half(3)
        """
    )
    assert (failure.name, failure.cell, failure.line) == ("bad", "second", 7)
    assert failure.message == "ZeroDivisionError: division by zero"
    assert "return x / 0" in failure.frames
    outcome, planned = bench.update()
    assert planned == ["bad"], "the good one is kept, the failure is not stored"
    assert "good" in outcome.runs


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os\n        os._exit(3)", "ended its own process with exit code 3"),
        ("import os\n        os._exit(0)", "ended its own process with exit code 0"),
        ("import sys\n        sys.exit(0)", "called sys.exit(0)"),
        ("import sys\n        sys.exit('so')", "called sys.exit('so')"),
        (
            "import os, signal\n        os.kill(os.getpid(), signal.SIGKILL)",
            "killed by signal 9 (SIGKILL)",
        ),
        (
            "for _ in range(1000):\n            print('x' * 50_000)",
            "printed more than 200,000 characters of output",
        ),
        (
            "import os\n        os.write(1, b'x' * 50_000_000)",
            "printed more than 200,000 characters of output",
        ),
        ("while True:\n            pass", "stopped at the limit of 3 s (--timeout)"),
        ("x = ", "SyntaxError"),
        (
            "import socket\n        socket.create_connection(('192.0.2.1', 80), 1)",
            "snippets run offline",
        ),
    ],
)
def test_each_bad_end_is_a_clear_failure(bench: Bench, code: str, message: str) -> None:
    if message == "SyntaxError":
        bench.write("bad", "# %% go\nx = (1,\n")
        with pytest.raises(ValueError, match=r"bad\.py:2: not valid Python"):
            bench.update()
        return
    failure = bench.failure(
        f"""
        # %% start
        ready = True

        # %% go
        {code}
        """,
        timeout=3.0 if "limit of 3 s" in message else 60.0,
    )
    assert message in failure.message
    assert failure.cell == "go"


@pytest.mark.parametrize("kind", [ForkServer, Spawner])
def test_a_run_leaves_no_process_behind(
    bench: Bench, kind: Callable[[Path, Path, set[str]], Launcher]
) -> None:
    write_library(bench, "from subprocess import Popen\n")
    for name, end in (("late", "time.sleep(600)"), ("good", "x = 1")):
        bench.write(
            name,
            f"""
            # %% go
            import time
            from xml.sax import _create_parser
            Popen = _create_parser('behind').Popen
            child = Popen(["sleep", "600"]).pid
            open({str(bench.root / name)!r}, "w").write(str(child))
            {end}
            """,
        )
    with Runner(bench.runner.book, kind) as runner:
        outcome, _ = Bench(bench.root, runner).update(timeout=10.0)
    assert [failure.name for failure in outcome.failures] == ["late"]
    for name in ("late", "good"):
        child = int((bench.root / name).read_text())
        until(lambda child=child: not _alive(child), 10.0)  # it may take a moment


def test_code_of_the_library_that_changes_is_run_anew_even_within_a_second(
    bench: Bench,
) -> None:
    bench.write("good", GOOD)
    assert bench.update()[0].runs["good"].values["a"] == 27.0
    shapes = bench.root / "src" / "mini" / "shapes.py"
    shapes.write_text(shapes.read_text().replace("3.0", "4.0"))
    assert bench.update()[0].runs["good"].values["a"] == 36.0


def test_data_files_that_a_run_read_are_part_of_its_key(bench: Bench) -> None:
    data = bench.root / "data.txt"
    data.write_text("7")
    bench.write("good", f"# %% go\nn = int(open({str(data)!r}).read())\n")
    assert bench.update()[0].runs["good"].values["n"] == 7
    assert bench.update()[1] == []
    data.write_text("8")
    (status,) = bench.runner.statuses(["good"], Settings())
    assert status.reasons == ("file {book}/data.txt changed",)
    assert bench.update()[0].runs["good"].values["n"] == 8


def test_a_file_that_was_missing_counts_too(bench: Bench) -> None:
    data = bench.root / "extra.txt"
    bench.write(
        "good",
        f"""
        # %% go
        try:
            found = open({str(data)!r}).read()
        except FileNotFoundError:
            found = "nothing"
        """,
    )
    assert bench.update()[0].runs["good"].values["found"] == "nothing"
    data.write_text("something")
    assert bench.update()[0].runs["good"].values["found"] == "something"


def test_a_module_imported_behind_the_back_of_the_analysis_counts(
    bench: Bench,
) -> None:
    hidden = bench.root / "src" / "mini" / "hidden.py"
    hidden.write_text("X = 1\n")
    write_library(bench, "import importlib\nload = importlib.import_module\n")
    bench.write(
        "good",
        """
        # %% go
        from xml.sax import _create_parser
        x = _create_parser('behind').load('mini.hidden').X
        """,
    )
    assert bench.update()[0].runs["good"].values["x"] == 1
    hidden.write_text("X = 22\n")
    assert bench.update()[0].runs["good"].values["x"] == 22


def test_a_snippet_finds_imported_what_is_slow_and_the_book_imports(
    loaded: Bench,
) -> None:
    write_library(loaded, "import sys\nloaded = {*sys.modules}\n")
    loaded.write(
        "good",
        """
        # %% go
        from xml.sax import _create_parser
        modules = _create_parser('behind').loaded
        slow = [
            "torch", "torch._dynamo", "torchvision", "matplotlib.pyplot",
            "sklearn.datasets",
        ]
        missing = ",".join(name for name in slow if name not in modules)
        """,
    )
    assert loaded.update()[0].runs["good"].values["missing"] == ""


def test_temporary_files_lie_in_the_scratch_folder_whatever_is_imported(
    loaded: Bench,
) -> None:
    loaded.write(
        "good",
        """
        # %% go
        import os, tempfile
        with tempfile.NamedTemporaryFile("w+", delete=False) as file:
            file.write("text")
        text = open(file.name).read()
        is_inside = os.path.dirname(file.name) == os.getcwd()
        """,
    )
    run = loaded.update()[0].runs["good"]
    assert run.values["is_inside"] is True
    assert run.manifest["files"] == {}


def test_what_the_book_does_not_import_is_not_waited_for(bench: Bench) -> None:
    write_library(bench, "import sys\nloaded = {*sys.modules}\n")
    bench.write(
        "good",
        """
        # %% go
        from xml.sax import _create_parser
        x = 'torch' in _create_parser('behind').loaded
        """,
    )
    assert bench.update()[0].runs["good"].values["x"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="uses /proc")
def test_a_snippet_holds_none_of_the_pipes_of_its_server(bench: Bench) -> None:
    bench.write(
        "good",
        """
        # %% go
        import os
        held = []
        for name in os.listdir("/proc/self/fd"):
            try:
                held.append(os.readlink(f"/proc/self/fd/{name}"))
            except FileNotFoundError:  # that of the listing
                pass
        others = ",".join(path for path in held if path.startswith(("pipe", "anon")))
        """,
    )
    assert bench.update()[0].runs["good"].values["others"] == ""


def test_a_value_that_cannot_be_read_costs_no_run(bench: Bench) -> None:
    bench.write(
        "good",
        """
        # %% go
        class Empty:
            ndim, shape = 0, ()
            def tolist(self):
                raise NotImplementedError("no data")
        empty = Empty()
        x = 1
        """,
    )
    assert bench.update()[0].runs["good"].values == {"x": 1}


def test_every_snippet_starts_from_the_same_state(loaded: Bench) -> None:
    code = """
        # %% go
        import random
        import numpy as np
        import torch
        torch.manual_seed(1); np.random.seed(1); random.seed(1)
        drawn = random.random() + np.random.rand() + torch.rand(1).item()
        threads = torch.get_num_threads()
        order = ",".join({"alpha", "beta", "gamma", "delta"})
        torch.manual_seed(99); np.random.seed(99); random.seed(99)
        """
    loaded.write("one", code)
    loaded.write("two", code)
    runs = loaded.update(jobs=1)[0].runs
    assert runs["one"].values == runs["two"].values
    assert runs["one"].values["threads"] == 1


def test_two_cold_runs_and_any_number_of_jobs_give_the_same_bytes(
    bench: Bench,
) -> None:
    for name in ("one", "two", "three"):
        bench.write(name, GOOD.replace("3.0", f"{len(name)}.0"))
    seen = []
    for jobs in (1, 2, 2):
        runs = bench.update(jobs=jobs, force=True)[0].runs
        seen.append({n: json.dumps([r.notebook, r.values]) for n, r in runs.items()})
    assert seen[0] == seen[1] == seen[2]


def test_a_machine_without_fork_gives_the_same_run(
    tmp_path: Path, bench: Bench
) -> None:
    bench.write("good", GOOD)
    forked = bench.update()[0].runs["good"]
    bench.write("bad", "# %% go\nimport time\ntime.sleep(60)\n")
    with Runner(Book(bench.root, "mini"), Spawner) as runner:
        other = Bench(bench.root, runner)
        outcome, _ = other.update(force=True, timeout=15.0)
    assert outcome.runs["good"].notebook == forked.notebook
    (failure,) = outcome.failures
    assert failure.message == "stopped at the limit of 15 s (--timeout)"


def test_a_change_while_it_runs_is_noticed(bench: Bench) -> None:
    path = bench.root / "snippets" / "bad.py"
    failure = bench.failure(
        f"""
        # %% go
        path = {str(path)!r}
        open(path, "a").write("\\nlate = 1\\n")
        """
    )
    assert failure.message == "its code changed while it ran; run it again"


def test_a_library_file_saved_by_half_costs_only_the_runs_that_reach_it(
    bench: Bench,
) -> None:
    shapes = bench.root / "src" / "mini" / "shapes.py"
    bench.write("other", "# %% go\nx = 1\n")
    bench.write(
        "bad",
        f"""
        # %% go
        from mini.shapes import area
        open({str(shapes)!r}, "w").write("def area(:")
        """,
    )
    outcome, _ = bench.update(jobs=1)
    assert list(outcome.runs) == ["other"]
    (failure,) = outcome.failures
    assert failure.message == "its code changed while it ran; run it again"


def test_a_run_that_cannot_be_stored_leaves_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = bench.runner.store.save

    def fail(manifest: dict[str, Any], notebook: dict[str, Any]) -> None:
        if manifest["name"] == "bad":
            raise OSError(errno.ENOSPC, "No space left on device")
        save(manifest, notebook)

    monkeypatch.setattr(bench.runner.store, "save", fail)
    bench.write("good", GOOD)
    bench.write("bad", "# %% go\nx = 1\n")
    outcome, _ = bench.update(jobs=1)
    assert list(outcome.runs) == ["good"]
    (failure,) = outcome.failures
    assert failure.message == "[Errno 28] No space left on device"


def test_a_server_that_ends_is_told_and_replaced(bench: Bench) -> None:
    failure = bench.failure(
        """
        # %% go
        import os, signal, time
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
        """
    )
    assert failure.message == "the process that runs snippets ended with code -9"
    bench.write("bad", "# %% go\nx = 1\n")
    assert bench.update()[0].runs["bad"].values["x"] == 1


def test_what_a_killed_build_left_and_cannot_be_deleted_is_no_hindrance(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.root / ".runs" / "work" / "left").mkdir(parents=True)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    bench.write("good", "# %% go\nx = 1\n")
    assert bench.update()[0].runs["good"].values["x"] == 1


LONG = """
    # %% go
    import os
    from pathlib import Path
    folder = os.environ.get("DLNOTES_UNFINISHED")
    if folder:
        done = Path(folder, "done")
        steps = int(done.read_text()) if done.exists() else 0
        done.write_text(str(steps + 1))
        assert steps, "killed after the first step"
    print(steps if folder else None)
"""


def test_a_long_run_that_fails_goes_on_where_it_was(bench: Bench) -> None:
    bench.write("long", LONG)
    full = Settings("full")
    outcome, _ = bench.update(full)
    assert outcome.failures[0].message.endswith("killed after the first step")
    (kept,) = (bench.root / ".runs" / "unfinished").iterdir()
    outcome, _ = bench.update(full)
    assert (outcome.failures, outcome.runs["long"].log("go")) == ([], "1\n")
    assert not kept.exists()
    assert bench.update(full)[1] == []  # what it kept is no input of the run


def test_other_code_does_not_go_on_where_the_old_was(bench: Bench) -> None:
    bench.write("long", LONG)
    bench.update(Settings("full"))
    bench.write("long", LONG.replace("int(done", "10 * int(done"))
    outcome, _ = bench.update(Settings("full"))
    assert outcome.failures[0].message.endswith("killed after the first step")


def test_at_the_default_scale_nothing_is_kept_to_go_on_from(bench: Bench) -> None:
    bench.write("long", LONG)
    outcome, _ = bench.update()
    assert outcome.runs["long"].log("go") == "None\n"
    assert not (bench.root / ".runs" / "unfinished").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="uses /proc")
@pytest.mark.parametrize("kind", ["ForkServer", "Spawner"])
def test_a_killed_build_keeps_what_finished_and_leaves_no_process(
    bench: Bench, tmp_path: Path, kind: str
) -> None:
    bench.write("quick", "# %% go\nx = 1\n")
    bench.write(
        "slow",
        f"# %% go\nimport os, time\nopen({str(tmp_path / 'pid')!r}, 'w')"
        ".write(str(os.getpid()))\ntime.sleep(600)\n",
    )
    program = textwrap.dedent(f"""
        from pathlib import Path
        from dlnotes.book.book import Book
        from dlnotes.book.freshness.keys import Settings
        from dlnotes.book.execution.launch import {kind}
        from dlnotes.book.freshness.runner import Runner
        class Quiet:
            def plan(self, *_): ...
            def finished(self, *_): ...
            def failed(self, *_): ...
            def waiting(self): ...
        with Runner(Book(Path({str(bench.root)!r}), "mini"), {kind}) as runner:
            runner.update(["quick", "slow"], Settings(), Quiet(), jobs=2)
        """)
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        until(lambda: (bench.root / "pid").exists())
        until(lambda: list(bench.root.glob(".runs/runs/quick/*.json")) != [])
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not any(_alive(child.pid) for child in children))
    bench.write("slow", "# %% go\ny = 2\n")
    outcome, planned = bench.update()
    assert planned == ["slow"]
    assert not outcome.failures
    assert not list((bench.root / ".runs").glob("work/*"))


def test_two_builds_at_once_share_the_work(bench: Bench) -> None:
    count, end = bench.root / "count", bench.root / "end"
    bench.write(
        "good",
        f"# %% go\nimport os, time\nfd = os.open({str(count)!r}, "
        "os.O_WRONLY | os.O_CREAT | os.O_APPEND)\nos.write(fd, b'x')\n"
        f"while not os.path.exists({str(end)!r}):\n    time.sleep(0.05)\n",
    )
    program = textwrap.dedent(f"""
        from pathlib import Path
        from dlnotes.book.book import Book
        from dlnotes.book.freshness.keys import Settings
        from dlnotes.book.progress import Report
        from dlnotes.book.freshness.runner import Runner
        book = Book(Path({str(bench.root)!r}), "mini")
        with Runner(book) as runner:
            assert runner.update(["good"], Settings(), Report(book)).runs["good"]
        """)

    def build() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    with build() as first:
        until(count.exists)
        with build() as second:
            assert second.stderr is not None
            waits = "another build is running snippets"
            assert any(waits in line for line in second.stderr)
            end.touch()
            said = [process.communicate()[1] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert count.read_text() == "x", "the second build used the run of the first"


def test_a_new_snippet_beside_it_makes_no_run_stale(bench: Bench) -> None:
    bench.write("good", "# %% go\nimport wave\nimport colorsys\nx = 1\n")
    assert bench.update()[1] == ["good"]
    bench.write("other", "# %% go\ny = 2\n")
    assert bench.update()[1] == ["other"]


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for a condition, and fail if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
