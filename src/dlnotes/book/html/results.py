"""The HTML of what a cell printed, drew and tabulated."""

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dlnotes.book.figures.figure import scope_ids, translate
from dlnotes.book.figures.figure_labels import needs_translation
from dlnotes.book.figures.frames import joined

Output = dict[str, Any]

CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b."
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]"
)
CELL = re.compile(r"(<t[hd][^>]*>)([^<]*)(</t[hd]>)")


def kind_of(output: Output) -> str:
    """Say whether a notebook output is a log, a figure, a table or something else."""
    if output["output_type"] == "stream":
        return "log" if output["name"] == "stdout" else "warning"
    found = (name for name, kind in KINDS.items() if output["data"].get(kind.media))
    return next(found, "log")


def select(found: Iterable[Output], kinds: Collection[str]) -> list[Output]:
    """Return the outputs of some kinds; what is printed in a row is one log."""
    kept: list[Output] = []
    for output in found:
        if kind_of(output) not in kinds:
            continue
        if kept and "text" in output and "text" in kept[-1]:
            output = {**output, "text": kept.pop()["text"] + output["text"]}
        kept.append(output)
    return kept


def without_controls(text: str) -> str:
    """Return a text without escape sequences and characters that HTML cannot hold."""
    return CONTROL.sub("", text)


def clean_log(text: str) -> str:
    """Return printed text without escape sequences.

    Of a line that was written over, such as a progress bar, the last version is kept.
    """
    return "\n".join(
        line.rstrip("\r").rpartition("\r")[2]
        for line in without_controls(text).rstrip("\n\r").split("\n")
    )


def outputs(items: list[Output], caption: str, prefix: str) -> str:
    """Return outputs as HTML figures.

    Args:
        items: as `select` gives them.
        caption: HTML for under the last output that needs one, or else the last one.
        prefix: what the ids start with, for no other outputs of the page do.
    """
    items = _with_frames_joined(items)
    kinds = [kind_of(item) for item in items]
    captioned = [at for at, kind in enumerate(kinds) if KINDS[kind].needs_caption]
    last = max(captioned, default=len(items) - 1)
    shown = []
    for index, (kind, item) in enumerate(zip(kinds, items, strict=True)):
        body = KINDS[kind].body(item, caption, f"{prefix}-{index}")
        if caption and index == last:
            body += f"<figcaption>{caption}</figcaption>"
        shown.append(framed(kind, body))
    return "".join(shown)


def framed(kind: str, body: str) -> str:
    """Return what an output of some kind shows, as the figure that it is."""
    exclude = "" if KINDS[kind].searched else " data-search-exclude"
    return f'<figure class="dl-output dl-{kind}"{exclude}>{body}</figure>'


def _with_frames_joined(items: list[Output]) -> list[Output]:
    shown: list[Output] = []
    frames: list[str] = []
    for item in items:
        if kind_of(item) != "figure":
            shown.append(item)
            continue
        frames.append(item["data"]["image/svg+xml"])
        if svg := joined(frames):
            frames = []
            shown.append({**item, "data": {"image/svg+xml": svg}})
    return shown


def _log(item: Output, _caption: str, _prefix: str) -> str:
    text = item["text"] if "text" in item else item["data"]["text/plain"]
    return f"<pre>{html.escape(clean_log(text))}</pre>"


def _figure(item: Output, caption: str, prefix: str) -> str:
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", caption)).strip()
    label = html.escape(html.unescape(plain), quote=True)
    svg = scope_ids(item["data"]["image/svg+xml"], prefix)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _table(item: Output, _caption: str, _prefix: str) -> str:
    return without_controls(item["data"]["text/html"])


def _cells(table: str, catalogue: Mapping[str, str]) -> tuple[str, list[str]]:
    """Translate the cells of a table; return those that have no translation, too."""
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        text = html.unescape(match[2])
        if text not in catalogue and needs_translation(text):
            missing.append(text)
        return match[1] + html.escape(catalogue.get(text, text)) + match[3]

    return CELL.sub(put, table), missing


@dataclass(frozen=True)
class Kind:
    """A kind of output.

    Args:
        media: its type among those of a notebook's outputs.
        body: its HTML, made from the output, the caption and what its ids start with.
        translate: returns its content with the labels translated by a catalogue, and
            those that have no translation; None where it has no labels.
        needs_caption: whether readers need a caption to understand it.
        searched: whether the search looks into it.
    """

    media: str
    body: Callable[[Output, str, str], str]
    translate: Callable[[str, Mapping[str, str]], tuple[str, list[str]]] | None = None
    needs_caption: bool = False
    searched: bool = False


KINDS = {  # an output of several types is of the first kind that has one
    "figure": Kind("image/svg+xml", _figure, translate, needs_caption=True),
    "table": Kind("text/html", _table, _cells, searched=True),
    "log": Kind("text/plain", _log),
}


def translated(
    output: Output, catalogue: Mapping[str, str]
) -> tuple[Output, list[str]]:
    """Return an output with its labels translated, and those it cannot translate."""
    kind = KINDS.get(kind_of(output))
    if kind is None or kind.translate is None:
        return output, []
    content, missing = kind.translate(output["data"][kind.media], catalogue)
    return {**output, "data": {**output["data"], kind.media: content}}, missing
