"""A build that is killed, whenever that is, leaves a store that the next one uses."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from running import Bench

NAMES = ("first", "second", "third", "fourth", "fifth")
SNIPPET = """
    # %% go
    import os, time
    log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, b"{name}\\n")
    os.close(log)
    time.sleep(0.3)
    letters = len("{name}")
    print(letters)

    # %% draw
    import matplotlib.pyplot as plt
    (line,) = plt.plot([0, letters])
"""
BUILD = """
import sys
from pathlib import Path
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.progress import Report

book = Book(Path(sys.argv[1]), "mini")
with Runner(book) as runner:
    runner.update(list(book.snippets), Settings(), Report(book), jobs=2)
    runner.collect()
"""


def start(root: Path) -> subprocess.Popen[bytes]:
    """Start a build in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(root)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stored(bench: Bench) -> dict[str, Any]:
    """Return what the store holds of each fresh run, but for times and memory."""
    bench.runner.book = Book(bench.root, "mini")
    found = bench.runner.statuses(NAMES, Settings())
    measured = {"seconds", "cells", "memory"}
    return {
        item.snippet.name: (
            {k: v for k, v in item.run.manifest.items() if k not in measured},
            item.run.notebook,
        )
        for item in found
        if item.run
    }


def forget(bench: Bench) -> None:
    """Empty the store, but for the list of fonts, which takes long."""
    for folder in ("runs", "notebooks", "cache"):
        shutil.rmtree(bench.root / ".runs" / folder, ignore_errors=True)


@dataclass
class Undisturbed:
    """A book, what a build that nobody killed stored of it, and how long it took."""

    bench: Bench
    log: Path
    results: dict[str, Any]
    seconds: float

    def ran(self) -> Counter[str]:
        """Count how often each snippet has begun to run."""
        return Counter(self.log.read_text().split() if self.log.exists() else [])


@pytest.fixture(scope="module")
def undisturbed(
    warm: Callable[[Path], Bench], tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    bench = warm(tmp_path_factory.mktemp("killed"))
    log = tmp_path_factory.mktemp("log") / "ran"
    for name in NAMES:
        bench.write(name, SNIPPET.format(log=str(log), name=name))
    assert start(bench.root).wait() == 0
    results = stored(bench)
    forget(bench)
    begun = time.monotonic()
    assert start(bench.root).wait() == 0
    seconds = time.monotonic() - begun
    return Undisturbed(bench, log, results, seconds)


MOMENTS = [random.Random(seed).random() for seed in range(20)]


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes")
@pytest.mark.parametrize(("number", "moment"), [*enumerate(MOMENTS)])
def test_what_had_finished_is_used_and_the_rest_runs_as_ever(
    undisturbed: Undisturbed, number: int, moment: float
) -> None:
    bench = undisturbed.bench
    forget(bench)
    undisturbed.log.unlink(missing_ok=True)
    process = start(bench.root)
    time.sleep(moment * undisturbed.seconds)
    if number % 2:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = stored(bench)
    outcome, planned = bench.update(jobs=len(NAMES))
    bench.runner.collect()
    assert outcome.failures == []
    assert {*planned} == {*NAMES} - {*finished}
    assert stored(bench) == undisturbed.results
    assert {name: undisturbed.ran()[name] for name in finished} == dict.fromkeys(
        finished, 1
    )
    left = [*bench.root.glob(".runs/**/.part-*"), *bench.root.glob(".runs/work/*")]
    # What the cache has begun to write goes when it is sure to be nobody's: test_cache.
    assert [path for path in left if "cache" not in path.parts] == []
