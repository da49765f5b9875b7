"""Refuse what has no place in one program."""

import ast
from collections.abc import Iterable

from dlnotes.book.closure.unfollowed import ANY_MODULE_WORDS, uses_any_module, words
from dlnotes.book.errors import BookError
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import Reference
from dlnotes.book.source.syntax import IMPORT

PROGRAM = "__main__"
OWN_PLACE = {"__file__", "__name__", "__path__", "__package__", "__spec__", "__doc__"}
ANY_NAME = {"builtins.eval", "builtins.exec", "builtins.globals"}


def refusal(module: Module, node: ast.AST, why: str) -> BookError:
    """Return the error that a construct has no place in one program."""
    line = getattr(node, "lineno", None)
    return BookError(f"cannot be exported: {why}", module.path, line)


def check_words(module: Module, nodes: Iterable[ast.AST]) -> None:
    """Refuse code that reaches for the names of any module.

    Raises:
        BookError: it has an attribute such as `__globals__`, or its name as a text.
    """
    for node in nodes:
        if found := sorted(words([node]) & ANY_MODULE_WORDS):
            raise refusal(module, node, f"`{found[0]}` leads to names that may change")


def check(module: Module, reference: Reference, *, is_own: bool) -> None:
    """Refuse a reference whose meaning only a run knows, or one program changes.

    Args:
        module: where it stands.
        reference: what to judge.
        is_own: whether the module or the package binds it.
    """
    node, name = reference.node, reference.name
    meant = [name] if reference.is_absolute else module.meanings(name)
    root, code = name.split(".")[0], ast.unparse(node)
    is_import = isinstance(node, IMPORT)
    if any(map(uses_any_module, meant)) and not reference.is_import:
        raise refusal(
            module, node, f"`{code}` finds modules by names known only in a run"
        )
    if ANY_NAME & set(meant):
        raise refusal(module, node, f"`{name}` may use any name of the module")
    if root in OWN_PLACE and not is_own and module.name != PROGRAM:
        raise refusal(module, node, f"`{root}` would be that of the exported program")
    if is_import and not reference.is_import and is_own and not code.endswith("*"):
        binds = "binds a name of a class, or a global name in a function"
        raise refusal(module, node, f"this import {binds}")
