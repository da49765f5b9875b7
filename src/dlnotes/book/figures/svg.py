"""Read, write and rename within an inline SVG.

Elements lose their namespace on reading, and `serialise` writes the root's: inside a
page an SVG needs none, in a file of its own it needs that one.
"""

import re
from collections.abc import Callable, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "http://www.w3.org/2000/svg"
FRAME, TOTAL = "data-dl-frame", "data-dl-of"  # a frame's name, and how many there are
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")


def parse(svg: str) -> Element:
    """Read an SVG; drop its namespaces, comments and indentation."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.partition("}")[2] or element.tag
        for name in [name for name in element.attrib if name.startswith("{")]:
            element.set(name.partition("}")[2], element.attrib.pop(name))
        element.tail = None
        if element.tag not in ("text", "tspan") or len(element):
            element.text = None
    return root


def serialise(root: Element) -> str:
    """Write a parsed SVG on one line, without a prolog."""
    root.attrib = {"xmlns": NAMESPACE} | root.attrib
    return ElementTree.tostring(root, encoding="unicode")


def plain_labels(root: Element) -> list[Element]:
    """Find the text elements that hold words, not the placed glyphs of a formula."""
    return [text for text in root.iter("text") if text.text and not len(text)]


def rename_ids(root: Element, rename: Callable[[str], str | None]) -> None:
    """Rename each id and what refers to it; an id renamed to None is removed."""
    for element in root.iter():
        if "id" in element.attrib:
            new = rename(element.attrib.pop("id"))
            if new is not None:
                element.set("id", new)
        for name, value in element.items():
            if _refers(name, value):
                fresh = _REFERENCE.sub(lambda m: rename(m[0]) or m[0], value)
                element.set(name, fresh)


def references(root: Element) -> set[str]:
    """Collect the ids that something in the document refers to."""
    return {
        found
        for element in root.iter()
        for name, value in element.items()
        if _refers(name, value)
        for found in _REFERENCE.findall(value)
    }


def _refers(name: str, value: str) -> bool:
    return "url(#" in value or (name == "href" and value.startswith("#"))


def read_style(element: Element) -> dict[str, str]:
    """Split a style attribute into its properties."""
    parts = (part.partition(":") for part in element.get("style", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in parts if value}


def write_style(element: Element, style: Mapping[str, str]) -> None:
    """Set a style attribute, or remove it if there is nothing to say."""
    element.attrib.pop("style", None)
    if style:
        element.set("style", "; ".join(f"{k}: {v}" for k, v in style.items()))
