"""Join the frames of a figure into one drawing, of which a page shows one at a time.

Frames of one picture differ in little: what is drawn alike in several of them is
written once, in a group that says in which. A script shows those of the frame that the
reader chose; without it, and on paper, the last frame is seen.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from dlnotes.book.figures.svg import (
    FRAME,
    TOTAL,
    parse,
    references,
    rename_ids,
    serialise,
)

FRAMES, SEEN = "data-dl-frames", "data-dl-in"
_TOTAL = re.compile(f'<svg [^>]*{TOTAL}="(\\d+)"')
_GROUPS = ("svg", "g", "defs")

Versions = dict[int, Element]  # of one element: frame -> how it is there


def joined(svgs: list[str]) -> str:
    """Return the drawings so far as one if they are a whole figure, else nothing.

    A figure without frames is whole by itself, and stays as it is.
    """
    match = _TOTAL.match(svgs[0])
    if match is None:
        return svgs[0]
    return _joined(svgs) if len(svgs) == int(match[1]) else ""


def _joined(svgs: list[str]) -> str:
    roots = [parse(svg) for svg in svgs]
    names = [root.attrib.pop(FRAME) for root in roots]
    known: dict[tuple[str, int], str] = {}
    for number, root in enumerate(roots):
        del root.attrib[TOTAL]
        _name_by_content(root, number, known)
    whole = _union(dict(enumerate(roots)), len(roots) - 1)
    whole.set(FRAMES, json.dumps(names, ensure_ascii=False))
    return serialise(whole)


def _name_by_content(
    root: Element, number: int, known: dict[tuple[str, int], str]
) -> None:
    """Give the definitions of a frame ids that mean the same in every frame."""
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for element in root.iter():
        if ident := element.attrib.pop("id", ""):
            content = _text(element)
            if references(element) or any("id" in part.attrib for part in element):
                content += f" in {number}"  # the same ids may mean something else
            seen[content] += 1
            start, _, _ = ident.rpartition("-")
            key = content, seen[content]
            names[ident] = known.setdefault(key, f"{start}-{len(known)}")
            element.set("id", ident)
    rename_ids(root, names.get)


def _union(versions: Versions, last: int) -> Element:
    """Return an element that holds what all its versions do, in the order of each."""
    first = next(iter(versions.values()))
    if first.tag not in _GROUPS:
        return first
    union = Element(first.tag, first.attrib)
    for frames, alike in groupby(_aligned(versions), key=tuple):
        parts = [_union(part, last) for part in alike]
        in_all = first.tag == "defs" or len(frames) == len(versions)
        union.extend(parts if in_all else [_group(frames, parts, last)])
    return union


def _aligned(versions: Versions) -> list[Versions]:
    """Put together the children that are alike, keeping the order of each version."""
    rows: list[tuple[str, Versions]] = []
    for number, parent in versions.items():
        here = [(_key(child), {number: child}) for child in parent]
        keys = [key for key, _ in rows], [key for key, _ in here]
        merged: list[tuple[str, Versions]] = []
        for kind, a, b, c, d in SequenceMatcher(
            None, *keys, autojunk=False
        ).get_opcodes():
            if kind == "equal":
                pairs = zip(rows[a:b], here[c:d], strict=True)
                merged += [(key, old | new) for (key, old), (_, new) in pairs]
            else:
                merged += rows[a:b] + here[c:d]
        rows = merged
    return [row for _, row in rows]


def _key(element: Element) -> str:
    """Return what makes two elements alike: of a group, only how it is drawn."""
    if element.tag in _GROUPS:
        return _text(Element(element.tag, element.attrib))
    return _text(element)


def _text(element: Element) -> str:
    return ElementTree.tostring(element, encoding="unicode")


def _group(frames: Collection[int], parts: list[Element], last: int) -> Element:
    shown = {"class": "dl-last"} if last in frames else {"display": "none"}
    group = Element("g", {SEEN: " ".join(_spans(frames))} | shown)
    group.extend(parts)
    return group


def _spans(frames: Collection[int]) -> Iterator[str]:
    """Yield numbers in a row as `3-5`, one alone as `7`."""
    pairs = groupby(enumerate(frames), key=lambda pair: pair[1] - pair[0])
    for _, row in pairs:
        numbers = [number for _, number in row]
        yield "-".join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))
