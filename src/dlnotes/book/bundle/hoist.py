"""Gather the imports of many modules at the top of one program."""

import ast
import copy
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import FOR_TYPES, IMPORT, condition, imported

WIDTH = 88
INDENT = "    "
SECTIONS = ("future", "standard", "other")


@dataclass(frozen=True)
class Import:
    """One name that a module imports.

    Args:
        module: the module that imports it.
        node: the statement.
        origin: the dotted module it comes from.
        name: its name there, empty where it is the module itself.
        bound: the name that the statement binds.
        target: what that stands for.
        for_types: it stands under `if TYPE_CHECKING:`.
    """

    module: Module
    node: ast.Import | ast.ImportFrom
    origin: str
    name: str
    bound: str
    target: str
    for_types: bool

    @property
    def line(self) -> tuple[str, str]:
        """How its statement begins, and what that imports."""
        what = self.name or self.origin
        if self.bound != (self.name or self.target.split(".")[0]):
            what += f" as {self.bound}"
        return (f"from {self.origin} import" if self.name else "import"), what


def hoisted(module: Module, package: str) -> Iterator[Import]:
    """Yield what the top level of a module imports from outside a package."""
    for statement in module.tree.body:
        for_types = condition(statement) in FOR_TYPES
        for node in statement.body if isinstance(statement, ast.If) else [statement]:
            if isinstance(node, IMPORT) and (node is statement or for_types):
                found = (_import(module, node, name, for_types) for name in node.names)
                yield from (n for n in found if n.origin.split(".")[0] != package)


def _import(
    module: Module, node: ast.Import | ast.ImportFrom, alias: ast.alias, for_types: bool
) -> Import:
    single = copy.copy(node)
    single.names = [alias]
    origin, name = alias.name, ""
    if isinstance(node, ast.ImportFrom):
        origin, name = node.module or "", alias.name
    ((bound, target),) = imported(single, "").items()
    return Import(module, node, origin, name, bound, target, for_types)


def render(imports: Iterable[Import]) -> str:
    """Write imports as a sorted block of statements."""
    unique: dict[tuple[str, str], Import] = {}
    for item in sorted(imports, key=lambda item: item.for_types):
        unique.setdefault(item.line, item)
    groups: dict[str, set[tuple[str, str]]] = {}
    for line, item in unique.items():
        groups.setdefault(_group(item), set()).add(line)
    types = groups.pop("types", None)
    if types:
        line = ("from typing import", "TYPE_CHECKING")
        groups.setdefault("standard", set()).add(line)
    parts = [_block(groups[name], WIDTH) for name in SECTIONS if name in groups]
    if types:
        inside = textwrap.indent(_block(types, WIDTH - len(INDENT)), INDENT)
        parts.append(f"if TYPE_CHECKING:\n{inside}")
    return "\n\n".join(parts)


def _group(item: Import) -> str:
    root = item.origin.split(".")[0]
    if root == "__future__":
        return "future"
    if item.for_types:
        return "types"
    return "standard" if root in sys.stdlib_module_names else "other"


def _block(lines: set[tuple[str, str]], width: int) -> str:
    plain = sorted({what for start, what in lines if start == "import"}, key=_natural)
    parts = [f"import {what}" for what in plain]
    for start in sorted({start for start, _ in lines} - {"import"}, key=_natural):
        names = sorted((what for s, what in lines if s == start), key=_rank)
        kept = [name for name in names if " as " not in name]
        for name in names:
            if name not in kept:
                parts.append(f"{start} {name}")
            elif name == kept[0]:
                parts.append(_from(start, kept, width))
    return "\n".join(parts)


def _from(start: str, names: list[str], width: int) -> str:
    line = f"{start} {', '.join(names)}"
    if len(line) <= width:
        return line
    inside = "".join(f"{INDENT}{name},\n" for name in names)
    return f"{start} (\n{inside})"


def _rank(name: str) -> tuple[int, list[str | int]]:
    """Order names as ruff does: constants, then classes, then the rest."""
    name = name.split(" as ")[0]
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, _natural(name)


def _natural(name: str) -> list[str | int]:
    parts = re.split(r"(\d+)", name.lower())
    return [int(part) if part.isdigit() else part for part in parts]
