"""Gather the imports of many modules at the top of one program."""

import ast
import copy
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import IMPORT, imported

WIDTH = 88
INDENT = "    "


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
    """

    module: Module
    node: ast.Import | ast.ImportFrom
    origin: str
    name: str
    bound: str
    target: str

    @property
    def line(self) -> tuple[str, str]:
        """How its statement begins, and what that imports."""
        what = self.name or self.origin
        if self.bound != (self.name or self.target.split(".")[0]):
            what += f" as {self.bound}"
        return (f"from {self.origin} import" if self.name else "import"), what


def hoisted(module: Module, package: str) -> Iterator[Import]:
    """Yield what the top level of a module imports from outside a package."""
    for node in module.tree.body:
        if isinstance(node, IMPORT):
            found = (_import(module, node, name) for name in node.names)
            yield from (item for item in found if _root(item) != package)


def _import(
    module: Module, node: ast.Import | ast.ImportFrom, alias: ast.alias
) -> Import:
    single = copy.copy(node)
    single.names = [alias]
    origin, name = alias.name, ""
    if isinstance(node, ast.ImportFrom):
        origin, name = node.module or "", alias.name
    ((bound, target),) = imported(single, "").items()
    return Import(module, node, origin, name, bound, target)


def _root(item: Import) -> str:
    return item.origin.split(".")[0]


def render(imports: Iterable[Import]) -> str:
    """Write imports as a sorted block of statements, the standard library's first."""
    groups: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for item in imports:
        groups[_root(item) in sys.stdlib_module_names].add(item.line)
    return "\n\n".join(_block(lines) for lines in groups.values() if lines)


def _block(lines: set[tuple[str, str]]) -> str:
    plain = sorted({what for start, what in lines if start == "import"}, key=_natural)
    parts = [f"import {what}" for what in plain]
    for start in sorted({start for start, _ in lines} - {"import"}, key=_natural):
        names = sorted((what for s, what in lines if s == start), key=_rank)
        kept = [name for name in names if " as " not in name]
        for name in names:
            if name not in kept:
                parts.append(f"{start} {name}")
            elif name == kept[0]:
                parts.append(_from(start, kept))
    return "\n".join(parts)


def _from(start: str, names: list[str]) -> str:
    line = f"{start} {', '.join(names)}"
    if len(line) <= WIDTH:
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
