"""Labels of a figure: which ones need a translation, and room for it.

A translation is shorter or longer than the label, so that every line must be anchored
where its author aligned it; matplotlib places some by their left end.
"""

import math
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from dlnotes.book.figures.svg import plain_labels, read_style, write_style

if TYPE_CHECKING:
    from matplotlib.text import Text

_ANCHORS = {0.0: "start", 0.5: "middle", 1.0: "end"}
_ALONG = {"left": 0.0, "center": 0.5, "right": 1.0}
_UP = {"bottom": 0.0, "baseline": 0.0, "center_baseline": 0.5, "center": 0.5}


def needs_translation(text: str) -> bool:
    """Tell whether a text has a word in it: two lowercase Latin letters in a row."""
    return re.search("[a-z]{2}", text) is not None


def check_label(text: "Text") -> None:
    """Raise ValueError for a label that a translation could not replace."""
    for line in text.get_text().split("\n"):
        words = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", line)
        if words != line and needs_translation(words):
            raise ValueError(
                f"the label {line!r} mixes words and mathtext, which cannot be "
                "translated: write its symbols as plain Unicode text"
            )
        if text.get_path_effects() and needs_translation(line):
            raise ValueError(
                f"the label {line!r} has path effects, which turn text into shapes "
                "that cannot be translated: give it a white bbox instead"
            )


def anchor_lines(group: Element, text: "Text") -> None:
    """Anchor lines that matplotlib placed by their left end where their author did.

    It does so for rotated text and for text of several lines.
    """
    from matplotlib.textpath import text_to_path

    angle = math.radians(text.get_rotation())
    cos, sin = math.cos(angle), math.sin(angle)
    if "\n" in text.get_text():
        share = _ALONG[text._get_multialignment()]  # type: ignore[attr-defined]
    elif text.get_rotation_mode() == "anchor" or abs(cos) >= abs(sin):
        share = _ALONG[text.get_horizontalalignment()]
        share = share if text.get_rotation_mode() == "anchor" or cos > 0 else 1 - share
    else:
        share = _UP.get(text.get_verticalalignment(), 1.0)
        share = share if sin > 0 else 1 - share
    for label in plain_labels(group):
        style = read_style(label)
        place = re.match(r"translate\((\S+) (\S+)\)", label.get("transform", ""))
        if "text-anchor" in style or not place or not label.text:
            continue
        width, _, _ = text_to_path.get_text_width_height_descent(
            label.text, text.get_fontproperties(), ismath=False
        )
        x = float(place[1]) + share * width * cos
        y = float(place[2]) - share * width * sin
        label.attrib |= {"x": f"{x:f}", "y": f"{y:f}"}
        label.set("transform", f"rotate({-text.get_rotation():f} {x:f} {y:f})")
        write_style(label, style | {"text-anchor": _ANCHORS[share]})
