"""Write a snippet as one program that needs nothing of the package.

It begins with the snippet, in a function `main`, and ends with what that needs of the
package, so that a reader sees the experiment first.
"""

import ast
import builtins
import re
from collections.abc import Iterator

from dlnotes.book.book import Book
from dlnotes.book.bundle.edits import Edits
from dlnotes.book.bundle.enclose import as_function
from dlnotes.book.bundle.hoist import INDENT, Import, hoisted, render
from dlnotes.book.closure.closure import Closure
from dlnotes.book.closure.subset import refuse
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import names
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.source.syntax import (
    AT_FULL_SCALE,
    DEFINITION,
    IMPORT,
    bound_name,
    condition,
    imported,
    own_nodes,
)
from dlnotes.book.source.told import Parts, distributions, told

MAIN = "main"  # the function that holds the program
DEFINES = re.compile(r"(#.*\n)+(def|class|async|@)")
ENDING = f'\n\n\nif __name__ == "__main__":\n{INDENT}{MAIN}()\n'
BLOCKS = ("body", "orelse", "finalbody")


def standalone(book: Book, snippet: Snippet, language: str = FIRST) -> str:
    """Return a snippet with all that it needs of the package written into it.

    The program imports what the code that it holds imports from elsewhere, and never
    the package; it does what the snippet does at the default scale.

    Args:
        book: where the package is.
        snippet: the program.
        language: that of the lines that tell what the file is.

    Raises:
        BookError: the snippet or the library uses a construct that one program cannot
            express, such as two functions of one name.
    """
    return told(snippet, parts(book, snippet), language) + ENDING


def parts(book: Book, snippet: Snippet) -> Parts:
    """Return a snippet as a function below its imports, and what it needs besides."""
    closure = Closure(book.library, snippet.module)
    imports = [*_imports(closure)]
    _check_names(closure, imports)
    above = [item for item in imports if item.module is closure.program]
    lines = {item.line for item in above}
    below = [item for item in imports if item.line not in lines]
    program = as_function(_without(closure.program), MAIN)
    code = f"{render(above)}\n\n\n{program}".lstrip()
    library = "\n\n\n".join(_library(closure))
    if below:
        gap = "\n\n\n" if DEFINES.match(library) else "\n\n"
        library = (render(below) + gap + library).rstrip()
    return Parts(code, library, distributions(f"{code}\n{library}"))


def _imports(closure: Closure) -> Iterator[Import]:
    """Yield the imports from outside the package that the program keeps."""
    for module in [closure.program, *closure.modules]:
        used = closure.outside.get(module.name, set())
        for item in hoisted(module, closure.library.package):
            if item.bound in used or _is_for_its_effect(item):
                yield item


def _is_for_its_effect(item: Import) -> bool:
    """Say whether a module imports another and never names it."""
    module = item.module
    used = module.once(
        ("used",), lambda: {n for node in _code(module) for n in names(node)}
    )
    return not item.name and item.bound not in used


def _code(module: Module) -> list[ast.stmt]:
    return [node for node in module.tree.body if not isinstance(node, IMPORT)]


def _check_names(closure: Closure, imports: list[Import]) -> None:
    """Refuse what the names of one program cannot tell apart.

    Raises:
        BookError: a name with two meanings, or one that the program hides.
    """
    known: dict[str, tuple[str, Module, ast.AST]] = {}
    for name, target, module, node in _at_top(closure, imports):
        if name == MAIN or hasattr(builtins, name):
            why = f"`{name}` hides what the program in one file needs: rename it"
            raise refuse(module, node, why)
        other, where, at = known.setdefault(name, (target, module, node))
        if other != target:
            place = f"{where.path}:{getattr(at, 'lineno', 1)}"
            why = f"`{name}` is {target} here and {other} in {place}: rename one"
            raise refuse(module, node, why)
    own = dict(_bound(_code(closure.program)))
    for name, node in own.items():
        if hasattr(builtins, name):
            raise refuse(closure.program, node, f"`{name}` hides a builtin: rename it")
    _check_scopes(closure.program, own)


def _at_top(
    closure: Closure, imports: list[Import]
) -> Iterator[tuple[str, str, Module, ast.AST]]:
    """Yield the names around the program, what each stands for, and where."""
    for item in imports:
        yield item.bound, item.target, item.module, item.node
    for module in closure.modules:
        for name, node in _bound(closure.statements(module)):
            yield name, f"{module.name}.{name}", module, node


def _bound(nodes: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """Yield the names that statements bind at the top of a program, and where."""
    for node in own_nodes(nodes):
        if isinstance(node, IMPORT):
            yield from ((name, node) for name in imported(node, ""))
        elif name := bound_name(node):
            yield name, node


def _check_scopes(program: Module, own: dict[str, ast.AST]) -> None:
    """Refuse what means another thing once the program is a function."""
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Global):
            why = "the program's names become those of a function; return the value"
            raise refuse(program, node, f"`{ast.unparse(node)}`: {why}")
        if isinstance(node, ast.ClassDef):
            fields = {name for name, _ in _bound(node.body)}
            for part in own_nodes(node.body):
                is_read = isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
                if is_read and part.id in fields & own.keys():  # type: ignore[attr-defined]
                    why = f"`{ast.unparse(part)}` may be a name of this class or of the"
                    raise refuse(program, part, f"{why} program: rename one")


def _library(closure: Closure) -> Iterator[str]:
    """Yield what the program needs of the library, as cells."""
    for module in closure.modules:
        if text := _cell(_without(module), closure.statements(module)):
            path = module.path.relative_to(closure.library.folder)
            yield f"# {path.as_posix()}\n{text}"


def _without(module: Module) -> Edits:
    """Return a module without what is imported above, or runs at full scale alone."""
    edits = Edits(module)
    for node in ast.walk(module.tree):
        for name in BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):
                gone = [item for item in block if _is_gone(item, node is module.tree)]
                is_whole = gone == block and node is not module.tree
                if gone and is_whole and not edits.is_elif(gone[0]):
                    edits.changes[edits.span(gone.pop(0))] = "pass"
                for item in gone:
                    edits.remove(item)
    return edits


def _is_gone(node: ast.stmt, is_top: bool) -> bool:
    return condition(node) == AT_FULL_SCALE or (is_top and isinstance(node, IMPORT))


def _cell(edits: Edits, statements: list[ast.stmt]) -> str:
    """Return statements of one module, those in a row as they stand."""
    text, before = "", None
    for statement in statements:
        start, end = edits.extent(statement)
        if code := edits.text(start, end).strip("\n"):
            text += _gap(edits, before, statement) + code
            before = statement
    return text


def _gap(edits: Edits, before: ast.stmt | None, statement: ast.stmt) -> str:
    if before is None:
        return ""
    if isinstance(before, DEFINITION) or isinstance(statement, DEFINITION):
        return "\n\n\n"
    between = edits.source[edits.extent(before)[1] : edits.extent(statement)[0]]
    return "\n\n" if "\n\n" in between else "\n"
