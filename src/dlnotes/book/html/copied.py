"""What the copy buttons of a page copy: code with all that it needs to run."""

import ast
import json
from collections.abc import Iterable, Mapping

from dlnotes.book.bundle.hoist import Import, hoisted, render
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import names as looked_up
from dlnotes.book.source.syntax import bound_names


def imports(items: Iterable[Import], package: str) -> str:
    """Write import statements, those from a package last."""
    groups: tuple[list[Import], list[Import]] = ([], [])
    for item in items:
        groups[item.origin.split(".")[0] == package].append(item)
    parts = [render(group) for group in groups]
    return "\n\n".join(part for part in parts if part)


def imported(module: Module) -> dict[str, Import]:
    """Return what a module imports at its top level, by the name it binds."""
    return {item.bound: item for item in hoisted(module, package="")}


def needs(library: Library, name: str, source: str) -> str:
    """Return the imports that a symbol's source needs to run anywhere.

    A method needs its class.

    Args:
        library: the package.
        name: the symbol's dotted name.
        source: its code, as a chapter shows it.
    """
    module, rest = library.split(name)
    assert module is not None
    body = ast.parse(source).body
    used = {name for statement in body for name in looked_up(statement)}
    own = {name for statement in body for name in bound_names(statement)}
    names = ({*rest[:-1][:1]} | used) - own
    from_outside = imported(module)
    items = [from_outside[name] for name in names if name in from_outside]
    for name in names & module.definitions.keys():
        node, target = ast.ImportFrom(module.name, [], 0), f"{module.name}.{name}"
        items.append(Import(module, node, module.name, name, name, target))
    return imports(items, library.package)


def script(copied: Mapping[str, Mapping[str, str]]) -> str:
    """Return the element from which a page's script takes what is copied.

    Args:
        copied: program -> cell -> code. A block's attribute `data-dl-copy` names a
            cell; what it needs are the program's cells up to that one.
    """
    data = json.dumps(copied, ensure_ascii=False).replace("<", r"\u003c")
    return f'<script type="application/json" id="dl-copied">{data}</script>'
