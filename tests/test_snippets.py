"""Each snippet is a program: plain or exported, it prints what the page shows."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("name", NAMES)
def test_plain_python_prints_what_the_page_shows(
    name: str, runs: dict[str, Run]
) -> None:
    assert python(f"snippets/{name}.py") == printed(runs[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_standalone_program_prints_it_without_dlnotes(
    name: str, book: Book, runs: dict[str, Run], tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.py"
    path.write_text(standalone(book, book.snippets[name]))
    assert python("-c", BLOCK, str(path)) == printed(runs[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_gives_the_notebook_the_same_outputs(
    name: str, runs: dict[str, Run]
) -> None:
    import nbformat
    from nbclient import NotebookClient

    ours = runs[name].notebook
    theirs = nbformat.from_dict(ours)
    for cell in theirs.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs = []
    NotebookClient(
        theirs, timeout=120, resources={"metadata": {"path": ROOT}}
    ).execute()
    assert logs(theirs) == logs(ours)


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
