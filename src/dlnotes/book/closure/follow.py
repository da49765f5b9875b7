"""Follow names through a package: the walk behind `Reach`."""

import ast
from collections.abc import Iterable

from dlnotes.book.closure.acting import Acting
from dlnotes.book.closure.importing import GIVEN, unbound
from dlnotes.book.closure.unfollowed import (
    ANY_MODULE_WORDS,
    REFUSED_WORDS,
    SOURCE_WORDS,
    WRITERS,
    reads_source,
    refused,
    uses_any_module,
    uses_own_module,
    words,
)
from dlnotes.book.errors import BookError
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import Reference, references

Key = tuple[str, str]
PLACE = {"__file__", "__name__", "__package__", "__path__"}


def _is_in(name: str, owner: str) -> bool:
    return f"{name}.".startswith(f"{owner}.")


class Follow:
    """What a program can reach in a library.

    Attributes:
        symbols: (module, name) pairs in the order they were met; a name `*` is the
            whole module, a name `` what the module does when it is imported.
        missing: dotted names that the program uses and the library does not have.
        modules: the names of all modules that are imported along the way.
        reads_source: something reached may see docstrings, comments or line numbers.
        outside: what each module imports from elsewhere, in order.
        executed: modules, each time that one acts when it is imported.
        names: what the names in a symbol stand for in the end.
        passed: the same for those names of the program that modules only pass on.
    """

    def __init__(self, library: Library, program: Module) -> None:
        self.library = library
        self.program = program
        self.symbols: dict[Key, list[ast.AST]] = {}
        self.missing: set[str] = set()
        self.modules: set[str] = set()
        self.reads_source = False
        self.acting = Acting(library)
        self.outside: dict[str, str] = {}
        self._imported: set[str] = set()  # modules that an import statement names
        self.executed: list[str] = []
        self.names: dict[Key, set[str]] = {}
        self.passed: dict[str, str] = {}
        self._following: set[str] = set()
        self._here = program
        self._todo: list[tuple[Module, str, list[ast.AST]]] = []
        self._visit(program, "", [program.tree])
        while self._todo:
            self._visit(*self._todo.pop())
        self.missing |= self.modules - self._imported - {library.package}

    def _visit(self, module: Module, symbol: str, nodes: list[ast.AST]) -> None:
        self._here = module
        key = "read", symbol
        found, said = module.once(
            key, lambda: (references(nodes, module.package), words(nodes))
        )
        self.reads_source |= bool(said & SOURCE_WORDS)
        self.reads_source |= module is self.program and "__file__" in said
        if said & ANY_MODULE_WORDS:
            self._everything()
        for word in said & REFUSED_WORDS.keys():
            raise BookError(f"`{word}` {REFUSED_WORDS[word]}", module.path)
        for reference in found:
            if reference.is_import:
                self._import(reference.name, as_value=symbol == "*")
            else:
                self._follow(module, symbol, reference)

    def _follow(self, module: Module, symbol: str, reference: Reference) -> None:
        name = reference.name
        for meant in [name] if reference.is_absolute else module.meanings(name):
            self._check(module, reference, meant)
            finals = self._use(meant)
            if meant == f"builtins.{name}" and self._is_unbound(module, name):
                self.missing.add(f"{module.name}.{name.split('.')[0]}")
            elif finals == [f"{module.name}.{name.split('.')[0]}"]:
                continue  # its own name, which means what it says
            elif module is not self.program:
                kept = self.names.setdefault((module.name, symbol), set())
                kept.add(f"{name} is {' or '.join(finals)}")
            elif finals and not any(_is_in(meant, final) for final in finals):
                self.passed[meant] = " or ".join(finals)

    def _check(self, module: Module, reference: Reference, meant: str) -> None:
        """Refuse what brings in code that no syntax tree shows.

        Raises:
            BookError: it is such a function, or the file of a module of the package.
        """
        why = None if self._is_own(meant) else refused(meant)
        if self._is_own(meant) and meant.endswith(".__file__"):
            why = "leads to the text of a module, which a run may not read"
        if why:
            line = getattr(reference.node, "lineno", None)
            raise BookError(f"`{reference.name}` {why}", module.path, line)

    def _is_unbound(self, module: Module, name: str) -> bool:
        """Say whether a name that a module does not bind is no builtin either."""
        root = name.split(".")[0]
        return root not in GIVEN and not module.stars and module is not self.program

    def _import(self, name: str, *, as_value: bool) -> None:
        if self._is_own(name):
            module, rest = self.library.split(name)
            self._load_named(name)
            if module is None or rest or as_value:
                self._resolve(name)

    def _is_own(self, name: str) -> bool:
        return name.split(".")[0] == self.library.package

    def _use(self, name: str) -> list[str]:
        """Follow an absolute name; return what it is in the end, in or outside."""
        if self._is_own(name):
            return self._resolve(name)
        self.reads_source |= reads_source(name)
        if uses_own_module(name):
            self._whole(self._here)
        if uses_any_module(name):
            self._everything()
        return [name]

    def _resolve(self, name: str) -> list[str]:
        module, rest = self.library.split(name)
        if module is None or name in self._following:
            self.missing.add(name)
            return []
        self._following.add(name)
        self._load(module)
        found = self._hidden(module.name.split("."), rest)
        if rest:
            found += self._attribute(module, rest)
        else:
            self._value(module)
            found.append(module.name)
        self._following.discard(name)
        return found

    def _hidden(self, parts: list[str], rest: list[str]) -> list[str]:
        """Follow what packages bind under the names of modules in them."""
        found = []
        for size in range(1, len(parts)):
            package = self.library.module(".".join(parts[:size]))
            own = ".".join(parts[: size + 1])
            if package and (
                parts[size] in package.definitions
                or {*package.bindings.get(parts[size], [])} - {own}
            ):
                found += self._attribute(package, [*parts[size:], *rest])
        return found

    def _attribute(self, module: Module, rest: list[str]) -> list[str]:
        """Follow an attribute of a module; what it binds twice is followed twice."""
        found, name = [], f"{module.name}.{rest[0]}"
        if rest[0] in module.definitions:
            self._add(module, rest[0], module.definitions[rest[0]])
            found.append(name)
        for target in module.bindings.get(rest[0], []):
            if target != name:
                found += self._use(".".join([target, *rest[1:]]))
        if rest[0] not in module.definitions and rest[0] not in module.bindings:
            self._unknown(module, rest[0])
        return found

    def _unknown(self, module: Module, name: str) -> None:
        """Follow an attribute that a module's text does not show."""
        if name in PLACE:
            return
        is_special = name.startswith("__") and name.endswith("__")
        if is_special or self._may_have(module, name):
            self._whole(module)
        else:
            self.missing.add(f"{module.name}.{name}")

    def _may_have(self, module: Module, name: str) -> bool:
        every = module.once(("words",), lambda: words([module.tree]))
        known = {*module.definitions, *module.bindings}
        return bool({name, "__getattr__"} & known or module.stars or every & WRITERS)

    def _add(self, module: Module, name: str, nodes: Iterable[ast.AST]) -> None:
        if (module.name, name) not in self.symbols:
            self.symbols[module.name, name] = list(nodes)
            self._todo.append((module, name, list(nodes)))

    def _whole(self, module: Module) -> None:
        """Count all of a module; of the program, what it imports."""
        if module is self.program:
            for targets in module.bindings.values():
                for target in targets:
                    self._import(target, as_value=True)
        else:
            self._load(module)
            self._add(module, "*", [module.tree])

    def _value(self, module: Module) -> None:
        """Count all of a module that is used as a value, and what lies below it."""
        self._whole(module)
        below = f"{module.name}." if module.path.stem == "__init__" else ""
        for name in self.library.names() if below else ():
            if name.startswith(below) and (other := self.library.module(name)):
                self._whole(other)

    def _everything(self) -> None:
        self._imported.update(self.library.names())
        for name in self.library.names():
            if module := self.library.module(name):
                self._whole(module)

    def _load(self, module: Module) -> None:
        """Count what importing a module does: its packages, imports, what acts."""
        if module.name in self.modules:
            return
        self.modules.add(module.name)
        self._load_named(module.name.rpartition(".")[0])
        acting = self.acting.of(module)
        for statement in module.tree.body:
            for name in module.loaded_by(statement):
                self._load_named(name)
            if statement in acting:
                self.executed.append(module.name)
        if acting:
            self._add(module, "", acting)
        outside = [name for name in module.loads if not self._is_own(name)]
        self.outside[module.name] = " ".join(outside)
        for star in module.stars:
            if (other := self.library.module(star)) is not None:
                self._value(other)
        lacking = module.once(("unbound",), lambda: unbound(module))
        self.missing |= {f"{module.name}.{name}" for name in lacking}

    def _load_named(self, name: str) -> None:
        module, rest = self.library.split(name)
        if module is not None:
            self._load(module)
            self._imported.add(module.name)
            if rest and not self._may_have(module, rest[0]):
                self.missing.add(name)
