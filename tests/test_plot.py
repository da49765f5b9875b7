"""One style for every reader, and figures that recur."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from dlnotes.palette import COLOURS, DASHES
from dlnotes.plot import (
    curves,
    dots,
    gallery,
    level_lines,
    regions,
    surface,
    use_style,
)

PROGRAM = """
import matplotlib.pyplot as plt
from dlnotes.plot import show, use_style
use_style()
for _ in range(2):
    plt.subplots()
show()
plt.subplots()
show()
print(plt.get_fignums())
"""


@pytest.fixture(autouse=True)
def _style():
    with matplotlib.rc_context():
        use_style()
        yield
    plt.close("all")


def test_the_style_is_the_same_whatever_was_set_before() -> None:
    before = dict(matplotlib.rcParams)
    matplotlib.rcParams.update({"font.size": 30, "lines.linewidth": 9})
    use_style()
    assert dict(matplotlib.rcParams) == before


def test_without_a_display_figures_are_saved_and_the_program_says_where(
    tmp_path: Path,
) -> None:
    (tmp_path / "lines.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-W", "error", "lines.py"],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [tmp_path / "figures" / f"lines-{n}.png" for n in (1, 2, 3)]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert done.stderr.splitlines() == [f"no display: saved {p}" for p in paths]
    assert done.stdout == "[]\n"


def test_curves_differ_in_colour_and_dash() -> None:
    _, ax = plt.subplots()
    curves(ax, range(3), {f"curve {n}": [n] * 3 for n in range(len(COLOURS))})
    lines = ax.get_lines()
    assert [line.get_label() for line in lines] == [f"curve {n}" for n in range(7)]
    assert len({line.get_color() for line in lines}) == len(COLOURS)
    assert len(
        {str(line.get_linestyle()) + str(DASHES[n]) for n, line in enumerate(lines)}
    ) == len(DASHES)


def test_dots_are_rows_from_the_top_with_a_line_at_the_mean() -> None:
    _, ax = plt.subplots()
    dots(ax, {"a": [0.2, 0.4], "b": [0.1, 0.2, 0.6]})
    first, mean, second, other = ax.get_lines()
    assert first.get_xydata().tolist() == [[0.2, 0], [0.4, 0]]
    assert second.get_xydata().tolist() == [[0.1, 1], [0.2, 1], [0.6, 1]]
    assert mean.get_xydata() == pytest.approx(np.array([[0.3, 0]]))
    assert other.get_xydata() == pytest.approx(np.array([[0.3, 1]]))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim() == (1.5, -0.5)


def test_a_gallery_puts_each_image_below_its_label() -> None:
    _, ax = plt.subplots()
    images = np.arange(3 * 4 * 4).reshape(3, 4, 4)
    labels = ["one", "two", "three"]
    sheet = gallery(ax, images, labels, columns=2).get_array()
    assert sheet.shape == (2 * 5, 2 * 5)
    places = {"one": (1, 0), "two": (1, 5), "three": (6, 0)}
    for text, image in zip(ax.texts, images, strict=True):
        top, left = places[text.get_text()]
        assert np.array_equal(sheet[top : top + 4, left : left + 4], image)
        assert text.get_position()[1] < top
    assert np.isnan(sheet.filled(np.nan)[6:, 5:]).all()


def test_a_gallery_may_centre_its_colours_on_zero() -> None:
    _, ax = plt.subplots()
    drawn = gallery(ax, np.ones((1, 2, 2)), limit=3.0)
    assert drawn.get_clim() == (-3.0, 3.0)


def test_low_is_dark_on_a_surface() -> None:
    _, ax = plt.subplots()
    x = np.linspace(0, 1, 5)
    surface(ax, x, x, np.add.outer(x, x), [0.5, 1.0, 1.5])
    shades = ax.collections[0].get_facecolor()[:, :3].mean(axis=1)
    assert (np.diff(shades) > 0).all()
    level_lines(ax, x, x, np.add.outer(x, x), [1.0])
    assert len(ax.collections) == 3


def test_regions_are_coloured_by_sign() -> None:
    _, ax = plt.subplots()
    x = np.linspace(-1, 1, 5)
    regions(ax, x, x, np.tile(x, (5, 1)))
    below, above = ax.collections[0].get_facecolor()[:, :3]
    assert np.allclose(below, matplotlib.colors.to_rgb(COLOURS[0]))
    assert np.allclose(above, matplotlib.colors.to_rgb(COLOURS[1]))
