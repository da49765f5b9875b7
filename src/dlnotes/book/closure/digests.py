"""Digest what a program needs: the part of a run's key that is code of the package."""

import ast
from functools import partial

from dlnotes.book.closure.closure import Closure
from dlnotes.book.closure.subset import PROGRAM
from dlnotes.book.source.code import code_of, digest
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import at_once
from dlnotes.book.source.syntax import bound_names


def digests(closure: Closure) -> dict[str, str]:
    """Return a digest of each symbol that a program needs, by readable name."""
    found = {
        f"{name}.{symbol}" if symbol else f"{name} (on import)": _digest(closure, key)
        for key, statements in closure.symbols.items()
        for name, symbol in [key]
        if statements and name != PROGRAM
    }
    found |= {
        f"name {name}": meaning
        for name, meaning in closure.meanings[PROGRAM, ""].items()
        if closure.program.imports[name] != meaning
    }
    for module in closure.modules:
        if outside := [n for n in module.loads if not closure.library.is_own(n)]:
            found[f"imports of {module.name}"] = " ".join(outside)
        order = _order(closure, module)
        if len(order) > 1:
            found[f"order of {module.name}"] = digest(" ".join(order))
    if len(imported := _imported(closure)) > 1:
        found["order of imports"] = digest(" ".join(imported))
    return found


def _imported(closure: Closure) -> list[str]:
    """Return the names of what is imported, in its order, if that may matter.

    An import from elsewhere may do anything, as what acts does; and what is evaluated
    when a module is imported may see what others have done.
    """
    found = [
        item if isinstance(item, str) else item.name
        for item in closure.imported
        if isinstance(item, str) or closure.statements(item)
    ]
    acts = any(isinstance(item, str) for item in closure.imported)
    return found if acts or any(map(closure.acting, closure.modules)) else []


def _digest(closure: Closure, key: tuple[str, str]) -> str:
    module = closure.library.module(key[0])
    assert module is not None
    text = module.once(
        ("text", key[1], closure.at_full_scale),
        lambda: code_of(closure.read(module, n).code for n in closure.symbols[key]),
    )
    names = (f"{name} is {to}" for name, to in closure.meanings[key].items())
    return digest("\n".join([text, *sorted(names)]))


def _order(closure: Closure, module: Module) -> list[str]:
    """Return the names that the statements bind whose order may matter."""
    statements = closure.statements(module)
    acts = {*statements} & {*closure.acting(module)}
    return [
        " ".join(sorted({*bound_names(node)}))
        for node in statements
        if acts
        or not module.once(("timeless", id(node)), partial(_is_timeless, module, node))
    ]


def _is_timeless(module: Module, node: ast.stmt) -> bool:
    """Say whether a statement means the same wherever it stands in its module."""
    read, stored, deleted = at_once(node)
    return not (read | deleted) & module.definitions.keys() and all(
        len(module.definitions[name]) == 1 for name in stored
    )
