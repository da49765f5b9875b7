"""Tell the names that some code looks up outside itself, as Python's compiler says."""

import ast
import dis
import inspect
from collections.abc import Iterator
from types import CodeType

from dlnotes.book.source.syntax import dotted

LOOKED_UP = {
    *("LOAD_NAME", "DELETE_NAME"),
    *("LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"),
    "LOAD_FROM_DICT_OR_GLOBALS",  # Python 3.12, in the annotations of a class
}
OF_CLASSES = {"__module__", "__qualname__", "__firstlineno__", "__static_attributes__"}


def names(statement: ast.stmt) -> frozenset[str]:
    """Return the names that a statement at the top of a module uses of the module.

    What a class body reads counts even where the class binds it, since the module may
    hold it too, and so does every name in an annotation, also one in quotes.
    """
    code = _compiled(statement)
    return frozenset({*_looked_up(code), *_in_annotations(statement)})


def _compiled(statement: ast.stmt) -> CodeType:
    """Compile a statement, its assertions too, whatever options Python has."""
    tree = ast.Module([statement], [])
    code: CodeType = compile(tree, "<names>", "exec", dont_inherit=True, optimize=0)
    return code


def _looked_up(code: CodeType) -> Iterator[str]:
    yield from _operands(code, *LOOKED_UP)
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _looked_up(part)


def at_once(statement: ast.stmt) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a statement looks up, binds and deletes as it runs.

    What functions in it use is not among them; what the body of a class uses is.
    """
    code = _compiled(statement)
    stored, deleted = _operands(code, "STORE_NAME"), _operands(code, "DELETE_NAME")
    return set(_read(code)), stored, deleted


def _operands(code: CodeType, *operations: str) -> set[str]:
    found = dis.get_instructions(code)
    return {item.argval for item in found if item.opname in operations}


def _read(code: CodeType) -> Iterator[str]:
    yield from _operands(code, "LOAD_NAME", "DELETE_NAME")
    for part in code.co_consts:
        if isinstance(part, CodeType) and not part.co_flags & inspect.CO_OPTIMIZED:
            own = _operands(part, "STORE_NAME") | OF_CLASSES
            yield from (name for name in _read(part) if name not in own)


def _in_annotations(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        for field in ("annotation", "returns"):
            if kind := getattr(part, field, None):
                yield from _in_type(kind)


def _in_type(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            try:
                yield from _in_type(ast.parse(part.value, mode="eval"))
            except SyntaxError:
                continue  # the text of a literal


def chains(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield each name, and each chain of attributes on one, with its dotted name."""
    if isinstance(node, ast.expr) and (name := dotted(node)):
        yield node, name
        return
    for part in ast.iter_child_nodes(node):
        yield from chains(part)
