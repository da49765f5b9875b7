"""A page's Markdown, cut into blocks that together are the page, byte for byte."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from dlnotes.book.errors import BookError
from dlnotes.book.pages.blocks import Block, Fail, read_block
from dlnotes.book.pages.inline import VALUE, inline

_MEANT = re.compile(r"\[\[\s*[A-Za-z_][^\[\]\n]*\]\]")


def scan(
    text: str, path: str | Path | None = None
) -> tuple[list[Block], list[BookError]]:
    """Cut any text into blocks, and collect what is wrong with it, in order.

    The lines of the blocks joined give the text back. Code is always fenced: indented
    lines are prose. The blocks inside an admonition follow it, with their indentation.
    """
    blocks, errors = _scan(text, path)
    return [*blocks], [*errors]


@lru_cache(maxsize=256)
def _scan(text: str, path: str | Path | None) -> tuple[list[Block], list[BookError]]:
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    blocks: list[Block] = []
    errors: list[BookError] = []

    def fail(message: str, line: int) -> None:
        errors.append(BookError(message, path, line))

    at = 0
    while at < len(lines):
        block = read_block(lines, at, fail)
        blocks.append(block)
        at += len(block.lines)
        _check_prose(block, fail)
    _check_idents(blocks, fail)
    return blocks, sorted(errors, key=lambda error: error.line or 0)


def prose(block: Block) -> str:
    """What of a block is running text; it starts on the block's first line."""
    if block.directive:
        return block.directive.caption
    if block.kind in ("heading", "admonition"):
        return block.title
    return block.text if block.kind in ("paragraph", "item", "table") else ""


def front_matter(blocks: list[Block], path: str | Path | None = None) -> dict[str, Any]:
    """Read the YAML at the head of a page; empty without one.

    Raises:
        BookError: it is not YAML, or not a mapping.
    """
    import yaml

    if not blocks or blocks[0].kind != "front-matter":
        return {}
    try:
        found = yaml.safe_load(blocks[0].content) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or error
        raise BookError(f"front matter is not YAML: {problem}", path, line) from None
    if not isinstance(found, dict):
        raise BookError("front matter is not made of key: value lines", path, 1)
    return found


def _check_prose(block: Block, fail: Fail) -> None:
    """Report values and formulas that would reach the reader as they were typed."""
    text = prose(block)

    def report(message: str, start: int) -> None:
        fail(message, block.line + text.count("\n", 0, start))

    for piece in inline(text):
        if piece.kind in ("text", "math"):
            for found in _MEANT.finditer(piece.raw):
                if not VALUE.fullmatch(found[0]):
                    message = f"{found[0]} is not [[snippet.variable:format]]"
                    report(message, piece.start + found.start())
        if piece.kind == "text" and "$" in piece.raw:
            start = piece.start + piece.raw.index("$")
            if text.startswith("$$", start):
                report("$$ must stand on a line of its own", start)
            else:
                report(r"$ is no part of a formula; for a dollar write \$", start)


def _check_idents(blocks: list[Block], fail: Fail) -> None:
    """Report a heading's id that an earlier heading has."""
    seen: dict[str, int] = {}
    for block in blocks:
        if block.ident in seen:
            fail(f"{{#{block.ident}}} is taken by line {seen[block.ident]}", block.line)
        elif block.ident:
            seen[block.ident] = block.line
