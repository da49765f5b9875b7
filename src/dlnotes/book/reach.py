"""Find what a program can reach in a package: the symbols that its result depends on.

A name is followed through imports, attributes, base classes, decorators, default
arguments, annotations and module-level constants. What cannot be followed counts in
full: a module used as a value (`getattr(module, name)`) or imported with a star, the
own module for `eval`, `exec` and `globals`, every module for a dynamic import.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator

from dlnotes.book.references import FUNCTION, Reference, references
from dlnotes.book.symbols import Library, Module, dotted

OWN_MODULE = {"eval", "exec", "globals"}
ANY_MODULE = {"__import__", "import_module", "importlib", "runpy"}
READS_DATA = ("importlib.metadata", "importlib.resources")
SOURCE_READERS = {"__doc__", "inspect", "linecache"}


def code_of(nodes: Iterable[ast.AST]) -> str:
    """Return code as text without comments, docstrings, blank lines or layout."""
    return "\n".join(map(_plain, nodes))


def _plain(node: object) -> str:
    if isinstance(node, list):
        return f"[{','.join(map(_plain, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, FUNCTION | ast.ClassDef | ast.Module) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            fields["body"] = node.body[1:]
    inside = ",".join(map(_plain, fields.values()))
    return f"{type(node).__name__}({inside})"


def digest(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_unfollowable(reference: Reference) -> bool:
    """Say whether a reference may use any name of its own module."""
    return reference.name.split(".")[0] in OWN_MODULE and not reference.is_absolute


def is_dynamic(module: Module, reference: Reference) -> bool:
    """Say whether a reference may import or find any module by a computed name."""
    root, _, rest = reference.name.partition(".")
    meant = root if reference.is_absolute else module.imports.get(root, root)
    full = f"{meant}.{rest}".removesuffix(".")
    if reference.is_import or full.startswith(READS_DATA):
        return False
    return full.split(".")[0] in ANY_MODULE or full.startswith("sys.modules")


def shadowed(module: Module, reference: Reference) -> str | None:
    """Return what a name was imported as where the module binds it again, else None."""
    root, _, rest = reference.name.partition(".")
    if reference.is_absolute or root not in module.definitions:
        return None
    target = module.imports.get(root)
    return f"{target}.{rest}".removesuffix(".") if target else None


class Reach:
    """Everything in a library that a program can reach.

    Attributes:
        symbols: (module, name) pairs in the order they were met; a name `*` is the
            whole module, a name `` what the module does when it is imported.
        missing: dotted names that the program uses and the library does not have.
        modules: the names of all modules that are imported along the way.
    """

    def __init__(self, library: Library, program: Module) -> None:
        self.library = library
        self.symbols: dict[tuple[str, str], list[ast.AST]] = {}
        self.missing: set[str] = set()
        self.modules: set[str] = set()
        self.reads_source = False
        self._todo: list[tuple[Module, list[ast.AST]]] = [(program, [program.tree])]
        while self._todo:
            module, nodes = self._todo.pop()
            for reference in references(nodes, module.package):
                self._follow(module, reference)

    def _follow(self, module: Module, reference: Reference) -> None:
        name = reference.name
        self.reads_source |= bool(SOURCE_READERS & set(name.split(".")))
        if is_unfollowable(reference):
            self._whole(module)
        elif is_dynamic(module, reference):
            for other in self.library.names():
                if found := self.library.module(other):
                    self._whole(found)
        elif target := self.target(module, reference):
            found, rest = self.library.split(target)
            if found and not rest and reference.is_import:
                self._load(found)
            else:
                self.resolve(target)
        hidden = shadowed(module, reference)
        if hidden and self._is_own(hidden):
            self.resolve(hidden)

    def _is_own(self, name: str) -> bool:
        return name.split(".")[0] == self.library.package

    def target(self, module: Module, reference: Reference) -> str | None:
        """Return the absolute dotted name a reference stands for, None if outside."""
        root, _, rest = reference.name.partition(".")
        if reference.is_absolute:
            name = reference.name
        elif root in module.definitions:
            name = f"{module.name}.{reference.name}"
            return name if self.library.module(module.name) is module else None
        elif root in module.imports:
            name = f"{module.imports[root]}.{rest}".removesuffix(".")
        else:
            return None
        return name if self._is_own(name) else None

    def resolve(self, name: str) -> tuple[str, str] | None:
        """Follow an absolute name to its symbol, add that, and return it."""
        module, rest = self.library.split(name)
        if module is None:
            self.missing.add(name)
            return None
        self._load(module)
        if not rest:
            self._whole(module)
        elif rest[0] in module.definitions:
            self._add(module, rest[0], module.definitions[rest[0]])
            return module.name, rest[0]
        elif rest[0] in module.imports:
            name = ".".join([module.imports[rest[0]], *rest[1:]])
            return self.resolve(name) if self._is_own(name) else None
        elif module.stars or "__getattr__" in module.definitions:
            self._whole(module)
        else:
            self.missing.add(name)
        return None

    def _add(self, module: Module, name: str, nodes: Iterable[ast.AST]) -> None:
        if (module.name, name) not in self.symbols:
            self.symbols[module.name, name] = list(nodes)
            self._todo.append((module, list(nodes)))

    def _whole(self, module: Module) -> None:
        self._load(module)
        self._add(module, "*", [module.tree])

    def _load(self, module: Module) -> None:
        """Count what an import of a module does: its packages, imports and effects."""
        if module.name in self.modules:
            return
        self.modules.add(module.name)
        parent, _, _ = module.name.rpartition(".")
        for name in [parent, *module.loads]:
            other, _ = self.library.split(name)
            if other is not None:
                self._load(other)
        effects = [*module.effects, *self._registering(module)]
        if effects:
            self._add(module, "", effects)
        for star in module.stars:
            if (other := self.library.module(star)) is not None:
                self._whole(other)

    def _registering(self, module: Module) -> Iterator[ast.stmt]:
        """Yield the classes whose base acts on being subclassed."""
        for statement in module.tree.body:
            for base in statement.bases if isinstance(statement, ast.ClassDef) else ():
                target = self.target(
                    module, Reference(base, dotted(base) or "", False, frozenset())
                )
                owner, rest = self.library.split(target) if target else (None, [])
                for node in (
                    owner.definitions.get(rest[0], []) if owner and rest else ()
                ):
                    if "__init_subclass__" in ast.dump(node):
                        yield statement

    def digests(self) -> dict[str, str]:
        """Return a digest of the code of each reached symbol, by readable name."""
        found = {}
        for (name, symbol), nodes in self.symbols.items():
            label = {"*": f"{name} (all of it)", "": f"{name} (on import)"}.get(
                symbol, f"{name}.{symbol}"
            )
            module = self.library.module(name)
            if self.reads_source and module:
                text = module.source
            else:
                text = code_of(nodes)
            found[label] = digest(text)
        return found | dict.fromkeys(sorted(self.missing), "missing")
