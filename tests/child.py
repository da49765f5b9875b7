"""What a forked child does with one program: run it as `python PROGRAM` would.

The server it is forked from has imported PyTorch and matplotlib, and set nothing. The
child leaves what the program printed in `stdout`, and in `report.json` its failure, if
there is one, what is wrong with its figures, and which functions of the package it
started, where Python can tell.
"""

import inspect
import json
import os
import runpy
import sys
import traceback
import warnings
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

PACKAGE = str(Path(__file__).parents[1] / "src" / "dlnotes") + os.sep


def run(program: str, out: str, without_dlnotes: bool, offset: int) -> None:
    """Run a program in this process; what it leaves goes into the folder `out`."""
    folder = Path(out)
    os.chdir(folder)
    os.environ["DLNOTES_SEED_OFFSET"] = str(offset)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        target = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, descriptor)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    if without_dlnotes:
        sys.meta_path.insert(0, Refuse())
    sys.argv = [program]
    sys.path.insert(0, str(Path(program).parent))
    report: dict[str, Any] = {"failure": "", "figures": 0, "faults": []}
    plt.switch_backend("agg")
    save = Figure.savefig

    def look_and_save(figure: Figure, *args: Any, **options: Any) -> None:
        report["figures"] += 1
        report["faults"] += faults(figure)
        save(figure, *args, **options)

    Figure.savefig = look_and_save  # type: ignore[method-assign]
    warnings.simplefilter("error")
    started = watch()
    try:
        runpy.run_path(program, run_name="__main__")
    except BaseException:
        report["failure"] = traceback.format_exc()
    sys.stdout.flush()
    report["started"] = sorted(started)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def watch() -> set[tuple[str, int]]:
    """Return a set that fills with functions of the package, as they first start.

    That is, with their files and first lines; bodies of modules and classes are none.
    """
    found: set[tuple[str, int]] = set()

    def note(code: CodeType, _offset: int) -> object:
        is_function = code.co_flags & inspect.CO_OPTIMIZED
        if is_function and code.co_filename.startswith(PACKAGE):
            found.add((code.co_filename, code.co_firstlineno))
        return sys.monitoring.DISABLE

    if hasattr(sys, "monitoring"):  # Python 3.12
        tool, event = sys.monitoring.COVERAGE_ID, sys.monitoring.events.PY_START
        sys.monitoring.use_tool_id(tool, "tests")
        sys.monitoring.register_callback(tool, event, note)
        sys.monitoring.set_events(tool, event)
    return found


NODE = 18.0  # points: a disc as large as that is a node, and carries its label


class Refuse:
    """Refuses to import the book's package."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise for `dlnotes` and what is in it."""
        if name.split(".")[0] == "dlnotes":
            raise ImportError(f"this program must not need {name}")


def faults(figure: Figure) -> list[str]:
    """Say which labels are cut off, and what lies on a curve."""
    figure.draw_without_rendering()
    whole = figure.bbox.padded(0.5)
    found = [
        f"cut off: {text.get_text()!r}"
        for text in _texts(figure)
        if not _inside(text.get_window_extent(), whole)
    ]
    curves = [points for ax in figure.axes for points in _curves(ax)]
    for legend in figure.findobj(Legend):
        if any(_touches(points, legend.get_window_extent()) for points in curves):
            texts = [text.get_text() for text in legend.get_texts()]
            found.append(f"on a curve: the legend {texts}")
    for text in (text for ax in figure.axes for text in ax.texts):
        if text.get_text().strip() and text.get_bbox_patch() is None:
            box = text.get_window_extent().padded(-1)
            if any(_touches(points, box) for points in curves):
                found.append(f"on a curve: the label {text.get_text()!r}")
    return found


def _texts(figure: Figure) -> list[Text]:
    """Return the labels that are drawn."""
    found = [*figure.texts]
    found += [t for t in (figure._supxlabel, figure._supylabel) if t]  # type: ignore
    found += [text for legend in figure.findobj(Legend) for text in legend.get_texts()]
    for ax in figure.axes:
        found += ax.texts
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                found += [axis.label, axis.get_offset_text()]
                for tick in axis._update_ticks():
                    found += [tick.label1, tick.label2]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _inside(box: Bbox, whole: Bbox) -> bool:
    return (
        whole.x0 <= box.x0
        and whole.y0 <= box.y0
        and box.x1 <= whole.x1
        and box.y1 <= whole.y1
    )


def _curves(ax: Any) -> list[np.ndarray]:
    """Return the pixels that lines and clouds of points pass through in the axes."""
    found, nodes = [], []
    for line in ax.lines:
        points = line.get_transform().transform(line.get_xydata())
        if line.get_marker() not in ("None", "", " ") and line.get_markersize() > NODE:
            radius = line.get_markersize() / 2 * ax.figure.dpi / 72
            nodes += [(point, radius) for point in points]
            continue
        if line.get_linestyle() not in ("None", "", " "):
            points = _dense(points)
        found.append(points)
    for cloud in ax.collections:
        sizes = getattr(cloud, "get_sizes", list)()  # points²
        points = cloud.get_offset_transform().transform(cloud.get_offsets())
        if len(sizes) and max(sizes) > NODE**2:
            radius = max(sizes) ** 0.5 / 2 * ax.figure.dpi / 72
            nodes += [(point, radius) for point in points]
        elif len(sizes) and cloud.get_offset_transform() == ax.transData:
            found.append(points)
    found = [points[_within(points, ax.bbox)] for points in found if len(points)]
    for centre, radius in nodes:  # what passes below a node is not seen
        found = [p[np.hypot(*(p - centre).T) > radius] for p in found]
    return found


def _dense(points: np.ndarray) -> np.ndarray:
    """Put a point on every pixel or so of a polyline."""
    points = points[np.isfinite(points).all(axis=1)]
    pieces = [points[:1]]
    for start, end in pairwise(points):
        steps = int(min(np.abs(end - start).max(), 3000)) + 1
        pieces.append(start + np.linspace(0, 1, steps + 1)[1:, None] * (end - start))
    return np.concatenate(pieces)


def _within(points: np.ndarray, box: Bbox) -> np.ndarray:
    x, y = points.T
    return (box.x0 <= x) & (x <= box.x1) & (box.y0 <= y) & (y <= box.y1)


def _touches(points: np.ndarray, box: Bbox) -> bool:
    return bool(len(points)) and bool(_within(points, box).any())


matplotlib.use("agg")
