"""The kinds of blocks of a page, and how each is told from its first lines.

| kind | what is set besides `line`, `lines`, `indent` |
|---|---|
| front-matter | content: the YAML |
| heading | level, ident, title |
| directive | directive |
| equation | tex |
| fence | info, content: the code without its indentation |
| admonition | type, title, info: `!!!`, `???` or `???+` |
| table | rows (without the header), columns |
| module | content: the module that the API page documents here |
| html, item, paragraph, blank | nothing: see `text` |
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dlnotes.book.errors import BookError
from dlnotes.book.pages.directive import Directive, parse_directive

_FENCE = re.compile(r"(([ \t]*)(?:`{3,}(?=[^`]*$)|~{3,}))(.*)")
_HEADING = re.compile(r"[ \t]*(#{1,6})(?!#)[ \t]*(.*)")
_IDENT = re.compile(r"(.*?)[ \t]*\{:?[^{}]*#([^\s{}]+)[^{}]*\}")
_BOX = re.compile(r'[ \t]*(!!!|\?\?\?\+?) *([\w-]+(?: +[\w-]+)*)(?: +"(.*)")?')
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+\.)[ \t]")
_RULE = re.compile(r"(?=.*\|)\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?")
_BREAK = re.compile(
    rf"\s*$|{_ITEM.pattern}|[ \t]*(`{{3,}}[^`]*$|~~~|\$\$|!!!|\?{{3}}|#|@[A-Za-z])"
)
_HTML = re.compile(
    r"[ \t]*<(?:(?P<comment>!--)|(?P<raw>pre|script|style|svg)\b|/?(?:address|article"
    r"|aside|br|center|details|dialog|div|dl|fig\w+|footer|form|h[1-6]|header|hr"
    r"|iframe|li|main|nav|ol|p|picture|section|summary|table|ul|video)(?=[\s/>]))",
    re.IGNORECASE,
)

Lines = list[str]
Fail = Callable[[str, int], None]


@dataclass(frozen=True)
class Block:
    """Some lines of a page, with their line ends; its kind says what else is set."""

    kind: str
    line: int
    lines: tuple[str, ...]
    indent: str = ""
    level: int = 0
    ident: str = ""
    title: str = ""
    type: str = ""
    info: str = ""
    content: str = ""
    tex: str = ""
    rows: int = 0
    columns: int = 0
    directive: Directive | None = None

    @property
    def text(self) -> str:
        """The lines as they stand in the page."""
        return "".join(self.lines)


def read_block(lines: Lines, at: int, fail: Fail) -> Block:
    """Read the block that starts at `lines[at]`; `fail(message, line)` gets errors."""
    for read in READERS:
        if block := read(lines, at, fail):
            return block
    return _prose(lines, at, fail)


def _block(kind: str, lines: Lines, at: int, end: int, **fields: Any) -> Block:
    indent = re.split(r"[^ \t]", lines[at], maxsplit=1)[0]
    return Block(kind, at + 1, tuple(lines[at:end]), indent, **fields)


def _to_blank(lines: Lines, end: int) -> int:
    while end < len(lines) and lines[end].strip():
        end += 1
    return end


def _front(lines: Lines, at: int, fail: Fail) -> Block | None:
    if at or lines[0].rstrip() != "---":
        return None
    for end in range(1, len(lines)):
        if lines[end].rstrip() in ("---", "..."):
            yaml = "".join(lines[1:end])
            return _block("front-matter", lines, 0, end + 1, content=yaml)
    fail("front matter is never closed by ---", 1)
    return None


def _fence(lines: Lines, at: int, fail: Fail) -> Block | None:
    match = _FENCE.fullmatch(lines[at].rstrip())
    if match is None:
        return None
    closing, indent, info = match.groups()
    last = at + 1
    while last < len(lines) and lines[last].rstrip() != closing:
        if lines[last].strip() and not lines[last].startswith(indent):
            break
        last += 1
    closed = "".join(lines[last : last + 1]).rstrip() == closing
    if not closed:
        fail(f"fence is never closed by {closing.strip()}, equally indented", at + 1)
    code = "".join(line.removeprefix(indent) for line in lines[at + 1 : last])
    fields = {"info": info.strip(), "content": code}
    return _block("fence", lines, at, last + closed, **fields)


def _equation(lines: Lines, at: int, fail: Fail) -> Block | None:
    if match := re.fullmatch(r"\$\$([^$]+)\$\$", lines[at].strip()):
        return _block("equation", lines, at, at + 1, tex=match[1].strip())
    if lines[at].strip() != "$$":
        return None
    last = at + 1
    while last < len(lines) and lines[last].strip() not in ("", "$$"):
        last += 1
    closed = last < len(lines) and lines[last].strip() != ""
    if not closed:
        fail("equation is never closed: no line $$ before a blank line", at + 1)
    tex = "".join(lines[at + 1 : last]).strip()
    return _block("equation", lines, at, last + closed, tex=tex)


def _box(lines: Lines, at: int, fail: Fail) -> Block | None:
    match = _BOX.fullmatch(lines[at].rstrip())
    if match is not None:
        fields = {"info": match[1], "type": match[2], "title": match[3] or ""}
        return _block("admonition", lines, at, at + 1, **fields)
    if lines[at].lstrip().startswith(("!!!", "???")):
        fail('malformed admonition; write !!! type "Title"', at + 1)
    return None


def _heading(lines: Lines, at: int, fail: Fail) -> Block | None:
    match = _HEADING.fullmatch(lines[at].rstrip())
    if match is None:
        return None
    found = _IDENT.fullmatch(match[2])
    if found is None:
        fail(f"heading without an explicit {{#id}}: {match[2]}", at + 1)
    title, ident = found.groups() if found else (match[2], "")
    fields = {"level": len(match[1]), "ident": ident, "title": title}
    return _block("heading", lines, at, at + 1, **fields)


def _directive(lines: Lines, at: int, fail: Fail) -> Block | None:
    try:
        directive = parse_directive(lines[at])
    except BookError as error:
        fail(error.message, at + 1)
        return None
    fields = {"directive": directive}
    return _block("directive", lines, at, at + 1, **fields) if directive else None


def _module(lines: Lines, at: int, fail: Fail) -> Block | None:
    match = re.fullmatch(r":::[ \t]+([\w.]+)", lines[at].rstrip())
    return _block("module", lines, at, at + 1, content=match[1]) if match else None


def _html(lines: Lines, at: int, fail: Fail) -> Block | None:
    match = _HTML.match(lines[at])
    if match is None:
        return None
    if not (match["comment"] or match["raw"]):
        return _block("html", lines, at, _to_blank(lines, at))
    close = "-->" if match["comment"] else f"</{match['raw']}>".lower()
    closing = (i + 1 for i in range(at, len(lines)) if close in lines[i].lower())
    end = next(closing, 0)
    if not end:
        fail(f"HTML is never closed by {close}", at + 1)
    return _block("html", lines, at, end or len(lines))


def _table(lines: Lines, at: int, fail: Fail) -> Block | None:
    rule = lines[at + 1].strip() if at + 1 < len(lines) else ""
    if "|" not in lines[at] or not _RULE.fullmatch(rule):
        return None
    end = _to_blank(lines, at + 2)
    fields = {"rows": end - at - 2, "columns": rule.strip("|").count("|") + 1}
    return _block("table", lines, at, end, **fields)


def _prose(lines: Lines, at: int, fail: Fail) -> Block:
    """Read blank lines, or a list item or paragraph up to the next other block."""
    end = at + 1
    if not lines[at].strip():
        while end < len(lines) and not lines[end].strip():
            end += 1
        return _block("blank", lines, at, end)
    while end < len(lines) and not _BREAK.match(lines[end]):
        end += 1
    kind = "item" if _ITEM.match(lines[at]) else "paragraph"
    if end > at + 1 and re.fullmatch(r"=+|-+", lines[at + 1].strip()):
        fail("underlined heading; write ## Title {#id}", at + 1)
    return _block(kind, lines, at, end)


READERS = (
    *(_front, _fence, _equation, _box, _heading),
    *(_directive, _module, _html, _table),
)
