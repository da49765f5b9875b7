"""Find what a program can reach in a package: the symbols that its result depends on.

A name is followed through imports, attributes, base classes, decorators, default
arguments, annotations and module-level constants. What cannot be followed counts in
full: a module used as a value (`getattr(module, name)`) or imported with a star, the
own module for `eval`, `exec` and `globals`, every module for a dynamic import.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.symbols import Library, Module, dotted, imported

OWN_MODULE = {"eval", "exec", "globals"}
ANY_MODULE = {"__import__", "import_module", "importlib", "sys.modules", "runpy"}
SOURCE_READERS = {"__doc__", "inspect", "linecache"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Reference:
    """A use of a global name.

    Args:
        node: the name, or the whole chain of attributes that starts with it.
        name: the chain as written, or what a local import makes of it.
        is_absolute: the name starts with a package, not with a name of the module.
        local: the names bound in the functions around it.
    """

    node: ast.expr | ast.stmt
    name: str
    is_absolute: bool
    local: frozenset[str]


class _References(ast.NodeVisitor):
    def __init__(self, package: str) -> None:
        self.package = package
        self.scopes: list[dict[str, str | None]] = []
        self.found: list[Reference] = []

    def _add(self, node: ast.expr | ast.stmt, name: str, is_absolute: bool) -> None:
        local = frozenset(key for scope in self.scopes for key in scope)
        self.found.append(Reference(node, name, is_absolute, local))

    def _chain(self, node: ast.expr, name: str) -> None:
        root, _, rest = name.partition(".")
        for scope in reversed(self.scopes):
            if root in scope:
                if target := scope[root]:
                    self._add(node, f"{target}.{rest}" if rest else target, True)
                return
        self._add(node, name, False)

    def visit_Name(self, node: ast.Name) -> None:
        self._chain(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := dotted(node):
            self._chain(node, name)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for target in imported(node, self.package).values():
            self._add(node, target, True)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: FUNCTION | ast.Lambda) -> None:
        outside = [*getattr(node, "decorator_list", []), node.args]
        outside += [node.returns] if getattr(node, "returns", None) else []  # type: ignore[union-attr]
        for part in outside:
            self.visit(part)
        self.scopes.append(self._bindings(node))
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(part)
        self.scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_Lambda = visit_FunctionDef

    def _bindings(self, node: FUNCTION | ast.Lambda) -> dict[str, str | None]:
        """Map a function's local names to None, or to the import they stand for."""
        names: dict[str, str | None] = {}
        free: set[str] = set()
        todo: list[ast.AST] = [*ast.iter_child_nodes(node.args)]
        todo += node.body if isinstance(node.body, list) else [node.body]
        while todo:
            part = todo.pop()
            if isinstance(part, ast.arg | ast.ExceptHandler):
                names[part.arg if isinstance(part, ast.arg) else part.name or ""] = None
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.setdefault(part.id, None)
            elif isinstance(part, ast.Global | ast.Nonlocal):
                free |= set(part.names)
            elif isinstance(part, ast.Import | ast.ImportFrom):
                names |= imported(part, self.package)
            elif isinstance(part, FUNCTION | ast.ClassDef):
                names[part.name] = None
            if not isinstance(part, (*SCOPE, ast.ClassDef, *COMPREHENSION)):
                todo += ast.iter_child_nodes(part)
        return {name: names[name] for name in names if name not in free}

    def _comprehension(self, node: ast.AST) -> None:
        bound = {
            name.id: None
            for name in ast.walk(node)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }
        self.visit(node.generators[0].iter)  # type: ignore[attr-defined]
        self.scopes.append(bound)
        self.generic_visit(node)
        self.scopes.pop()

    visit_ListComp = _comprehension
    visit_SetComp = _comprehension
    visit_DictComp = _comprehension
    visit_GeneratorExp = _comprehension


def references(nodes: Iterable[ast.AST], package: str) -> list[Reference]:
    """Return every use of a global name in some statements of one module."""
    visitor = _References(package)
    for node in nodes:
        visitor.visit(node)
    return visitor.found


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
        parts = name.split(".")
        self.reads_source |= bool(SOURCE_READERS & set(parts))
        if parts[0] in OWN_MODULE and not reference.is_absolute:
            self._whole(module)
        elif parts[0] in ANY_MODULE or name.startswith("sys.modules"):
            for other in self.library.names():
                if found := self.library.module(other):
                    self._whole(found)
        elif target := self.target(module, reference):
            self.resolve(target)

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
        return name if name.split(".")[0] == self.library.package else None

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
            return self.resolve(".".join([module.imports[rest[0]], *rest[1:]])) if (
                module.imports[rest[0]].split(".")[0] == self.library.package
            ) else None
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
        """Count what importing a module does: its packages, its imports, its effects."""
        if module.name in self.modules:
            return
        self.modules.add(module.name)
        parent, _, _ = module.name.rpartition(".")
        for name in [parent, *module.imports.values()]:
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
                for node in owner.definitions.get(rest[0], []) if owner and rest else ():
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
        return found | {name: "missing" for name in sorted(self.missing)}
