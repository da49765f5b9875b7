"""Refuse the Python that names do not tell, with file, line and what to write.

What a program reaches is found by name, so the package and the snippets are written in
the part of Python where names tell. How a module imports and what its classes hook into
is judged here; what a statement may not name stands in `refused`.
"""

import ast
import re
from collections.abc import Iterator

from dlnotes.book.closure.acting import CALLS, DECORATORS
from dlnotes.book.closure.refused import (
    ANY_CLASS,
    ANY_NAME,
    AS_VALUE,
    COMPUTED,
    HOOK,
    HOOKS,
    OWN_NAMES,
    PLACE,
    PLACES,
    WORDS,
    why_not,
)
from dlnotes.book.errors import BookError
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import chains
from dlnotes.book.source.syntax import (
    IMPORT,
    bound_name,
    dotted,
    imported,
    is_text,
    loaded,
    own_nodes,
)

PROGRAM = "__main__"
NOT_OS = "is not the module here, which tells the scale: rename it"


def refuse(module: Module, node: ast.AST, why: str) -> BookError:
    """Return the error that a construct has no place in the book."""
    return BookError(why, module.path, getattr(node, "lineno", None))


def check_module(library: Library, module: Module) -> None:
    """Refuse a module for how it imports from the package, and for its own hooks.

    Raises:
        BookError: an import that binds no plain name of a module, or that does not
            stand first; a hook; a name that is Python's, or a module's.
    """
    top = {id(node) for node in module.tree.body}
    texts = _texts(module.tree)
    for statement in module.tree.body:
        for node in ast.walk(statement):
            if isinstance(node, IMPORT):
                _check_import(library, module, node, id(node) in top)
            elif isinstance(node, ast.ClassDef):
                _check_metaclass(library, module, node)
            words = _words(node) if id(node) not in texts else ()
            if hooks := HOOKS & {getattr(node, "name", None), *words}:
                raise refuse(module, node, f"`{min(hooks)}` {HOOK}")
            if "os" in (bound_name(node), getattr(node, "arg", None)):
                raise refuse(module, node, f"`os` {NOT_OS}")
            if (name := bound_name(node)) in PLACES:
                raise refuse(module, node, f"`{name}` is Python's to bind: rename it")
    _check_modules(library, module)
    _check_imports_first(library, module)
    _check_bound_once(module)


def _check_import(
    library: Library, module: Module, node: ast.Import | ast.ImportFrom, is_top: bool
) -> None:
    code = ast.unparse(node)
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        raise refuse(module, node, f"`{code}`: import what is used by name")
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        why = "all of the program in one file would have it: quote names that come late"
        raise refuse(module, node, f"`{code}`: {why}")
    targets = imported(node, module.package)
    if targets.get("os", "os") != "os":
        raise refuse(module, node, f"`{code}`: `os` {NOT_OS}")
    if not any(map(library.is_own, targets.values())):
        _check_not_beside(library, module, node)
        return
    if isinstance(node, ast.Import) or node.level:
        example = f"write `from {library.package}.… import name`"
        raise refuse(module, node, f"`{code}`: {example}")
    if not is_top:
        raise refuse(module, node, f"`{code}`: write it at the top of the file")
    for name, target in targets.items():
        if target != f"{node.module}.{name}":
            raise refuse(module, node, f"`{code}`: import it under its own name")
        if library.module(target):
            why = f"`{code}`: {target} is a module; import what is used of it"
            raise refuse(module, node, why)
        owner, rest = library.split(target)
        if owner and owner.declared & {*rest}:
            why = f"`{code}`: {owner.name} binds it by `global`, and this name stays"
            raise refuse(module, node, f"{why}: call a function that returns it")


def _check_not_beside(
    library: Library, module: Module, node: ast.Import | ast.ImportFrom
) -> None:
    """Refuse what lies beside the package, or the program: nobody follows it."""
    beside = [library.folder] + [module.path] * (module.name == PROGRAM)
    for name in loaded(node, module.package):
        for place in (path.with_name(name.split(".")[0]) for path in beside):
            if place.is_dir() or place.with_suffix(".py").is_file():
                code, where = ast.unparse(node), f"{place.parent.name}/{place.name}"
                why = f"{where} is no part of {library.package}: move it there"
                raise refuse(module, node, f"`{code}`: {why}")


def _check_metaclass(library: Library, module: Module, node: ast.ClassDef) -> None:
    for keyword in node.keywords:
        meant = module.meaning(dotted(keyword.value) or "")
        if keyword.arg == "metaclass" and library.is_own(meant):
            raise refuse(module, node, f"a metaclass {HOOK}")


def _check_imports_first(library: Library, module: Module) -> None:
    """Refuse an import after other statements: in one file it comes before them.

    A program may import from elsewhere where it likes: that is in its own text.
    """
    begun = False
    for node in module.tree.body:
        if not isinstance(node, IMPORT):
            begun |= not is_text(node)
        elif begun and (module.name != PROGRAM or _is_own(library, node)):
            why = f"`{ast.unparse(node)}`: write it above all that is no import"
            raise refuse(module, node, why)


def _is_own(library: Library, node: ast.Import | ast.ImportFrom) -> bool:
    return any(map(library.is_own, imported(node, "").values()))


def _check_modules(library: Library, module: Module) -> None:
    """Refuse a name of a package that an import of one of its modules would replace."""
    for name in sorted({*module.definitions, *module.imports}):
        if library.module(f"{module.name}.{name}"):
            why = f"`{name}` is a module of this package, too: give one another name"
            node = [*module.definitions.get(name, []), module.tree.body[0]][0]
            raise refuse(module, node, why)


def _check_bound_once(module: Module) -> None:
    """Refuse a name that is imported and bound in another way too."""
    bound = {bound_name(node) for node in own_nodes(module.tree.body)}
    bound |= module.declared
    known: dict[str, str] = {}
    for statement in module.tree.body:
        for node in module.imports_in(statement):
            for name, target in imported(node, module.package).items():
                if name in bound or known.setdefault(name, target) != target:
                    why = f"`{name}` is imported and bound again: give one another name"
                    raise refuse(module, node, why)


def meanings(
    module: Module, statement: ast.stmt, looked_up: frozenset[str]
) -> Iterator[tuple[ast.expr, str]]:
    """Yield the global names in a statement, with what they stand for.

    Args:
        module: where it stands.
        statement: a top-level one.
        looked_up: the names that it looks up outside itself.
    """
    inside: dict[str, str] = {}
    for node in ast.walk(statement):
        if isinstance(node, IMPORT):
            inside |= imported(node, module.package)
    known = looked_up | module.imports.keys()
    for part, name in chains(statement):
        root, dot, rest = name.partition(".")
        if root in inside:
            yield part, inside[root] + dot + rest
        elif root in known:
            yield part, module.meaning(name)


def check(module: Module, statement: ast.stmt, looked_up: frozenset[str]) -> None:
    """Refuse a statement for what it names.

    Raises:
        BookError: something that finds code, or a file, where no run knows of it.
    """
    for node, name in meanings(module, statement, looked_up):
        if why := why_not(name):
            raise refuse(module, node, f"`{ast.unparse(node)}` {why}")
        if name in AS_VALUE:
            raise refuse(module, node, f"`{name}` as a value {ANY_NAME}")
        if name in CALLS | DECORATORS and _is_set(node):
            raise refuse(module, node, f"`{name}` counts as what it is: do not set it")
        root = name.removeprefix("builtins.").split(".")[0]
        if root in PLACES and (module.name != PROGRAM or root != "__name__"):
            raise refuse(module, node, f"`{root}` {PLACE}")
    texts = _texts(statement)
    for part in ast.walk(statement):
        for word in _words(part) if id(part) not in texts else ():
            if why := WORDS.get(word):
                raise refuse(module, part, f"`{word}` {why}")
            if word == "weights_only" and ast.unparse(part) != "weights_only=True":
                raise refuse(module, part, f"`{ast.unparse(part)}` {ANY_CLASS}")
        match part:
            case ast.Call(ast.Name(name), [], []) if name in OWN_NAMES:
                raise refuse(module, part, f"`{ast.unparse(part)}` {ANY_NAME}")
            case ast.Call(ast.Name("setattr"), [of, ast.Constant(str(called)), *_]):
                if f"{module.meaning(dotted(of) or '')}.{called}" in CALLS | DECORATORS:
                    raise refuse(module, part, f"`{ast.unparse(part)}` {COMPUTED}")
            case ast.Call(ast.Name("setattr")):
                raise refuse(module, part, f"`{ast.unparse(part)}` {COMPUTED}")
            case ast.Call(func, [_, _, _, *_]):  # the third is `allow_pickle`
                if module.meaning(dotted(func) or "") == "numpy.load":
                    raise refuse(module, part, f"`{ast.unparse(part)}` {ANY_CLASS}")
        if isinstance(part, ast.ClassDef):
            for item in own_nodes(part.body):
                if isinstance(item, IMPORT):
                    why = f"`{ast.unparse(item)}`: write it at the top of the file"
                    raise refuse(module, item, why)


def _is_set(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)


def _texts(node: ast.AST) -> set[int]:
    """Return the identities of docstrings, and of other constants that do nothing."""
    found = (part for part in ast.walk(node) if isinstance(part, ast.Expr))
    return {id(part.value) for part in found if is_text(part)}


def _words(node: ast.AST) -> Iterator[str]:
    """Yield the name, attribute or keyword that a node is, and the words of a text."""
    match node:
        case ast.Name(id=text) | ast.Attribute(attr=text) | ast.keyword(arg=str(text)):
            yield text
        case ast.MatchClass(kwd_attrs=attributes):
            yield from attributes
        case ast.Constant(value=str(text)):
            yield from re.findall(r"\w+", text)
