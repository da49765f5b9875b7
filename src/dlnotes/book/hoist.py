"""Gather the imports of many modules at the top of one program."""

import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.symbols import FOR_TYPES, IMPORT, Module, condition
from dlnotes.book.uses import refusal

WIDTH = 88


@dataclass(frozen=True)
class Import:
    """One name that a module imports from outside the package.

    Args:
        module: the module that imports it.
        node: the statement.
        origin: the dotted module it comes from.
        name: its name there, empty where it is the module itself.
        bound: the name that the statement binds.
        for_types: it stands under `if TYPE_CHECKING:`.
    """

    module: Module
    node: ast.Import | ast.ImportFrom
    origin: str
    name: str
    bound: str
    for_types: bool

    @property
    def target(self) -> str:
        """What the name stands for."""
        if self.name:
            return f"{self.origin}.{self.name}"
        return self.bound if self.is_root else self.origin

    @property
    def is_root(self) -> bool:
        """Say whether it is `import a.b`, which binds `a`."""
        return not self.name and self.bound == self.origin.split(".")[0]

    def alternative(self) -> str:
        """Return a name to use where the one it binds is taken."""
        last = self.origin.split(".")[-1]
        return f"{self.bound}_{'module' if last == self.bound else last}"

    def line(self, spelled: str) -> tuple[str, str]:
        """Return a statement's beginning, and what it imports under a name."""
        source = self.name or self.origin
        is_same = spelled == source or (self.is_root and spelled == self.bound)
        what = source if is_same else f"{source} as {spelled}"
        return (f"from {self.origin} import", what) if self.name else ("import", what)


def hoisted(module: Module, package: str) -> Iterator[Import]:
    """Yield what the top level of a module imports from outside the package.

    Raises:
        BookError: the module imports with a star.
    """
    for statement in module.tree.body:
        for_types = condition(statement) in FOR_TYPES
        for node in statement.body if for_types else [statement]:  # type: ignore[attr-defined]
            if not isinstance(node, IMPORT):
                continue
            is_from = isinstance(node, ast.ImportFrom)
            for alias in node.names:
                if alias.name == "*":
                    raise refusal(module, node, "an import with a star")
                origin = (node.module or "") if is_from else alias.name
                if getattr(node, "level", 0) or origin.split(".")[0] == package:
                    continue
                yield _import(module, node, alias, for_types)
