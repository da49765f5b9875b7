"""Time the engine: runs against two other ways to make them, and builds of the book.

Run from a checkout in which every run is fresh: `python benchmarks/engine.py`.
It works on copies, takes some minutes, and prints ratios beside seconds: the
machine may be busy, all that is compared shares it in one run.
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
from dlnotes.book.execution.server import SLOW
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.storage.store import Store

ROOT = Path(__file__).parent.parent
SAMPLE = (
    *("introduction", "activations_output", "losses_outliers", "gradients"),
    *("linear_regression", "multilayer_perceptron_numpy", "generalization_learning"),
    *("convolution_learned",),
)
CHANGED = "src/dlnotes/data/synthetic.py", "noise = sigma *", "noise = 2 * sigma *"
SHOWS_IT = "linear_regression"  # draws points that the changed function makes
PROSE = (
    "docs/en/foundations/introduction.md",
    "easy to do and hard to explain",
    "easy to do, and hard to explain",
)
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


class Copy:
    """A copy of the book.

    Args:
        root: where it will lie.
        left: names of files and folders that it is to do without.
    """

    def __init__(self, root: Path, *left: str) -> None:
        self.root = root
        ignore = shutil.ignore_patterns(".venv", ".git", "site", "*_cache", *left)
        shutil.copytree(ROOT, root, ignore=ignore)

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
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def change(self, file: str, before: str, after: str) -> None:
        """Change a text that a file holds once."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            sys.exit(f"{file} no longer holds {before!r} once: mend the benchmark")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def build(self) -> None:
        """Build the site."""
        self.call("-m", "dlnotes.book", "build")


class Sample(Copy):
    """A copy of the book with a few of its snippets, and three ways to run them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "sample", ".runs")
        self.site = folder / "notebooks"
        config = NOTEBOOKS.format(site=self.site)
        (self.root / "notebooks.yml").write_text(config)
        for path in (self.root / "snippets").glob("*.py"):
            if path.stem not in SAMPLE:
                path.unlink()
        self.printed: dict[str, str] = {}

    def jupyter(self) -> None:
        """Execute every snippet as a notebook, in a kernel of its own."""
        self.call("-m", "mkdocs", "build", "-q", "-f", "notebooks.yml")

    def plain(self) -> None:
        """Run every snippet with `python`, one after another."""
        for name in SAMPLE:
            self.printed[name] = self.call(f"snippets/{name}.py")

    def engine(self) -> None:
        """Run what is stale with `dlnotes run`."""
        self.call("-m", "dlnotes.book", "run")

    def preload(self) -> None:
        """Import what the engine imports before it runs the first snippet."""
        used = SLOW.keys() & Book(self.root).imported
        self.call("-m", "dlnotes.book.execution.server", *sorted(used))

    def shown(self) -> dict[str, str]:
        """Return a digest of what each way now shows of the snippet that changes."""
        page = (self.site / SHOWS_IT / "index.html").read_text()
        pictures = "".join(re.findall(r'src="data:image/png;base64,([^"]*)', page))
        kept = {
            "mkdocs-jupyter": pictures,
            "python": self.printed[SHOWS_IT],
            "dlnotes": str(self.stored(SHOWS_IT)["notebook"]),
        }
        return {
            way: hashlib.sha256(text.encode()).hexdigest() for way, text in kept.items()
        }

    def stored(self, name: str) -> dict[str, object]:
        """Return the manifest of a snippet's latest run."""
        return next(Store(Book(self.root).store).stored(name, Settings().inputs()))

    def compute(self) -> float:
        """Return the seconds that the snippets' own code took in the engine."""
        return sum(float(str(self.stored(name)["seconds"])) for name in SAMPLE)


def timed(work: Callable[[], None]) -> float:
    """Return how many seconds a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def runs(folder: Path) -> None:
    """Print seconds, ratios, and who shows a stale figure after a change."""
    sample = Sample(folder)
    ways = {
        "mkdocs-jupyter": sample.jupyter,
        "python": sample.plain,
        "dlnotes": sample.engine,
    }
    cold = {way: timed(work) for way, work in ways.items()}
    compute, preload = sample.compute(), timed(sample.preload)
    before = sample.shown()
    again = {way: timed(work) for way, work in ways.items()}
    sample.change(*CHANGED)
    changed = {way: timed(work) for way, work in ways.items()}
    after = sample.shown()
    cores = os.cpu_count() or 1
    print(f"{len(SAMPLE)} snippets, {cores} cores, seconds (and ratio to dlnotes)")
    print(f"{'':16}{'cold':>16}{'no-op':>16}{'one function':>16}  after the change")
    for way in ways:
        cells = [
            f"{column[way]:.2f} ({column[way] / column['dlnotes']:.1f})"
            for column in (cold, again, changed)
        ]
        state = "STALE" if before[way] == after[way] else "fresh"
        print(f"{way:16}{cells[0]:>16}{cells[1]:>16}{cells[2]:>16}  {state}")
    ideal = preload + compute / cores
    print(
        f"preload {preload:.2f} s + own compute {compute:.2f} s ÷ cores = "
        f"{ideal:.2f} s; dlnotes cold is {cold['dlnotes'] / ideal:.2f} times that"
    )


def builds(folder: Path) -> None:
    """Print the seconds of a build of the whole book after no change, and of a word."""
    book = Copy(folder / "book")
    book.build()
    nothing = timed(book.build)
    book.change(*PROSE)
    print(f"the site: no-op {nothing:.2f} s, prose edit {timed(book.build):.2f} s")


def main() -> None:
    """Run both benchmarks in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="dlnotes-bench-") as folder:
        builds(Path(folder))
        runs(Path(folder))


if __name__ == "__main__":
    main()
