"""Know the version of the engine by the code that a run goes through."""

import ast
from pathlib import Path

from dlnotes.book.sandbox import worker
from dlnotes.book.source.code import code_of, digest
from dlnotes.book.source.library import Library
from dlnotes.book.source.syntax import loaded

START = ("dlnotes.book.sandbox.worker", "dlnotes.book.execution.environment")


def engine_digest(library: Library) -> str:
    """Return a digest of the code that a run goes through.

    That is the worker, every module of the package that it imports, and the environment
    that its process gets. Of what a snippet may import, too, all of the text counts:
    the server has imported it, and has to start anew when it changes.

    Args:
        library: the book's package; a book that brings no engine uses this one.
    """
    if library.module(START[0]) is None:
        library = Library(Path(worker.__file__).parents[2])
    found: dict[str, str] = {}
    todo = [*START]
    while todo:
        module, _ = library.split(todo.pop())
        if module is None or module.name in found:
            continue
        is_own = f"{module.name}.".startswith("dlnotes.book.")
        found[module.name] = code_of([module.tree]) if is_own else module.source
        todo.append(module.name.rpartition(".")[0])
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                todo += loaded(node, module.package)
    return digest("\n".join(found[name] for name in sorted(found)))
