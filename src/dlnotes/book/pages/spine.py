"""The spine of a page: what its languages share, in order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dlnotes.book.errors import BookError
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.directive import Directive
from dlnotes.book.pages.inline import inline, values
from dlnotes.book.pages.page import front_matter, prose

PROSE = ("paragraph", "item")  # compared by their number alone

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.DOTALL)
_WORDS = re.compile(
    r"(\\(?:text[a-z]*|mbox))\s*\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}", re.DOTALL
)

Identity = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Item:
    """Something that all languages of a page have.

    Two items are the same when their `kind` and `key` are; `label` names it for people.
    """

    kind: str
    key: tuple[str, ...]
    label: str
    line: int
    block: Block | None = None

    @property
    def identity(self) -> Identity:
        """What the item has in common with its twin in the other language."""
        return self.kind, self.key


def spine(blocks: list[Block]) -> list[Item]:
    """List, in order, what of a page does not depend on its language.

    An item of kind `values` closes each section that quotes any: their multiset.
    """
    items: list[Item] = []
    quoted: list[str] = []
    section, line = "the beginning", 1
    for block in blocks:
        if block.kind == "heading":
            items.extend(_values(quoted, section, line))
            quoted, section, line = [], f"{{#{block.ident}}}", block.line
        items.extend(_items(block))
        quoted.extend(_quoted(block))
    return [*items, *_values(quoted, section, line)]


def _quoted(block: Block) -> Iterator[str]:
    """Each value that a block quotes, as it is written."""
    texts = [piece.raw for piece in inline(prose(block)) if piece.kind != "code"]
    for text in [block.tex, *texts]:
        yield from (text[value.start : value.end] for value in values(text))


def _values(quoted: list[str], section: str, line: int) -> Iterator[Item]:
    if quoted:
        key = tuple(sorted(quoted))
        yield Item("values", key, f"{' '.join(key)} in {section}", line)


def _items(block: Block) -> Iterator[Item]:
    """What a block adds to the spine; its links come after itself."""
    if found := _item(block):
        yield Item(block.kind, *found, block.line, block)
    text = prose(block)
    for piece in inline(text):
        if piece.kind in ("link", "image", "note"):
            line = block.line + text.count("\n", 0, piece.start)
            label = f"{piece.kind} {piece.content}"
            yield Item(piece.kind, (piece.content,), label, line)


def _item(block: Block) -> tuple[tuple[str, ...], str] | None:
    """What a block is compared by, and its name; None for prose."""
    label = ""
    if block.kind == "heading":
        label = f"{'#' * block.level} {{#{block.ident}}}"
    elif block.directive:
        label = _reference(block.directive)
    elif block.kind == "admonition":
        label = f"{block.info} {block.type}"
    elif block.kind == "table":
        label = f"table of {block.rows} x {block.columns}"
    elif block.kind == "module":
        label = f"::: {block.content}"
    elif block.kind in PROSE:
        start = " ".join(block.text.split())[:30]
        return (), f"{block.kind} “{start}…”"
    elif block.kind == "equation":
        return _tokens(block.tex), f"$$ {' '.join(block.tex.split())} $$"
    elif block.kind == "fence":
        first = block.content.strip().partition("\n")[0]
        return (block.info, block.content), f"```{block.info} {first}"
    elif concepts := _concepts(block):
        return concepts, f"concepts: {', '.join(concepts)}"
    return ((label,), label) if label else None


def _reference(directive: Directive) -> str:
    cell = f"#{directive.cell}" if directive.cell else ""
    marks = "".join(f' mark="{mark}"' for mark in directive.marks)
    return f"@{directive.kind} {directive.target}{cell}{marks}".rstrip()


def _concepts(block: Block) -> tuple[str, ...]:
    try:
        found = front_matter([block]).get("concepts") or []
    except BookError:
        return ()
    return tuple(map(str, found if isinstance(found, list) else [found]))


def _tokens(tex: str) -> tuple[str, ...]:
    r"""Cut TeX into tokens, without the words inside `\text{...}`."""
    return tuple(_TOKEN.findall(_WORDS.sub(r"\1{}", tex)))
