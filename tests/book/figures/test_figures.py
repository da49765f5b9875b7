"""Figures keep their text and follow the page, and their labels change language."""

import itertools
import re
import subprocess
import sys
from functools import cache
from xml.etree import ElementTree

import matplotlib

matplotlib.use("agg")

import matplotlib.patheffects
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.figures.figure import (
    DARK,
    labels,
    needs_translation,
    scope_ids,
    to_svg,
    translate,
)
from dlnotes.book.figures.svg import parse
from dlnotes.book.figures.svg_theme import tidy
from dlnotes.palette import COLOURS
from dlnotes.plot import use_style

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _style():
    with matplotlib.rc_context():
        use_style()
        yield
    plt.close("all")


def draw(paint, salt="test", **options):
    """Return the SVG of a figure whose axes `paint` has drawn on."""
    figure, axes = plt.subplots(**options)
    paint(axes)
    return to_svg(figure, salt)


drawn = cache(draw)  # for tests that only look at what was drawn


def draw_text(words, **options):
    """Return the SVG of a figure with some words in it, and nothing else."""

    def paint(ax):
        ax.set_axis_off()
        ax.text(0.5, 0.5, words, **options)

    return draw(paint)


def paint_line(ax):
    ax.plot([1, 2, 3], [1, 10, 100], "o-", label="training loss")
    ax.plot([1, 2, 3], [2, 20, 50], "--", color="black", label="bound")
    ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    ax.legend()


def paint_scatter(ax):
    points = np.random.default_rng(0).normal(size=(2, 100))
    ax.scatter(*points, c=["C1"] * 50 + ["C2"] * 50, marker="s", alpha=0.5)
    ax.axhline(0, color="gray")


def paint_bar(ax):
    ax.bar(["one", "two"], [1, 2], color=["C3", "C4"], edgecolor="black", hatch="/")
    ax.text(0, 0.5, "inside", color="white", ha="center")
    ax.tick_params(axis="x", rotation=40)


def paint_image(ax):
    ax.imshow(np.arange(16).reshape(4, 4), cmap="gray")


def paint_contour(ax):
    x, y = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))
    ax.contourf(x, y, x * y, levels=6, cmap="viridis", alpha=0.5)
    ax.clabel(ax.contour(x, y, x * y, levels=4, colors="C5"))


def paint_arrow(ax):
    ax.annotate(
        "a < b & \"c\" 'd'", (0.1, 0.1), (0.5, 0.5), arrowprops={"arrowstyle": "->"}
    )
    ax.text(0.2, 0.8, "first line\nsecond, longer line", ha="center")
    ax.text(0.7, 0.8, "$\\eta^2$", color="C6", alpha=0.5)


PAINTINGS = [
    paint_line,
    paint_scatter,
    paint_bar,
    paint_image,
    paint_contour,
    paint_arrow,
]


@pytest.mark.parametrize("paint", PAINTINGS)
def test_every_figure_is_one_small_themed_element(paint):
    svg = drawn(paint)
    root = ElementTree.fromstring(svg)
    assert svg.startswith("<svg ")
    assert "\n" not in svg
    assert root.attrib["class"] == "dl-svg"
    assert root.attrib["viewBox"] == "0 0 345.6 216"
    assert (root.attrib["width"], root.attrib["height"]) == ("460.8", "288")
    assert "max-width: 100%; height: auto" in root.attrib["style"]
    assert not {"metadata", "style", "script", "a"} & {
        element.tag.removeprefix(SVG) for element in root.iter()
    }
    assert not re.search("xlink|<!|<\\?|Sans', '|#000|#fff[^)f]|matplotlib", svg)
    theme = {"fill", "stroke"} & {n for e in root.iter() for n in e.attrib}
    assert not theme, "var() is only sure to work in a style"
    path_numbers = re.findall(r'(?: d| x| y|)="([^"]*)"', re.sub("<image.*?>", "", svg))
    assert not [n for n in path_numbers if re.search(r"\d\.\d{3}", n)]
    for url in re.findall(r'href="([^"]*)"', svg):
        assert url.startswith(("#", "data:image/png;base64,"))


@pytest.mark.parametrize("paint", PAINTINGS)
def test_every_id_is_used_unique_and_starts_with_the_salt(paint):
    first, again, other = drawn(paint), draw(paint), drawn(paint, "another")
    assert first == again
    ids = re.findall(r'\bid="([^"]*)"', first + other)
    assert len(ids) == len(set(ids))
    assert len({name.split("-")[0] for name in ids}) in (0, 2)
    used = re.findall(r'(?:url\(|href=")#([^")]*)', first + other)
    assert set(used) == set(ids)


def test_a_figure_may_stand_twice_on_a_page():
    svg = drawn(paint_line)
    scoped = scope_ids(svg, "f2")
    ids, more = (set(re.findall(r'\bid="([^"]*)"', text)) for text in (svg, scoped))
    assert more == {f"f2-{name}" for name in ids}
    assert set(re.findall(r'(?:url\(|href=")#([^")]*)', scoped)) == more
    assert scoped.replace("f2-", "") == svg


def test_drawing_the_same_figure_again_changes_nothing():
    figure, axes = plt.subplots(1, 2, figsize=(4.8, 2.4))
    for ax in axes:
        figure.colorbar(ax.imshow(np.eye(8)), label="attention weight")
    assert to_svg(figure, "x") == to_svg(figure, "x")


def test_two_processes_give_the_same_bytes():
    program = """
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt, numpy as np
from dlnotes.book.figures.figure import to_svg
from dlnotes.plot import use_style
use_style()
figure, (a, b) = plt.subplots(1, 2)
a.plot([1, 2], [1, 3], "o-", label="loss"); a.legend(); b.imshow(np.eye(5))
a.fill_between([1, 2], [0, 1], hatch="/")
print(to_svg(figure, "salt"))
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    first, second = (run.communicate()[0] for run in runs)
    assert first.startswith(b"<svg ")
    assert first == second


def test_importing_figures_imports_neither_matplotlib_nor_torch():
    program = (
        "import dlnotes.book.figures.figure, dlnotes.book.language.catalogue, sys; "
        "sys.exit(bool({'matplotlib', 'numpy', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_ink_paper_muted_and_cycle_follow_the_theme():
    def paint(ax):
        for k in range(7):
            ax.plot([0, 1], [k, k], f"C{k}", marker="o", label=f"w{k}")
            ax.text(0, k, f"v{k}", color=f"C{k}")
        ax.plot([0, 1], [0, 7], color="white")
        ax.plot([0, 1], [7, 0], color="gray", alpha=0.25)
        ax.fill_between([0, 1], [1, 2], color="black", alpha=0.5)
        ax.plot([0, 1], [3, 4], color="#123456")
        ax.legend()

    svg = draw(paint)
    for k, colour in enumerate(COLOURS):
        # a line, its two markers, a line and a marker in the legend
        assert svg.count(f"stroke: var(--dl-c{k}, {colour})") == 5
        assert re.search(rf'fill: var\(--dl-c{k}, {colour}\)[^"]*">v{k}<', svg)
        assert not re.search(rf"(?<!, ){colour}", svg)
    assert "stroke: var(--dl-paper, #fff)" in svg
    muted = re.search(r"stroke: var\(--dl-muted, #808080\)[^\"]*", svg)
    assert "stroke-opacity: 0.25" in muted[0]
    assert "fill: currentColor" in ElementTree.fromstring(svg).attrib["style"]
    shape = re.search('<[a-z]+ [^>]*style="([^"]*fill-opacity: 0.5[^"]*)"', svg)[1]
    assert not re.search("fill:|stroke: (?!currentColor)", shape), "fill is inherited"
    assert "stroke: #123456" in svg


def test_colours_that_a_colour_map_chose_stay():
    def paint(ax):
        ax.pcolormesh(np.array([[0.0, 0.5, 1.0]]), cmap="gray", edgecolors="C0")
        ax.scatter([0, 1, 2], [0, 0, 0], c=[0, 1, 2], cmap="gray", edgecolors="black")

    svg = draw(paint)
    for colour in ("#000000", "#808080", "#ffffff"):
        found = re.findall(rf'"[^"]*fill: {colour}[^"]*"', svg)
        assert len(found) == 2, "a cell and a dot"
        assert "stroke: var(--dl-c0" in found[0]
        assert "stroke: currentColor" in found[1]
    levels = draw(lambda ax: ax.contour(np.eye(9), levels=[0, 0.5, 1], cmap="gray"))
    assert "stroke: #000000" in levels
    assert "stroke: currentColor" in levels, "the axes"
    dots = draw(lambda ax: ax.scatter([0, 1], [0, 1], c=[0, 1], cmap="gray"))
    for colour in ("#000000", "#ffffff"):
        assert dots.count(f"fill: {colour}") == dots.count(f"stroke: {colour}") == 1


def test_equal_markers_share_one_style():
    svg = draw(lambda ax: ax.scatter(range(300), range(300), color="C1", alpha=0.5))
    assert svg.count("<use ") >= 300
    assert svg.count("var(--dl-c1") == 2
    assert len(svg) < 25_000


def test_opacity_is_not_shared_for_it_would_apply_to_the_group():
    use = '<use href="#a" x="{}" style="fill: #ffffff; opacity: 0.5" />'
    root = parse(f"<svg><path id='a' />{''.join(map(use.format, range(3)))}</svg>")
    tidy(root, "p", {"#ffffff": "white"}, {})
    group = root.find("g")
    assert group.attrib == {"style": "fill: white"}
    assert [use.attrib["style"] for use in group] == ["opacity: 0.5"] * 3


def test_enlarged_images_are_stored_pixel_by_pixel():
    svg = draw(lambda ax: ax.imshow(np.arange(64).reshape(8, 8)))
    image = re.search("<image [^>]*>", svg)[0]
    assert 'width="8" height="8"' in image
    assert "image-rendering: pixelated" in image
    photo = np.random.default_rng(0).random((600, 800))
    svg = draw(lambda ax: ax.imshow(photo), figsize=(1, 1))
    assert len(svg) < 150_000


def anchors(svg):
    """Map each label to its anchor and place."""
    found = {}
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        anchor = re.search(r"text-anchor: (\w+)", text.attrib["style"])
        place = float(text.attrib["x"]), float(text.attrib["y"])
        found[text.text] = (anchor[1] if anchor else "start", place)
    return found


@pytest.mark.parametrize(
    ("options", "anchor"),
    [
        ({"ha": "center"}, "middle"),
        ({"ha": "right"}, "end"),
        ({"ha": "left"}, "start"),
        ({"ha": "center", "rotation": 30}, "middle"),
        ({"ha": "right", "rotation": 45}, "end"),
        ({"ha": "right", "rotation": 170}, "start"),
        ({"va": "center", "rotation": 90}, "middle"),
        ({"va": "bottom", "rotation": 90}, "start"),
        ({"va": "top", "rotation": 90}, "end"),
        ({"va": "top", "rotation": 270}, "start"),
        ({"ha": "right", "rotation": 90, "rotation_mode": "anchor"}, "end"),
    ],
)
def test_labels_are_anchored_where_their_author_aligned_them(options, anchor):
    svg = draw_text("some words", **options)
    assert anchors(svg)["some words"][0] == anchor


def test_lines_of_a_label_stay_aligned():
    svg = draw_text("narrow\nmuch wider line", ha="center")
    (first, (x1, y1)), (second, (x2, y2)) = list(anchors(svg).values())[-2:]
    assert first == second == "middle"
    assert x1 == pytest.approx(x2, abs=0.02)
    assert y1 < y2
    svg = draw_text("narrow\nmuch wider line", ha="center", multialignment="left")
    assert [place for place, _ in list(anchors(svg).values())[-2:]] == ["start"] * 2


def test_the_middle_of_a_rotated_label_does_not_move():
    turned = draw_text("some words", ha="center", rotation=90)
    level = draw_text("some words", ha="center")
    here, there = anchors(turned)["some words"], anchors(level)["some words"]
    assert here[1][0] == pytest.approx(there[1][0], abs=6)  # a line's height


def test_text_keeps_its_size_and_inherits_its_font():
    svg = drawn(paint_arrow)
    assert re.findall('font-family: ([^;"]*)', svg) == ["'DejaVu Sans', sans-serif"]
    assert "font-size: 10px" in svg
    code = draw(lambda ax: ax.text(0, 0, "loop", family="monospace", weight="bold"))
    assert re.search('font-weight: 700[^"]*font-family: monospace', code)


def test_mathtext_keeps_the_place_of_each_glyph():
    svg = drawn(paint_arrow)
    group = re.search(r"<g ([^>]*)><text ([^>]*DejaVu.*?)</text>", svg)
    assert "fill: var(--dl-c6" in group[1]
    assert "opacity: 0.5" in group[1]
    assert group[2].count('<tspan x="') == 2
    assert "opacity" not in group[2]


def test_labels_are_read_in_order_without_formulas():
    found = labels(drawn(paint_arrow))
    assert found[-3:] == [
        "a < b & \"c\" 'd'",
        "first line",
        "second, longer line",
    ]
    assert not any("η" in label for label in found)
    assert "loss" in labels(drawn(paint_line))


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("loss", True),
        ("of", True),
        ("η = 0.1", False),
        ("∂L/∂w", False),
        ("SGD", False),
        ("x²", False),
        ("Adam", True),
        ("学习率", False),
        ("1e-3", False),
        ("aB", False),
    ],
)
def test_a_text_with_a_word_needs_a_translation(text, needed):
    assert needs_translation(text) is needed


def test_translate_replaces_labels_and_names_the_missing_ones():
    svg = drawn(paint_line)
    chinese, missing = translate(svg, {"step": "步 <1> & “2”", "1.0": "no label"})
    assert "步 <1> & “2”" in labels(chinese)
    assert "步 &lt;1&gt; &amp; “2”" in chinese
    assert "step" not in labels(chinese)
    assert missing == ["loss", "training loss", "bound"]
    chinese, missing = translate(drawn(paint_arrow), {"first line": "第一行"})
    assert missing == ["second, longer line"]


def test_a_label_is_missing_once():
    def paint(ax):
        ax.text(0, 0, "twice")
        ax.text(0, 1, "twice")

    assert translate(draw(paint), {})[1] == ["twice"]


def test_nothing_to_translate_changes_nothing():
    svg = drawn(paint_bar)
    assert translate(svg, {})[0] == svg


characters = st.characters(
    categories=["L", "N", "P", "S"], exclude_characters="$\\", max_codepoint=0x9FFF
)


@given(st.text(characters, min_size=1, max_size=20))
def test_any_translation_comes_back_as_it_was(words):
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text x="0">word</text></svg>'
    assert labels(translate(svg, {"word": words})[0]) == [words]


def test_labels_that_cannot_be_translated_are_refused():
    with pytest.raises(ValueError, match="mixes words and mathtext"):
        draw(lambda ax: ax.set_xlabel("rate $\\eta$"))
    halo = [matplotlib.patheffects.withStroke(linewidth=3, foreground="white")]
    with pytest.raises(ValueError, match="'halo' has path effects"):
        draw(lambda ax: ax.text(0, 0, "halo", path_effects=halo))
    assert "text" in draw(lambda ax: ax.set_xlabel("$\\theta$ / $\\eta$"))


# What a dichromat sees: Machado, Oliveira, Fernandes, "A Physiologically-based Model
# for Simulation of Color Vision Deficiency" (2009), severity 1, on linear RGB.
VISION = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
OKABE_ITO = [
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
]


def linear(colour):
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    """Convert linear RGB to Oklab (Ottosson, 2020), where distance is difference."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return to_lab @ np.cbrt(to_cones @ np.clip(rgb, 0, 1))


def closest(palette, vision):
    seen = [oklab(vision @ linear(colour)) for colour in palette]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize("palette", [COLOURS, DARK])
def test_no_two_colours_look_alike_to_anyone(palette):
    worst = min(closest(OKABE_ITO, np.array(v)) for v in VISION.values())
    for vision in VISION.values():
        assert closest(palette, np.array(vision)) >= worst - 1e-9


@pytest.mark.parametrize(
    ("palette", "papers"), [(COLOURS, ["#ffffff"]), (DARK, ["#1e2129", "#15181c"])]
)
def test_every_colour_stands_out_from_the_paper(palette, papers):
    assert len(palette) == 7
    weights = [0.2126, 0.7152, 0.0722]
    for colour, paper in itertools.product(palette, papers):
        dim, bright = sorted([linear(colour) @ weights, linear(paper) @ weights])
        assert (bright + 0.05) / (dim + 0.05) >= 3, (colour, paper)
