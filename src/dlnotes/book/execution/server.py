"""Fork a child per snippet from one process that has imported everything slow.

A program of its own: `python -m dlnotes.book.execution.server PACKAGE…`, with those of
the slow packages that the snippets import. It reads one JSON request per line (`id`,
`job`, `timeout` in seconds) and answers with one line per finished child. It only
imports and never computes: a child forked after a threaded torch operation would hang.
When its input closes, or its parent dies, it kills its children and ends.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from dlnotes.book.sandbox.orphan import die_with_parent

NEEDED = (  # by every child
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "dlnotes.book.figures.figure",
    "dlnotes.book.sandbox.worker",
)
SLOW = {  # package -> what of it snippets import, and what that imports later
    "torch": ("torch", "torch._dynamo"),  # the first optimiser would import it
    "torchvision": ("torchvision",),
    "sklearn": ("sklearn.datasets",),
}


@dataclass
class Child:
    """A running snippet."""

    request: dict[str, Any]
    deadline: float
    timed_out: bool = False


def preload(packages: list[str]) -> None:
    """Import what snippets need and what takes long."""
    for name in chain(NEEDED, *(SLOW[package] for package in packages)):
        importlib.import_module(name)
    plt = importlib.import_module("matplotlib.pyplot")
    plt.switch_backend("svg")
    gc.collect()
    gc.freeze()


def fork(request: dict[str, Any], own: list[int]) -> int:
    """Start a child on a request and return its process id.

    Args:
        request: what the child is to do.
        own: descriptors of this process, which the child closes.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for descriptor in own:
            os.close(descriptor)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        die_with_parent(parent)
        from dlnotes.book.sandbox.worker import execute

        execute(json.loads(Path(request["job"]).read_text(encoding="utf-8")))
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
        os._exit(70)
    os._exit(0)


class Server:
    """Children by process id, and the loop that starts, times and reaps them."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.own = [answers]
        self.children: dict[int, Child] = {}

    def answer(self, **message: object) -> None:
        """Send one line to whoever started the server."""
        os.write(self.answers, (json.dumps(message) + "\n").encode())

    def start(self, request: dict[str, Any]) -> None:
        """Fork a child for a request."""
        deadline = time.monotonic() + request["timeout"]
        self.children[fork(request, self.own)] = Child(request, deadline)

    def reap(self) -> None:
        """Answer for each child that has ended; what it left running is killed."""
        for pid, child in list(self.children.items()):
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, pid, flags) is None:
                continue
            self.kill(pid)  # the group, while its number still belongs to it
            _, status = os.waitpid(pid, 0)
            del self.children[pid]
            code = os.waitstatus_to_exitcode(status)
            self.answer(id=child.request["id"], code=code, timed_out=child.timed_out)

    def kill(self, pid: int) -> None:
        """Kill a child's whole session."""
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

    def expire(self) -> float | None:
        """Kill what is over its time; return the seconds until the next deadline."""
        now = time.monotonic()
        left = []
        for pid, child in self.children.items():
            if child.timed_out:
                continue
            if child.deadline <= now:
                child.timed_out = True
                self.kill(pid)
            else:
                left.append(child.deadline - now)
        return min(left, default=None)

    def serve(self, requests: int) -> None:
        """Handle requests until their end closes."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self.own += [requests, wake_read, wake_write]
        selector = selectors.PollSelector()  # it has no descriptor
        selector.register(requests, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        pending = b""
        while True:
            events = selector.select(self.expire())
            ready = {key.fd for key, _ in events}
            if wake_read in ready:
                os.read(wake_read, 4096)
            self.reap()
            if requests in ready:
                data = os.read(requests, 65536)
                if not data:
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self.start(json.loads(line))
        for pid in self.children:
            self.kill(pid)


def main(packages: list[str]) -> None:
    """Serve requests from standard input, with answers on standard output."""
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)  # whatever an import prints must not read as an answer
    preload(packages)
    Server(answers).serve(requests)
    os._exit(0)  # tearing torch down takes long and prints


if __name__ == "__main__":
    main(sys.argv[1:])
