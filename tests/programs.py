"""Run programs as a reader would, each in a fresh process.

A process costs seconds before its first line, for importing PyTorch; these are forked
from a server of the standard library's that has imported it, and set nothing else.
"""

import json
import multiprocessing
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PRELOAD = [
    *("torch", "torch._dynamo", "torchvision", "sklearn.datasets"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
]
CODE = "import sys; sys.path.insert(0, here); import child; child.run(*arguments)"


@dataclass(frozen=True)
class Ran:
    """What a program printed, what was found wrong, and what it started.

    Args:
        started: file and first line of each function of the package; none in Python
            3.11, which cannot tell.
    """

    stdout: str
    stderr: str
    failure: str
    figures: int
    faults: tuple[str, ...]
    started: set[tuple[str, int]]


def run(
    program: Path, folder: Path, *, without_dlnotes: bool = False, offset: int = 0
) -> Ran:
    """Run a program to its end; `folder` becomes its current one."""
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    arguments = (str(program), str(folder), without_dlnotes, offset)
    names = {"here": str(HERE), "arguments": arguments}
    process = context.Process(target=exec, args=(CODE, names))
    process.start()
    process.join()
    report = folder / "report.json"
    assert report.exists(), f"{program.name} ended with code {process.exitcode}"
    found = json.loads(report.read_text(encoding="utf-8"))
    return Ran(
        (folder / "stdout").read_text(encoding="utf-8"),
        (folder / "stderr").read_text(encoding="utf-8"),
        found["failure"],
        found["figures"],
        tuple(found["faults"]),
        {(path, line) for path, line in found["started"]},
    )
