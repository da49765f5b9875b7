"""Start snippets in processes of their own and wait for them, up to a time limit."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dlnotes.book.execution.environment import environment
from dlnotes.book.execution.server import SLOW

# Neither modules nor settings come from the folder that a reader happens to be in.
PYTHON = (sys.executable, "-P")


@dataclass(frozen=True)
class Exit:
    """How a process ended: `code` is negative for a signal, as in `subprocess`."""

    code: int
    timed_out: bool = False


class ForkServer:
    """Runs each job in a child forked from a process that has imported what is slow.

    Several threads may call `run`.
    """

    def __init__(self, cache: Path, source: Path, imported: set[str]) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        slow = [package for package in SLOW if package in imported]
        self._process = subprocess.Popen(
            [*PYTHON, "-m", "dlnotes.book.execution.server", *slow],
            cwd=cache,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(cache, source),
            start_new_session=True,  # who kills us ends it by closing its input
            text=True,
            encoding="utf-8",
        )
        self._waiting: dict[int, Future[Exit]] = {}
        self._ids = count()
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                message = json.loads(line)
                with self._lock:
                    future = self._waiting.pop(message["id"])
                future.set_result(Exit(message["code"], message["timed_out"]))
        code = self._process.wait()
        with self._lock:
            self._ended = True
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            future.set_exception(
                RuntimeError(f"the process that runs snippets ended with code {code}")
            )

    def run(self, job: Path, timeout: float) -> Exit:
        """Run a job in a forked child, or kill it at the limit, in seconds.

        Raises:
            RuntimeError: the server itself ended, for example out of memory.
        """
        future: Future[Exit] = Future()
        number = next(self._ids)
        request = {"id": number, "job": str(job), "timeout": timeout}
        with self._lock:
            if self._ended:
                raise RuntimeError("the process that runs snippets has ended")
            assert self._process.stdin is not None
            self._waiting[number] = future
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        return future.result()

    @property
    def alive(self) -> bool:
        """Say whether the server can still run jobs."""
        return not self._ended and self._process.poll() is None

    def close(self) -> None:
        """End the server; it kills its children on the way out."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Spawner:
    """Runs each job in a fresh interpreter, where to fork is impossible or unsafe."""

    alive = True

    def __init__(self, cache: Path, source: Path, _: set[str]) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._environment = environment(cache, source)
        self._folder = cache
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, job: Path, timeout: float) -> Exit:
        """Run a job in a new process, or kill it at the limit, in seconds."""
        process = subprocess.Popen(
            [*PYTHON, "-m", "dlnotes.book.sandbox.worker", str(job)],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        )
        self._running.add(process)
        try:
            return Exit(process.wait(timeout))
        except subprocess.TimeoutExpired:
            _kill(process)
            return Exit(process.wait(), timed_out=True)
        finally:
            _kill(process)  # what it left running
            self._running.discard(process)

    def close(self) -> None:
        """Kill what is running."""
        for process in list(self._running):
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


Launcher = ForkServer | Spawner


def launcher(cache: Path, source: Path, imported: set[str]) -> Launcher:
    """Return the fastest launcher that this machine can have.

    On macOS a process must not be forked once the system's frameworks are loaded.

    Args:
        cache: a folder where matplotlib may keep its list of fonts.
        source: the folder that holds the book's package.
        imported: the packages that the jobs import, for the most part.
    """
    can_fork = hasattr(os, "fork") and hasattr(os, "waitid")
    kind = ForkServer if can_fork and sys.platform != "darwin" else Spawner
    return kind(cache, source, imported)
