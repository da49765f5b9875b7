"""Say what each name in a program and in the code it reaches stands for."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from dlnotes.book.errors import BookError
from dlnotes.book.references import Reference, references
from dlnotes.book.symbols import Library, Module
from dlnotes.book.syntax import DEFINITION, IMPORT, own_nodes

Key = tuple[str, str]
PROGRAM = "__main__"
STORED = ast.Store | ast.Del
OWN_PLACE = {"__file__", "__name__", "__path__", "__package__", "__spec__", "__doc__"}
ANY_NAME = {"builtins.eval", "builtins.exec", "builtins.globals"}
ANY_MODULE = {"builtins.__import__", "importlib", "pkgutil", "runpy", "sys.modules"}
NO_MODULE = {"importlib.metadata", "importlib.resources"}


@dataclass(frozen=True)
class Use:
    """A global name where it is used.

    Args:
        node: the name, or the chain of attributes that leads to it; None where it is
            only imported.
        key: the module that binds it, and its name there.
        local: the names that the functions or the class around it bind.
        is_doubtful: it may as well be a name of the class body it stands in.
    """

    node: ast.expr | None
    key: Key
    local: frozenset[str] = frozenset()
    is_doubtful: bool = False


def refusal(module: Module, node: ast.AST, why: str) -> BookError:
    """Return the error that a construct has no place in one program."""
    line = getattr(node, "lineno", None)
    return BookError(f"cannot be exported: {why}", module.path, line)


def _is_in(name: str, places: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{place}.") for place in places)


class Resolver:
    """Find what names stand for.

    Attributes:
        free: names that no module binds, builtins above all -> where each module
            uses them.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.free: dict[str, dict[str, tuple[Module, ast.AST]]] = {}
        self._bound: dict[str, frozenset[str]] = {}

    def uses(self, module: Module, nodes: Iterable[ast.AST]) -> list[Use]:
        """Return the uses of global names in some statements of a module.

        Raises:
            BookError: a construct that cannot be followed; see the messages.
        """
        found = [self._use(module, item) for item in references(nodes, module.package)]
        return [use for use in found if use]

    def bound(self, module: Module) -> frozenset[str]:
        """Return the names that a module binds itself, other than by imports."""
        if module.name not in self._bound:
            stored = {
                reference.name
                for reference in references(module.tree.body, module.package)
                if isinstance(reference.node, ast.Name)
                and isinstance(reference.node.ctx, ast.Store)
                and not reference.is_absolute
            }
            nodes = own_nodes(module.tree.body)
            stored |= {node.name for node in nodes if isinstance(node, DEFINITION)}
            self._bound[module.name] = frozenset(stored)
        return self._bound[module.name]

    def is_own(self, name: str) -> bool:
        """Say whether a dotted name starts with the package."""
        return name.split(".")[0] == self.library.package

    def locate(self, name: str, module: Module, node: ast.AST) -> tuple[Key, int]:
        """Follow a dotted name to the module that binds it.

        Args:
            name: it starts with the package.
            module: where it is used, for the error.
            node: what uses it.

        Returns:
            its key, and how many attributes come after it.
        """
        owner, rest = self.library.split(name)
        seen: set[str] = set()
        while owner and rest and rest[0] not in self.bound(owner):
            target = ".".join([owner.imports.get(rest[0], ""), *rest[1:]])
            if not self.is_own(target) or target in seen:
                break
            seen.add(target)
            name = target
            owner, rest = self.library.split(name)
        if owner and not rest:
            why = f"the module {owner.name} is used as a value; name what it holds"
            raise refusal(module, node, why)
        if not owner or rest[0] not in self.bound(owner) | set(owner.imports):
            raise refusal(module, node, f"{name} is not defined")
        return (owner.name, rest[0]), len(rest) - 1

    def _use(self, module: Module, reference: Reference) -> Use | None:
        self._refuse(module, reference)
        node, name = reference.node, reference.name
        if reference.is_import or not isinstance(node, ast.expr):
            is_module = not self.is_own(name) or self.library.module(name) is not None
            return None if is_module else Use(None, self.locate(name, module, node)[0])
        found = self._meaning(module, reference)
        if found is None:
            return None
        key, after = found
        for _ in range(after):
            assert isinstance(node, ast.Attribute)
            node = node.value
        is_elsewhere = key[0] != module.name or not isinstance(node, ast.Name)
        if is_elsewhere and isinstance(getattr(node, "ctx", None), STORED):
            why = f"`{ast.unparse(node)}` is assigned outside {key[0]}, which owns it"
            raise refusal(module, node, why)
        is_local = name.split(".")[0] in reference.local
        doubtful = is_local and not reference.is_absolute
        return Use(node, key, reference.local, doubtful)

    def _meaning(self, module: Module, reference: Reference) -> tuple[Key, int] | None:
        name = reference.name
        root, _, rest = name.partition(".")
        if not reference.is_absolute:
            target = module.imports.get(root, "")
            if root in self.bound(module) or (target and not self.is_own(target)):
                return (module.name, root), name.count(".")
            if not target and root not in reference.local:
                self.free.setdefault(root, {})[module.name] = (module, reference.node)
            name = f"{target}.{rest}".removesuffix(".")
        return self.locate(name, module, reference.node) if self.is_own(name) else None

    def _refuse(self, module: Module, reference: Reference) -> None:
        node, name = reference.node, reference.name
        root = name.split(".")[0]
        meant = [name] if reference.is_absolute else module.meanings(name)
        is_known = not reference.is_absolute and root in self.bound(module)
        is_any = any(_is_in(x, ANY_MODULE) and not _is_in(x, NO_MODULE) for x in meant)
        why = ""
        if is_any and not reference.is_import:
            why = f"`{ast.unparse(node)}` finds modules by names known only in a run"
        elif ANY_NAME & set(meant):
            why = f"`{name}` may use any name of the module"
        elif root in OWN_PLACE and not is_known and module.name != PROGRAM:
            why = f"`{root}` would be that of the exported program"
        elif isinstance(node, IMPORT) and not reference.is_import:
            is_star = node.names[0].name == "*"
            binds = "binds a name of a class, or a global name in a function"
            why = "" if is_star or not self.is_own(name) else f"this import {binds}"
        if why:
            raise refusal(module, node, why)
