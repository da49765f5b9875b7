"""Refuse a module that cannot be imported, since it looks for names that are not there.

Statements that a program does not need are in no key, and yet it fails by them.
"""

import ast
import builtins

from dlnotes.book.closure.subset import PROGRAM, refuse
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import at_once
from dlnotes.book.source.syntax import COMPOUND, imported

GIVEN = {*dir(builtins), "__annotations__", "__conditional_annotations__"}
GIVEN |= {"__file__", "__path__"}


def check_names(module: Module) -> None:
    """Refuse a module whose import looks up a name before anything binds it.

    Raises:
        BookError: with the line of the statement.
    """
    if module.name == PROGRAM:  # whose errors a reader sees
        return
    known = {*GIVEN, *module.declared}
    for statement in module.tree.body:
        if module.is_skipped(statement):
            test = statement.test  # type: ignore[attr-defined]
            statement = ast.copy_location(ast.Expr(test), statement)
        for node in module.imports_in(statement):
            known.update(imported(node, module.package))
        read, stored, deleted = at_once(statement)
        missing = read - known
        if missing and _may_bind_first(statement):
            missing -= stored
        if missing:
            why = f"`{min(missing)}` is not defined here"
            raise refuse(module, statement, why)
        known |= stored
        known -= deleted - stored


def _may_bind_first(statement: ast.stmt) -> bool:
    parts = (isinstance(node, ast.NamedExpr) for node in ast.walk(statement))
    return isinstance(statement, COMPOUND) or any(parts)
