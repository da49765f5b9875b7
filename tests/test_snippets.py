"""Each snippet is a program: plain or exported, it prints what the page shows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from dlnotes.book.book import Book, find_book
from dlnotes.book.export import standalone
from dlnotes.book.store import Run

ROOT = Path(__file__).parent.parent
NAMES = sorted(find_book(ROOT).snippets)
BLOCK = """
import runpy, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "dlnotes":
            raise ImportError("this program must not need " + name)
sys.meta_path.insert(0, Refuse())
runpy.run_path(sys.argv[1], run_name="__main__")
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


KERNEL = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, sys.argv[2])
"""


@dataclass
class Ways:
    """The three ways to run one snippet, each started in the background."""

    plain: Future[str]
    standalone: Future[str]
    kernel: Future[list[str]]


def python(*command: str) -> str:
    environment = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(book: Book, name: str, folder: Path) -> str:
    path = folder / f"{name}.py"
    path.write_text(standalone(book, book.snippets[name]), encoding="utf-8")
    return python("-c", BLOCK, str(path))


def through_a_kernel(run: Run, folder: Path) -> list[str]:
    notebook = nbformat.from_dict(run.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    before, after = folder / "before.ipynb", folder / "after.ipynb"
    nbformat.write(notebook, before)
    python("-c", KERNEL, str(before), str(after))
    return logs(nbformat.read(after, as_version=4))


@pytest.fixture(scope="module")
def ways(
    request: pytest.FixtureRequest,
    book: Book,
    runs: dict[str, Run],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Ways]]:
    """Run what the selected tests ask for, as many at a time as there are cores."""
    asked = [getattr(item, "callspec", None) for item in request.session.items]
    names = {spec.params["name"] for spec in asked if spec and "name" in spec.params}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            name: Ways(
                pool.submit(python, "-W", "error", f"snippets/{name}.py"),
                pool.submit(exported, book, name, tmp_path_factory.mktemp(name)),
                pool.submit(
                    through_a_kernel, runs[name], tmp_path_factory.mktemp(name)
                ),
            )
            for name in NAMES
            if name in names
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", NAMES)
def test_plain_python_prints_what_the_page_shows(
    name: str, runs: dict[str, Run], ways: dict[str, Ways]
) -> None:
    assert ways[name].plain.result() == printed(runs[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_standalone_program_prints_it_without_dlnotes(
    name: str, runs: dict[str, Run], ways: dict[str, Ways]
) -> None:
    assert ways[name].standalone.result() == printed(runs[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_gives_the_notebook_the_same_outputs(
    name: str, runs: dict[str, Run], ways: dict[str, Ways]
) -> None:
    assert ways[name].kernel.result() == logs(runs[name].notebook)


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
