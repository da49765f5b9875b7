"""Figures: matplotlib -> one themed inline SVG, and its labels -> another language.

Drawing needs matplotlib, which is imported where it is used: translating does not.
"""

import hashlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlnotes.book.figures.figure_labels import (
    anchor_lines,
    check_label,
    needs_translation,
)
from dlnotes.book.figures.svg import (
    FRAME,
    TOTAL,
    parse,
    plain_labels,
    rename_ids,
    serialise,
)
from dlnotes.book.figures.svg_theme import tidy
from dlnotes.palette import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# On dark paper the hues of the palette stay and the lightness changes: Okabe and Ito's
# sky blue and yellow (https://jfly.uni-koeln.de/color/), Tol's light pink
# (https://personal.sron.nl/~pault/), and a violet. Every colour keeps 3:1 to its paper;
# no two come closer, to any kind of dichromatic eye, than the closest two of the
# Okabe-Ito palette.
DARK = ("#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#6c6cd0", "#f0e442", "#ffaabb")

_THEME = {
    "#000000": "currentColor",
    "#ffffff": "var(--dl-paper, #fff)",
    "#808080": "var(--dl-muted, #808080)",
} | {colour: f"var(--dl-c{k}, {colour})" for k, colour in enumerate(COLOURS)}
_PIXELS_SEEN = 3  # an image enlarged at least so much is a grid of pixels, not a photo


def to_svg(figure: "Figure", salt: str) -> str:
    """Draw a figure as one `<svg>` element for the inside of a page.

    Black becomes the page's ink, white its paper, gray its muted ink and C0..C6 its
    palette; any other colour, and what a colour map chose, stays. Text stays text and
    keeps its anchor, so that it may grow or shrink. Equal figures give equal bytes.

    Args:
        figure: drawn in the book's style; its images and groups are prepared.
        salt: what tells this figure from the others of the book; ids start with it.

    Raises:
        ValueError: a label cannot stay text, or mixes words and mathtext.
    """
    from matplotlib.image import AxesImage
    from matplotlib.text import Text

    figure.patch.set_visible(False)  # the page is its paper
    _draw(figure)  # makes the layout and the ticks that it needs
    figure.set_layout_engine("none")  # and drawing again shall not move it
    texts = {f"dl-text-{k}": text for k, text in enumerate(figure.findobj(Text))}
    for gid, text in texts.items():
        check_label(text)
        text.set_gid(gid)
    for image in figure.findobj(AxesImage):
        _show_pixels(image)
    data = _mark_data(figure)
    root = parse(_draw(figure))
    for group in root.iter("g"):
        if group.get("id") in texts:
            anchor_lines(group, texts[group.attrib["id"]])
    width, height = (f"{inches * 96:g}" for inches in figure.get_size_inches())
    style = "fill: currentColor; stroke-linejoin: round"
    root.attrib = {
        "class": "dl-svg",
        "width": width,
        "height": height,
        "viewBox": root.attrib["viewBox"],
        "style": f"{style}; max-width: 100%; height: auto; overflow: visible",
    }
    digest = hashlib.sha256(salt.encode()).hexdigest()
    tidy(root, f"d{digest[:8]}", _THEME, data)
    return serialise(root)


def _draw(figure: "Figure") -> str:
    import matplotlib

    silent = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    fixed: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "dlnotes"}
    buffer = io.StringIO()
    with matplotlib.rc_context(fixed):
        figure.savefig(buffer, format="svg", dpi=144, metadata=silent)
    return buffer.getvalue()


def _mark_data(figure: "Figure") -> dict[str, set[str]]:
    """Name what a colour map paints, and say whether it fills it, strokes it or both.

    Returns:
        id of its group -> the paints, of `fill` and `stroke`, that stand for numbers.
    """
    import numpy
    from matplotlib.collections import Collection

    found = {}
    for number, artist in enumerate(figure.findobj(Collection)):
        if artist.get_array() is None:
            continue
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        paints = {"fill"} if len(faces) else {"stroke"}
        if numpy.array_equal(edges, faces):
            paints.add("stroke")
        artist.set_gid(f"dl-data-{number}")
        found[f"dl-data-{number}"] = paints
    return found


def _show_pixels(image: Any) -> None:
    """Embed an enlarged image pixel by pixel, and let the browser enlarge it."""
    height, width = image.get_array().shape[:2]
    box = image.get_window_extent()
    scale = 72 / image.get_figure(root=True).dpi
    enlarged = min(box.width / width, box.height / height) * scale
    if image.get_interpolation() in ("auto", "antialiased") and (
        enlarged >= _PIXELS_SEEN
    ):
        image.set_interpolation("none")


def as_frame(svg: str, name: str, total: int) -> str:
    """Mark a figure as one of so many that a page shows one at a time, by name."""
    root = parse(svg)
    root.attrib |= {FRAME: name, TOTAL: str(total)}
    return serialise(root)


def labels(svg: str) -> list[str]:
    """Return the text of every label in order; a formula's glyphs are none."""
    return [label.text or "" for label in plain_labels(parse(svg))]


def translate(svg: str, catalogue: Mapping[str, str]) -> tuple[str, list[str]]:
    """Replace the labels of a figure, and its name as a frame, by their translations.

    Returns:
        the SVG, and the labels that need a translation and have none, in order.
    """
    root = parse(svg)
    missing: dict[str, None] = {}
    for label in plain_labels(root):
        text = label.text or ""
        if text in catalogue:
            label.text = catalogue[text]
        elif needs_translation(text):
            missing[text] = None
    if name := root.get(FRAME):
        if name in catalogue:
            root.set(FRAME, catalogue[name])
        elif needs_translation(name):
            missing[name] = None
    return serialise(root), list(missing)


def scope_ids(svg: str, prefix: str) -> str:
    """Start every id with a prefix, so that a figure may stand twice on a page."""
    root = parse(svg)
    rename_ids(root, lambda name: f"{prefix}-{name}")
    return serialise(root)
