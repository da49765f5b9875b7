"""Gather the imports of many modules at the top of one program."""

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.closure.refusals import refusal
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import FOR_TYPES, IMPORT, condition

WIDTH = 88
INDENT = "    "
SECTIONS = ("future", "standard", "other")


@dataclass(frozen=True)
class Import:
    """One name that a module imports from outside the package.

    Args:
        module: the module that imports it.
        node: the statement.
        origin: the dotted module it comes from.
        name: its name there, empty where it is the module itself.
        bound: the name that the statement binds.
        is_root: it is `import a.b`, which binds `a`.
        for_types: it stands under `if TYPE_CHECKING:`.
    """

    module: Module
    node: ast.Import | ast.ImportFrom
    origin: str
    name: str
    bound: str
    is_root: bool
    for_types: bool

    @property
    def target(self) -> str:
        """What the name stands for."""
        if self.is_root:
            return self.bound
        return f"{self.origin}.{self.name}" if self.name else self.origin

    @property
    def alternative(self) -> str:
        """A name to use where the one it binds is taken."""
        last = self.origin.split(".")[-1]
        return f"{self.bound}_{'module' if last == self.bound else last}"

    def line(self, spelled: str) -> tuple[str, str]:
        """Return how its statement begins, and what that imports, under a name.

        Raises:
            BookError: it is `import a.b`, whose name cannot be changed.
        """
        what = self.name or self.origin
        if spelled != (self.bound if self.is_root else what):
            if self.is_root and "." in self.origin:
                why = f"`import {self.origin}`: the name {self.bound} is taken"
                raise refusal(self.module, self.node, why)
            what += f" as {spelled}"
        return (f"from {self.origin} import" if self.name else "import"), what


def hoisted(module: Module, package: str) -> Iterator[Import]:
    """Yield what the top level of a module imports from outside the package.

    Raises:
        BookError: the module imports with a star.
    """
    for statement in module.tree.body:
        for_types = condition(statement) in FOR_TYPES
        for node in statement.body if isinstance(statement, ast.If) else [statement]:
            if isinstance(node, IMPORT) and (node is statement or for_types):
                for alias in node.names:
                    found = _import(module, node, alias, for_types)
                    if found.origin.split(".")[0] != package:
                        yield found


def _import(
    module: Module, node: ast.Import | ast.ImportFrom, alias: ast.alias, for_types: bool
) -> Import:
    if alias.name == "*":
        raise refusal(
            module, node, f"`{ast.unparse(node)}`; import what is used by name"
        )
    is_root = isinstance(node, ast.Import) and not alias.asname
    bound = alias.asname or (alias.name.split(".")[0] if is_root else alias.name)
    if isinstance(node, ast.Import):
        return Import(module, node, alias.name, "", bound, is_root, for_types)
    origin = module.package.split(".")[0] if node.level else node.module or ""
    return Import(module, node, origin, alias.name, bound, False, for_types)


def render(imports: Iterable[tuple[Import, str]]) -> str:
    """Write imports, each under a name, as a sorted block of statements."""
    unique: dict[tuple[str, str, str], tuple[Import, str]] = {}
    for item, spelled in sorted(imports, key=lambda pair: pair[0].for_types):
        origin = item.origin if item.is_root else ""
        unique.setdefault((spelled, item.target, origin), (item, spelled))
    groups: dict[str, set[tuple[str, str]]] = {}
    for item, spelled in unique.values():
        groups.setdefault(_group(item), set()).add(item.line(spelled))
    types = groups.pop("types", None)
    if types:
        groups.setdefault("standard", set()).add(
            ("from typing import", "TYPE_CHECKING")
        )
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
