"""Each snippet is a program: plain or in one file, it prints what the page shows.

Of one that trains for long only the form in one file runs, which has the same cells;
with DLNOTES_KERNELS=all, as once a week, the plain one runs as well.
Programs run here as they do for a reader: no variable is set for them, and PyTorch may
take every core. Figures are looked at where plain Python saves them. The functions of
the package that a plain program starts are among those that the key of its run covers.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
import pytest

from covered import uncovered
from dlnotes.book.book import Book, find_book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.publishing.downloads import programs
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.gather import gather
from programs import run as run_program
from proofs import Proofs

HERE = Path(__file__).parent
ROOT = HERE.parent
HELPERS = ("programs.py", "child.py", "covered.py")
PROVING = *(HERE / name for name in HELPERS), Path(__file__)
NAMES = sorted(find_book(ROOT).snippets)
LONG = 5.0  # seconds
ALL = os.environ.get("DLNOTES_KERNELS") == "all"
# A log, a table, figures, a loop, files.
KERNELS = [
    "softmax_regression_reference",
    "losses",
    "linear_regression",
    "optimization_tuning",
    "multilayer_perceptron_resume",
]
KERNEL = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, sys.argv[2])
"""


def printed(run: Run) -> str:
    """Return what a run put on standard output: logs, and tables as text."""
    return "".join(
        output["text"]
        if output.get("name") == "stdout"
        else output["data"]["text/plain"] + "\n"
        for cell in run.notebook["cells"]
        for output in cell.get("outputs", [])
        if output.get("name") == "stdout" or "text/plain" in output.get("data", {})
    )


def drawn(run: Run) -> int:
    return sum(
        "image/svg+xml" in output.get("data", {})
        for cell in run.notebook["cells"]
        for output in cell.get("outputs", [])
    )


def prove_plain(name: str, book: Book, run: Run, folder: Path) -> None:
    ran = run_program(ROOT / "snippets" / f"{name}.py", folder)
    assert ran.failure == ""
    assert ran.stdout == printed(run)
    assert ran.figures == drawn(run)
    assert ran.stderr.count("no display: saved ") == ran.figures
    assert ran.faults == ()
    assert uncovered(ran.started, book.library, book.snippets[name].module) == set()


def prove_standalone(name: str, text: str, run: Run, folder: Path) -> None:
    program = folder / f"{name}.py"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(text, encoding="utf-8")
    ran = run_program(program, folder / "out", without_dlnotes=True)
    assert ran.failure == ""
    assert ran.stdout == printed(run)
    assert ran.figures == drawn(run)
    assert ran.faults == ()


def prove_kernel(run: Run, folder: Path) -> None:
    notebook = nbformat.from_dict(run.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    folder.mkdir(parents=True, exist_ok=True)
    before, after = folder / "before.ipynb", folder / "after.ipynb"
    nbformat.write(notebook, before)
    done = subprocess.run(
        [sys.executable, "-c", KERNEL, str(before), str(after)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert logs(nbformat.read(after, as_version=4)) == logs(run.notebook)


def logs(notebook: dict) -> list[str]:
    """Return what each cell printed; a kernel sends it in pieces."""
    return [
        "".join(
            output["text"]
            for output in cell.get("outputs", [])
            if output.get("name") == "stdout"
        )
        for cell in notebook["cells"]
    ]


@pytest.fixture(scope="module")
def prove(
    request: pytest.FixtureRequest,
    book: Book,
    runs: dict[str, Run],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str, str], None]]:
    """Prove what the selected tests ask for, as many at a time as there are cores."""
    proofs = Proofs(book.store / "proofs", *PROVING)
    folder = tmp_path_factory.mktemp("programs")

    programs_in_one_file = dict(programs(book, gather(book, Settings()), "en"))

    def one(way: str, name: str) -> None:
        run = runs[name]
        offered = f"runs/{name}_standalone.py"
        text = programs_in_one_file[offered] if way == "standalone" else ""
        source = book.snippets[name].source
        where = folder / way / name
        ways = {
            "plain": partial(prove_plain, name, book, run, where),
            "standalone": partial(prove_standalone, name, text, run, where),
            "kernel": partial(prove_kernel, run, where),
        }
        key = run.manifest["key"]
        proofs.once(ways[way], way, name, key, source, text, printed(run))

    asked = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = dict.fromkeys(
        (spec.params["way"], spec.params["name"])
        for spec in asked
        if spec and "way" in spec.params
    )
    for name, run in runs.items():
        if run.manifest["seconds"] > LONG and not ALL:
            wanted.pop(("plain", name), None)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running: dict[tuple[str, str], Future[None]] = {
            pair: pool.submit(one, *pair) for pair in wanted
        }

        def prove(way: str, name: str) -> None:
            if (way, name) not in running:
                pytest.skip("long: its program in one file stands for it")
            running[way, name].result()

        yield prove
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("way", ["plain"])
@pytest.mark.parametrize("name", NAMES)
def test_plain_python_prints_and_draws_what_the_page_shows(
    way: str, name: str, prove: Callable[[str, str], None]
) -> None:
    assert prove(way, name) is None


@pytest.mark.parametrize("way", ["standalone"])
@pytest.mark.parametrize("name", NAMES)
def test_the_program_in_one_file_prints_it_without_dlnotes(
    way: str, name: str, prove: Callable[[str, str], None]
) -> None:
    """The figures have every label whole, and no legend or label on a curve."""
    assert prove(way, name) is None


@pytest.mark.parametrize("way", ["kernel"])
@pytest.mark.parametrize("name", NAMES if ALL else KERNELS)
def test_a_kernel_gives_the_notebook_the_same_outputs(
    way: str, name: str, prove: Callable[[str, str], None]
) -> None:
    assert prove(way, name) is None
