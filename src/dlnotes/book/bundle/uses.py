"""Say what each name in a program and in the code it reaches stands for."""

import ast
from dataclasses import dataclass

from dlnotes.book.closure.refusals import check, check_words, refusal
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import Reference, references
from dlnotes.book.source.syntax import DEFINITION, own_nodes

Key = tuple[str, str]
STORED = ast.Store | ast.Del


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


class Resolver:
    """Find what names stand for.

    Attributes:
        free: names that no module binds, builtins above all.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.free: set[str] = set()

    def uses(self, module: Module, nodes: list[ast.stmt]) -> list[Use]:
        """Return the uses of global names in some statements of a module.

        Raises:
            BookError: a construct that cannot be followed; see the messages.
        """
        free, self.free = self.free, set()
        found, new = module.once(
            ("uses", *map(id, nodes)), lambda: (self._uses(module, nodes), self.free)
        )
        self.free = free | new
        return found

    def _uses(self, module: Module, nodes: list[ast.stmt]) -> list[Use]:
        found = references(nodes, module.package)
        meanings: dict[int, list[str]] = {}
        for item in found:
            if item.is_absolute and not item.is_import:
                meanings.setdefault(id(item.node), []).append(item.name)
        uses = []
        for item in found:
            self._check_meanings(module, item.node, meanings.get(id(item.node), []))
            if use := self._use(module, item):
                uses.append(use)
        check_words(module, nodes)
        return uses

    def bound(self, module: Module) -> frozenset[str]:
        """Return the names that a module binds itself, other than by imports."""
        return module.once(("bound",), lambda: _bound(module))

    def is_own(self, name: str) -> bool:
        """Say whether a dotted name starts with the package."""
        return name.split(".")[0] == self.library.package

    def locate(self, name: str, module: Module, node: ast.AST) -> tuple[Key, int]:
        """Return the key of a name of the package, and how many attributes follow it.

        Raises:
            BookError: nothing binds it, or it is a module; `node` of `module` uses it.
        """
        owner, rest, name = self._owner(name, module, node)
        if owner and not rest:
            why = f"the module {owner.name} is used as a value; name what it holds"
            raise refusal(module, node, why)
        if not owner or rest[0] not in self.bound(owner) | set(owner.imports):
            stars = " (names from star imports are not known)"
            hint = stars if owner and owner.stars else ""
            raise refusal(module, node, f"{name} is not defined{hint}")
        return (owner.name, rest[0]), len(rest) - 1

    def _owner(
        self, name: str, module: Module, node: ast.AST
    ) -> tuple[Module | None, list[str], str]:
        """Follow a dotted name through imports; return the last form it takes too."""
        owner, rest = self._split(name, module, node)
        seen = {name}
        while owner and rest and rest[0] not in self.bound(owner):
            target = self._imported(owner, rest[0], module, node)
            if not self.is_own(target):
                break
            name = ".".join([target, *rest[1:]])
            owner, rest = self._split(name, module, node)
            owner = None if name in seen else owner
            seen.add(name)
        return owner, rest, name

    def _use(self, module: Module, reference: Reference) -> Use | None:
        node, name = reference.node, reference.name
        is_bound = not reference.is_absolute and name in self.bound(module)
        check(module, reference, is_own=is_bound or self.is_own(name))
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
        node, name = reference.node, reference.name
        root, _, rest = name.partition(".")
        if not reference.is_absolute:
            is_bound = root in self.bound(module)
            target = "" if is_bound else self._imported(module, root, module, node)
            if is_bound or (target and not self.is_own(target)):
                return (module.name, root), name.count(".")
            if not target and root not in reference.local:
                self.free.add(root)
            name = f"{target}.{rest}".removesuffix(".")
        return self.locate(name, module, node) if self.is_own(name) else None

    def _imported(self, owner: Module, name: str, module: Module, node: ast.AST) -> str:
        """Return what a module imports under a name, empty for nothing."""
        self._check_meanings(module, node, owner.bindings.get(name, []))
        return owner.imports.get(name, "")

    def _check_meanings(
        self, module: Module, node: ast.AST, targets: list[str]
    ) -> None:
        """Refuse a name of several imports, at least one of them from the package."""
        if len(set(targets)) > 1 and any(map(self.is_own, targets)):
            meanings = " and as ".join(sorted(set(targets)))
            why = f"`{ast.unparse(node)}` is imported as {meanings}"
            raise refusal(module, node, why)

    def _split(
        self, name: str, module: Module, node: ast.AST
    ) -> tuple[Module | None, list[str]]:
        """Split a name into a module that no package hides, and the rest."""
        owner, rest = self.library.split(name)
        parts = owner.name.split(".") if owner else []
        for size in range(1, len(parts)):
            package, child = ".".join(parts[:size]), ".".join(parts[: size + 1])
            above = self.library.module(package)
            if above and (
                parts[size] in self.bound(above)
                or {*above.bindings.get(parts[size], [])} - {child}
            ):
                why = f"{child} is a module, and a name that {package} binds"
                raise refusal(module, node, why)
        return owner, rest


def _bound(module: Module) -> frozenset[str]:
    stored = {
        reference.name
        for reference in references(module.tree.body, module.package)
        if isinstance(reference.node, ast.Name)
        and isinstance(reference.node.ctx, ast.Store)
        and not reference.is_absolute
    }
    nodes = own_nodes(module.tree.body)
    return frozenset(stored | {n.name for n in nodes if isinstance(n, DEFINITION)})
