"""The HTML and Markdown of code, outputs, values and where they come from."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from dlnotes.book.errors import BookError
from dlnotes.book.figures import needs_translation, scope_ids, translate
from dlnotes.book.inline import Piece, Value, inline
from dlnotes.book.store import Run

HELD = "\ue000"  # a private character: stands around the number of a piece
KINDS = ("log", "figure", "table")
CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b."
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]"
)
CELL = re.compile(r"(<t[hd][^>]*>)([^<]*)(</t[hd]>)")
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
WORDS = {
    "en": {
        "run": "Run of",
        "page": "run page",
        "standalone": "standalone",
        "measured": "measured by",
        "head": ("Snippet", "Seconds", "Peak memory", "Downloads"),
    },
    "zh": {
        "run": "运行自",
        "page": "运行页",
        "standalone": "独立程序",
        "measured": "测量自",
        "head": ("程序", "秒", "内存峰值", "下载"),
    },
}


def kind_of(output: dict[str, Any]) -> str:
    """Say whether a notebook output is a log, a figure, a table or something else."""
    if output["output_type"] == "stream":
        return "log" if output["name"] == "stdout" else "warning"
    if "image/svg+xml" in output["data"]:
        return "figure"
    return "table" if "text/html" in output["data"] else "log"


def clean_log(text: str) -> str:
    """Return printed text as a terminal would leave it, without escape sequences."""
    text = CONTROL.sub("", text.replace("\r\n", "\n"))
    return "\n".join(
        line.rpartition("\r")[2] for line in text.rstrip("\n\r").split("\n")
    )


def fence(code: str, lines: list[int]) -> str:
    """Return a fenced block of Python with some lines highlighted."""
    ticks = max([2, *(len(run) for run in re.findall(r"`{3,}", code))]) + 1
    marks = f' hl_lines="{" ".join(map(str, lines))}"' if lines else ""
    return f"{'`' * ticks}python{marks}\n{code}\n{'`' * ticks}"


def marked(code: str, mark: str, where: str) -> int:
    """Return the number of the one line that contains a text.

    Raises:
        BookError: no line contains it, or several do.
    """
    found = [n for n, line in enumerate(code.splitlines(), 1) if mark in line]
    if len(found) != 1:
        what = f"lines {', '.join(map(str, found))}" if found else "no line"
        raise BookError(f'mark="{mark}" matches {what} of {where}; it must match one')
    return found[0]


def origin_of_symbol(name: str, file: str, up: str) -> str:
    """Return the line under a symbol's source that links to its file."""
    return (
        f'<p class="dl-origin" data-search-exclude><a href="{up}source/{file}">'
        f"<code>{html.escape(name)}</code></a></p>"
    )


def origin_of_cell(name: str, up: str) -> str:
    """Return the line under a cell's code that links to the snippet."""
    return (
        f'<p class="dl-origin" data-search-exclude><a href="{up}runs/{name}.py">'
        f"<code>snippets/{name}.py</code></a></p>"
    )


def number(text: str) -> str:
    """Set a formatted number as print does: a true minus, powers of ten."""
    text = re.sub(r"(?<![\w.])-(?=[\d.])", "−", text)
    return re.sub(
        r"(?<=\d)e([+-]?)0*(\d+)",
        lambda m: f" × 10{(m[1].replace('+', '') + m[2]).translate(SUPERSCRIPT)}",
        text,
    )


def number_in_tex(text: str) -> str:
    """Write a formatted value so that TeX sets it as a number."""
    text = re.sub(
        r"(?<=\d)e([+-]?)0*(\d+)",
        lambda m: rf" \times 10^{{{m[1].replace('+', '')}{m[2]}}}",
        text,
    )
    text = re.sub(r"(?<=\d),(?=\d{3})", "{,}", text.replace("%", r"\%"))
    return text if re.match(r"[-\d.]", text) else rf"\text{{{text}}}"


def value(text: str, of: Value, language: str) -> str:
    """Return a measured value with a note of where it was measured."""
    title = f"{WORDS[language]['measured']} {of.name}.py"
    return f'<data class="dl-value" title="{title}">{html.escape(text)}</data>'


def caption(text: str, to_html: Callable[[Piece], str | None]) -> str:
    """Return a caption's HTML.

    Args:
        text: inline Markdown.
        to_html: the HTML of a formula or a value, None for any other piece.
    """
    from markdown import markdown

    held: list[str] = []
    plain = []
    for piece in inline(text):
        shown = to_html(piece)
        plain.append(piece.raw if shown is None else f"{HELD}{len(held)}{HELD}")
        held += [] if shown is None else [shown]
    body = re.sub(r"^<p>|</p>$", "", markdown("".join(plain)))
    return re.sub(f"{HELD}(\\d+){HELD}", lambda match: held[int(match[1])], body)


def unbroken(mathml: str, closing: str) -> str:
    """Keep the punctuation after a formula on its line."""
    if not closing:
        return mathml
    return f'<span class="dl-nobreak">{mathml}{closing}</span>'


def outputs(items: list[dict[str, Any]], caption: str, prefix: str) -> str:
    """Return outputs as HTML figures; the caption stands under the last one."""
    shown = []
    for index, item in enumerate(items):
        kind = kind_of(item)
        note = caption if index == len(items) - 1 else ""
        under = f"<figcaption>{note}</figcaption>" if note else ""
        exclude = "" if kind == "table" else " data-search-exclude"
        body = BODY[kind](item, note, f"{prefix}-{index}")
        shown.append(
            f'<figure class="dl-output dl-{kind}"{exclude}>{body}{under}</figure>'
        )
    return "".join(shown)


def _log(item: dict[str, Any], _note: str, _prefix: str) -> str:
    text = item["text"] if "text" in item else item["data"]["text/plain"]
    return f"<pre>{html.escape(clean_log(text))}</pre>"


def _figure(item: dict[str, Any], note: str, prefix: str) -> str:
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", note)).strip()
    label = html.escape(html.unescape(plain), quote=True)
    svg = scope_ids(item["data"]["image/svg+xml"], prefix)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _table(item: dict[str, Any], _note: str, _prefix: str) -> str:
    return item["data"]["text/html"]


BODY = {"log": _log, "figure": _figure, "table": _table}


def translated(
    output: dict[str, Any], catalogue: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
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


def provenance(run: Run, language: str, up: str) -> str:
    """Return the line under an output: snippet, seconds, versions, links."""
    words = WORDS[language]
    made = run.manifest["inputs"]
    parts = [
        f"{words['run']} <code>{run.manifest['name']}</code>",
        f"{run.seconds:.2f} s",
        f"Python {made['python']}, torch {made['torch']}, NumPy {made['numpy']}",
        downloads(run.manifest["name"], language, up),
    ]
    return f'<p class="dl-provenance" data-search-exclude>{" · ".join(parts)}</p>'


def downloads(name: str, language: str, up: str) -> str:
    """Return the links to a snippet's run page and its three downloads."""
    words = WORDS[language]
    links = {
        words["page"]: f"{name}.html",
        ".py": f"{name}.py",
        ".ipynb": f"{name}.ipynb",
        words["standalone"]: f"{name}_standalone.py",
    }
    return " · ".join(
        f'<a href="{up}runs/{file}"'
        f"{'' if file.endswith('.html') else ' download'}>{text}</a>"
        for text, file in links.items()
    )


def table_of_runs(runs: list[Run], language: str, up: str) -> str:
    """Return the table of all runs."""
    head = "".join(f"<th>{text}</th>" for text in WORDS[language]["head"])
    rows = []
    for run in runs:
        name, memory = run.manifest["name"], run.manifest["memory"]
        size = f"{memory / 2**20:.0f} MiB" if memory else ""
        cells = [
            f"<td><code>{name}</code></td>",
            f"<td class=number>{run.seconds:.2f}</td>",
            f"<td class=number>{size}</td>",
            f"<td>{downloads(name, language, up)}</td>",
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<figure class="dl-output dl-runs"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></figure>"
    )
