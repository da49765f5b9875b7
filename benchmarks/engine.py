"""Build the book's runs three ways, on the same snippets, and compare.

Run from a checkout with everything installed: `python benchmarks/engine.py`.
It works on a copy, takes some minutes, and prints ratios beside seconds: the
machine may be busy, the three ways share it in one run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.storage.store import Store

ROOT = Path(__file__).parent.parent
CHANGED = "src/dlnotes/data/synthetic.py"
BEFORE, AFTER = "noise = sigma * torch", "noise = 2 * sigma * torch"
SHOWS_IT = "linear_regression"  # draws points that the changed function makes

NOTEBOOKS = """
site_name: benchmark
docs_dir: snippets
site_dir: {site}
theme: mkdocs
plugins:
  - mkdocs-jupyter:
      include: ["*.py"]
      execute: true
      allow_errors: false
"""


class Bench:
    """A copy of the book, and the three ways to run its snippets."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "book"
        self.site = folder / "notebooks"
        ignore = shutil.ignore_patterns(".venv", ".git", ".runs", "site", ".*cache*")
        shutil.copytree(ROOT, self.root, ignore=ignore)
        config = NOTEBOOKS.format(site=self.site)
        (self.root / "notebooks.yml").write_text(config)
        self.snippets = sorted((self.root / "snippets").glob("*.py"))
        self.printed: dict[str, str] = {}

    def call(self, *command: str) -> str:
        """Run a Python command on the copy and return what it prints."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root / "src"),
            "MPLBACKEND": "agg",
        }
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def jupyter(self) -> None:
        """Execute every snippet as a notebook, in a kernel of its own."""
        self.call("-m", "mkdocs", "build", "-q", "-f", "notebooks.yml")

    def plain(self) -> None:
        """Run every snippet with `python`, one after another."""
        for path in self.snippets:
            self.printed[path.stem] = self.call(str(path))

    def engine(self) -> None:
        """Run what is stale with `dlnotes run`."""
        self.call("-m", "dlnotes.book", "run")

    def change(self) -> None:
        """Change one function of the package, so that figures and logs change."""
        path = self.root / CHANGED
        text = path.read_text()
        if text.count(BEFORE) != 1:
            sys.exit(f"{CHANGED} no longer holds {BEFORE!r} once: mend the benchmark")
        path.write_text(text.replace(BEFORE, AFTER))

    def shown(self) -> dict[str, str]:
        """Return a digest of what each way now shows of the snippet that changes."""
        page = (self.site / SHOWS_IT / "index.html").read_text()
        pictures = "".join(re.findall(r'src="data:image/png;base64,([^"]*)', page))
        runs = self.root / ".runs" / "notebooks"
        book = Book(self.root)
        latest = next(Store(book.store).stored(SHOWS_IT, Settings().inputs()), None)
        assert latest is not None
        notebook = (runs / f"{latest['notebook']}.ipynb").read_text()
        kept = {
            "mkdocs-jupyter": pictures,
            "python": self.printed[SHOWS_IT],
            "dlnotes": notebook,
        }
        return {
            way: hashlib.sha256(text.encode()).hexdigest() for way, text in kept.items()
        }

    def compute(self) -> float:
        """Return the seconds that the snippets' own code took in the engine."""
        book = Book(self.root)
        store = Store(book.store)
        found = [
            next(store.stored(path.stem, Settings().inputs()), None)
            for path in self.snippets
        ]
        return float(sum(manifest["seconds"] for manifest in found if manifest))


def timed(work: Callable[[], None]) -> float:
    """Return how many seconds a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds, ratios, and who shows a stale figure after a change."""
    with tempfile.TemporaryDirectory(prefix="dlnotes-bench-") as folder:
        bench = Bench(Path(folder))
        ways = {
            "mkdocs-jupyter": bench.jupyter,
            "python": bench.plain,
            "dlnotes": bench.engine,
        }
        cold = {way: timed(work) for way, work in ways.items()}
        compute = bench.compute()
        before = bench.shown()
        again = {way: timed(work) for way, work in ways.items()}
        bench.change()
        changed = {way: timed(work) for way, work in ways.items()}
        after = bench.shown()
    cores = os.cpu_count() or 1
    print(
        f"{len(bench.snippets)} snippets, {cores} cores, seconds (and ratio to dlnotes)"
    )
    print(f"{'':16}{'cold':>16}{'no-op':>16}{'one function':>16}  after the change")
    for way in ways:
        cells = [
            f"{column[way]:.2f} ({column[way] / column['dlnotes']:.1f})"
            for column in (cold, again, changed)
        ]
        state = "STALE" if before[way] == after[way] else "fresh"
        print(f"{way:16}{cells[0]:>16}{cells[1]:>16}{cells[2]:>16}  {state}")
    ideal = compute / cores
    print(
        f"snippets' own compute {compute:.2f} s; ÷ cores {ideal:.2f} s; "
        f"dlnotes cold is {cold['dlnotes'] / ideal:.2f} times that"
    )


if __name__ == "__main__":
    main()
