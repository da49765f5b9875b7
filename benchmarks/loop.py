"""Time the daily loop: a build with nothing to do, and from a saved file to its page.

Run from a checkout with everything installed: `python benchmarks/loop.py`, and
`python benchmarks/loop.py 3` for a book with three times as many snippets. It works on
a copy, whose runs are those of the checkout where these are fresh. Seconds are medians
of three; below them stands what the same machine takes for a fixed piece of work, as it
may be busy.
"""

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.serving.live import ASK
from dlnotes.book.storage.store import Store

ROOT = Path(__file__).parent.parent
PAGE, SNIPPET = "foundations/gradients", "losses_classes"
TIMES = 3
LIMIT = 300.0  # seconds to wait for a page
REST = 15.0  # seconds between two changes: pages are still checked once they are shown


class Bench:
    """A copy of the book, perhaps with more snippets, and its server."""

    def __init__(self, folder: Path, times: int) -> None:
        self.root = folder / "book"
        ignore = shutil.ignore_patterns(".venv", ".git", "site", ".*cache*")
        shutil.copytree(ROOT, self.root, ignore=ignore)
        (self.root / ".venv").symlink_to(ROOT / ".venv")
        self.environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        self.multiply(times)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def multiply(self, times: int) -> None:
        """Copy every snippet under other names, which no page has to show."""
        excuses = []
        for path in sorted((self.root / "snippets").glob("*.py")):
            for n in range(2, times + 1):
                copy = f"{path.stem}_copy{n}"
                shutil.copyfile(path, path.with_stem(copy))
                excuses.append(f'{copy} = "a copy"')
        with (self.root / "docs/unshown.toml").open("a", encoding="utf-8") as unshown:
            unshown.write("\n[snippets]\n" + "\n".join(excuses) + "\n")

    def build(self) -> None:
        """Bring the site up to date."""
        command = [sys.executable, "-m", "dlnotes.book", "build"]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"the build failed:\n{done.stdout}{done.stderr}")

    def serve(self) -> subprocess.Popen[bytes]:
        """Start the server; it ends on SIGINT."""
        command = [sys.executable, "-m", "dlnotes.book", "serve"]
        return subprocess.Popen(
            [*command, "--port", str(self.port)],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )

    def until(self, page: str, text: str) -> None:
        """Wait until a served page says something, asking as a browser does."""
        end = time.monotonic() + LIMIT
        version = -1
        while time.monotonic() < end:
            try:
                if text in self.get(f"/{page}.html"):
                    return
                asked = f"{ASK}?page=/{page}.html&version={version}"
                version = json.loads(self.get(asked))["version"]
            except URLError:
                time.sleep(0.1)
        sys.exit(f"{page} does not say {text!r} after {LIMIT:.0f} s")

    def get(self, path: str) -> str:
        """Return what the server answers."""
        address = f"http://127.0.0.1:{self.port}{path}"
        answer: bytes = urlopen(address, timeout=LIMIT).read()
        return answer.decode("utf-8")

    def word(self, n: int) -> None:
        """Change a word, and wait until it is on its page."""
        path = self.root / f"docs/en/{PAGE}.md"
        text = path.read_text(encoding="utf-8")
        before, _, after = text.rpartition(".\n")
        path.write_text(f"{before}, word{n}.\n{after}", encoding="utf-8")
        self.until(f"en/{PAGE}", f"word{n}")

    def snippet(self, n: int) -> None:
        """Change a snippet, and wait until the page of its run shows the new cell."""
        path = self.root / f"snippets/{SNIPPET}.py"
        text = re.sub(r"\nadded = .*\n", "", path.read_text(encoding="utf-8"))
        path.write_text(f"{text.rstrip()}\nadded = {n}\n", encoding="utf-8")
        number = f'<span class="o">=</span> <span class="mi">{n}<'
        self.until(f"en/runs/{SNIPPET}", f"added</span> {number}")

    def own_time(self) -> float:
        """Return the seconds that the snippet's own code took when it last ran."""
        store = Store(Book(self.root).store)
        found = next(store.stored(SNIPPET, Settings().inputs()), None)
        assert found is not None
        return float(found["seconds"])


def timed(work: Callable[[], None]) -> float:
    """Return how many seconds a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fixed() -> None:
    """Count to ten million: a measure of how fast and how busy the machine is."""
    for _ in range(10_000_000):
        pass


def main(times: int) -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory(prefix="dlnotes-loop-") as folder:
        bench = Bench(Path(folder), times)
        bench.build()
        none = [timed(bench.build) for _ in range(TIMES)]
        server = bench.serve()
        try:
            bench.until(f"en/{PAGE}", "</article>")
            words, snippets = [], []
            for n in range(TIMES):
                time.sleep(REST)
                words.append(timed(partial(bench.word, n)))
            for n in range(TIMES):
                time.sleep(REST)
                snippets.append(timed(partial(bench.snippet, n)))
            own = bench.own_time()
            time.sleep(REST)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
        count = len(list((bench.root / "snippets").glob("*.py")))
    found = {
        "build, nothing to do": none,
        "word on its page": words,
        f"snippet of {own:.1f} s on its page": snippets,
    }
    print(f"{count} snippets, {os.cpu_count()} cores, seconds")
    for what, seconds in found.items():
        each = ", ".join(f"{second:.2f}" for second in seconds)
        print(f"{what:32}{statistics.median(seconds):6.2f}  ({each})")
    print(f"{'counting to ten million':32}{timed(fixed):6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
