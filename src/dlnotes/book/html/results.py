"""The HTML of what a cell printed, drew and tabulated."""

import html
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dlnotes.book.figures.figure import scope_ids, translate
from dlnotes.book.figures.figure_labels import needs_translation
from dlnotes.book.figures.frames import joined

Output = dict[str, Any]

KINDS = ("log", "figure", "table")
CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b."
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]"
)
CELL = re.compile(r"(<t[hd][^>]*>)([^<]*)(</t[hd]>)")


def kind_of(output: Output) -> str:
    """Say whether a notebook output is a log, a figure, a table or something else."""
    if output["output_type"] == "stream":
        return "log" if output["name"] == "stdout" else "warning"
    if "image/svg+xml" in output["data"]:
        return "figure"
    return "table" if "text/html" in output["data"] else "log"


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
        caption: HTML for under the last figure, or the last output if none is drawn.
        prefix: what the ids start with, for no other outputs of the page do.
    """
    items = _with_frames_joined(items)
    kinds = [kind_of(item) for item in items]
    at = len(items) - 1
    if "figure" in kinds:
        at -= kinds[::-1].index("figure")
    shown = []
    for index, (kind, item) in enumerate(zip(kinds, items, strict=True)):
        exclude = "" if kind == "table" else " data-search-exclude"
        under = f"<figcaption>{caption}</figcaption>" if caption and index == at else ""
        body = BODY[kind](item, caption, f"{prefix}-{index}")
        shown.append(
            f'<figure class="dl-output dl-{kind}"{exclude}>{body}{under}</figure>'
        )
    return "".join(shown)


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


BODY = {"log": _log, "figure": _figure, "table": _table}


def translated(
    output: Output, catalogue: Mapping[str, str]
) -> tuple[Output, list[str]]:
    """Return an output with its labels translated, and those it cannot translate."""
    data = output.get("data", {})
    missing: list[str] = []
    if svg := data.get("image/svg+xml"):
        svg, missing = translate(svg, catalogue)
        return {**output, "data": {**data, "image/svg+xml": svg}}, missing

    def put(match: re.Match[str]) -> str:
        text = html.unescape(match[2])
        if text not in catalogue and needs_translation(text):
            missing.append(text)
        return match[1] + html.escape(catalogue.get(text, text)) + match[3]

    if table := data.get("text/html"):
        table = CELL.sub(put, table)
        return {**output, "data": {**data, "text/html": table}}, missing
    return output, missing
