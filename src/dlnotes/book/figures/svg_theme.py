"""Make matplotlib's SVG small, and let its colours and fonts follow the page."""

import itertools
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from dlnotes.book.figures.svg import read_style, references, rename_ids, write_style

_PAINTS = {"fill", "stroke", "stop-color"}
_NOT_INHERITED = ("opacity",)
_MATHS_FONT = "'DejaVu Sans', sans-serif"


def tidy(
    root: Element, prefix: str, colours: Mapping[str, str], data: Mapping[str, set[str]]
) -> None:
    """Rewrite matplotlib's document for the page, in place.

    Args:
        root: as `parse` gives it.
        prefix: what every id shall start with; ids nobody refers to go.
        colours: what to write for a colour, by its six-digit hexadecimal form.
        data: id of a group -> the paints in it that a colour map chose, which stay.
    """
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style"):
                parent.remove(child)
    _theme(root, colours, data, set(), defines=False)
    for element in root.iter():
        _round(element)
        if element.tag == "text":
            _unlist_fonts(element)
    _shorten_ids(root, prefix)
    _flatten(root)
    _share_styles(root)


def _theme(
    element: Element,
    colours: Mapping[str, str],
    data: Mapping[str, set[str]],
    kept: set[str],
    defines: bool,
) -> None:
    kept = data.get(element.get("id", ""), kept)
    defines = defines or element.tag in ("defs", "clipPath")
    style = {p: element.attrib.pop(p) for p in sorted(_PAINTS) if p in element.attrib}
    style |= read_style(element)
    if defines and element.tag == "path" and "id" in element.attrib:
        style = {}  # a marker: each use of it says the same again
    elif "fill" in kept and element.tag in ("path", "use") and not defines:
        # matplotlib does not write a black fill, and ink would be inherited
        style.setdefault("fill", "#000000")
    for name in style.keys() & _PAINTS - kept:
        style[name] = colours.get(style[name].lower(), style[name])
    write_style(element, style)
    for child in element:
        _theme(child, colours, data, kept, defines)
    if not defines:
        for child in [c for c in element if _is_invisible(c)]:
            element.remove(child)


def _is_invisible(element: Element) -> bool:
    style = read_style(element)
    return (
        element.tag in ("path", "use")
        and style.get("fill") == "none"
        and "stroke" not in style
    )


def _number(text: str) -> str:
    short = f"{float(text):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _round(element: Element) -> None:
    if "d" in element.attrib:
        path = re.sub(r"-?\d+(\.\d+)?", lambda m: _number(m[0]), element.attrib["d"])
        element.set("d", re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(path.split())))
    for name in ("x", "y", "width", "height"):
        if name in element.attrib:
            element.set(name, _number(element.attrib[name]))
    if element.tag == "image":
        element.set("href", "".join(element.attrib["href"].split()))
    elif "transform" in element.attrib:
        moves = _moves(element.attrib.pop("transform"))
        if moves:
            element.set("transform", moves)


def _moves(transform: str) -> str:
    moves = []
    for move in re.findall(r"\w+\([^)]*\)", transform):
        kind, _, numbers = move.rstrip(")").partition("(")
        if kind in ("translate", "rotate"):
            values = [_number(number) for number in numbers.split()]
            if values[0] == "0" and (kind == "rotate" or set(values) == {"0"}):
                continue
            move = f"{kind}({' '.join(values)})"
        moves.append(move)
    return " ".join(moves)


def _unlist_fonts(text: Element) -> None:
    style = read_style(text)
    family = style.pop("font-family", "")
    if len(text):
        style["font-family"] = _MATHS_FONT
    elif family.endswith("monospace"):
        style["font-family"] = "monospace"
    if style.get("text-anchor") == "start":
        del style["text-anchor"]
    write_style(text, style)
    for glyph in text:
        style = read_style(glyph)
        family = f"{style.pop('font-family', '')}, sans-serif"
        if family != _MATHS_FONT:
            style["font-family"] = family
        write_style(
            glyph, {k: v for k, v in style.items() if k not in ("fill", "opacity")}
        )


def _shorten_ids(root: Element, prefix: str) -> None:
    used = references(root)
    ids = [e.attrib["id"] for e in root.iter() if e.get("id") in used]
    names = {old: f"{prefix}-{number}" for number, old in enumerate(ids)}
    rename_ids(root, names.get)


def _flatten(parent: Element) -> None:
    """Drop empty and bare groups, join neighbours with the same clip."""
    children: list[Element] = []
    for child in parent:
        _flatten(child)
        last = children[-1] if children else None
        if child.tag in ("g", "defs") and not len(child):
            continue
        if child.tag == "g" and not child.attrib:
            children += list(child)
        elif (
            child.tag == "g"
            and set(child.attrib) == {"clip-path"}
            and last is not None
            and (last.tag, last.attrib) == (child.tag, child.attrib)
        ):
            last.extend(list(child))
        else:
            children.append(child)
    parent[:] = children


def _share_styles(parent: Element) -> None:
    """Say the style of three or more equal markers in a row once."""
    children: list[Element] = []
    for tag_style, group in itertools.groupby(
        parent, lambda child: (child.tag, child.get("style"))
    ):
        run = list(group)
        if tag_style[0] == "use" and tag_style[1] and len(run) > 2:
            shared = Element("g")
            style = read_style(run[0])
            own = {k: style.pop(k) for k in _NOT_INHERITED if k in style}
            write_style(shared, style)
            for use in run:
                write_style(use, own)
            shared.extend(run)
            run = [shared]
        else:
            for child in run:
                _share_styles(child)
        children += run
    parent[:] = children
