"""Tell what a scope binds: functions, classes, and code in the text of annotations."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dlnotes.book.source.syntax import (
    COMPOUND,
    IMPORT,
    bound_name,
    dotted,
    imported,
    own_nodes,
)

Names = dict[str, tuple[str, ...] | None]


@dataclass(frozen=True)
class Scope:
    """Names and the imports they stand for, if any; None for a name of the module.

    Args:
        certain: the names of a class that its body has bound so far for sure.
    """

    names: Names
    is_class: bool = False
    is_late: bool = False
    certain: set[str] = field(default_factory=set)

    def knows(self, name: str) -> bool:
        """Say whether a name, looked up here and now, is found in this scope."""
        if self.is_class and self.names.get(name, ()) is not None:
            return name in self.certain
        return name in self.names


def bindings(nodes: Iterable[ast.AST], package: str) -> Names:
    """Map the names that code binds in its scope to the imports they stand for."""
    names: Names = {}
    outer: set[str] = set()
    shared: set[str] = set()
    for node in own_nodes(nodes):
        if isinstance(node, ast.Global):
            shared |= set(node.names)
        elif isinstance(node, ast.Nonlocal):
            outer |= set(node.names)
        elif isinstance(node, IMPORT):
            for name, target in imported(node, package).items():
                names[name] = (*(names.get(name) or ()), target)
        elif bound := bound_name(node):
            names.setdefault(bound, ())
    names |= dict.fromkeys(shared)
    return {name: names[name] for name in names if name not in outer}


def settle(certain: set[str], statement: ast.AST) -> None:
    """Note the names that a statement of a class body has bound or deleted."""
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return
    for node in own_nodes([statement]):
        name = bound_name(node)
        if name and isinstance(getattr(node, "ctx", None), ast.Del):
            certain.discard(name)
        elif name and not isinstance(statement, COMPOUND):
            certain.add(name)


def quoted(annotation: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings of an annotation that stand for types."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        yield annotation
    is_literal = isinstance(annotation, ast.Subscript) and (
        dotted(annotation.value) or ""
    ).endswith("Literal")
    for part in () if is_literal else ast.iter_child_nodes(annotation):
        yield from quoted(part)


def shift(part: ast.expr, string: ast.Constant) -> None:
    """Move code parsed out of a string to where it stands, after one quote."""
    if part.lineno == 1:
        part.col_offset += string.col_offset + 1
    if part.end_lineno == 1 and part.end_col_offset is not None:
        part.end_col_offset += string.col_offset + 1
    part.lineno += string.lineno - 1
    part.end_lineno = (part.end_lineno or 1) + string.lineno - 1
