"""Find what a program needs of a package: its statements, and their order.

A run's code is its program in one file: the key of the run covers these statements, and
the file holds them. A definition counts for those who name it; what a module does when
it is imported, beyond binding names, counts for all who import it.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from dlnotes.book.closure.acting import Acting
from dlnotes.book.closure.importing import check_names
from dlnotes.book.closure.subset import check, check_module, refuse
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.names import names
from dlnotes.book.source.syntax import IMPORT, at_default_scale, imported

Key = tuple[str, str]


@dataclass(frozen=True)
class Read:
    """A statement as it counts: without what the scale leaves out.

    Attributes:
        code: what is left of it.
        names: what it looks up or binds outside itself.
    """

    code: ast.stmt
    names: frozenset[str]


class Closure:
    """A program, all that it names in a library, and what the modules it imports do.

    Args:
        library: the package.
        program: what imports it.
        at_full_scale: what runs at full scale alone counts too.

    Attributes:
        modules: those of the library, in the order in which their import ends.
        imported: they, and the names of what they import from elsewhere, in the order
            in which all this runs.
        symbols: (module, name) -> the statements that bind or change the name; an empty
            name stands for what acts when the module is imported.
        meanings: (module, name) -> what the names in its statements stand for, where
            that is in another module.
        outside: module -> the names that it imports from elsewhere and that are needed.

    Raises:
        BookError: a name that is not there, or Python that cannot be followed.
    """

    def __init__(
        self, library: Library, program: Module, *, at_full_scale: bool = False
    ) -> None:
        self.library = library
        self.program = program
        self.at_full_scale = at_full_scale
        self.modules: list[Module] = []
        self.imported: list[Module | str] = []
        self.symbols: dict[Key, list[ast.stmt]] = {}
        self.meanings: dict[Key, dict[str, str]] = {}
        self.outside: dict[str, set[str]] = {}
        self._acting = Acting(library)
        self._loaded: set[str] = set()
        self._open: set[str] = set()  # whose import has begun and not ended
        self._todo: list[tuple[Module, str]] = []
        self._load(program)
        while self._todo:
            self._follow(*self._todo.pop())
        self.modules.remove(program)

    def statements(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that are needed, in their order."""
        wanted = self._wanted()
        return [node for node in module.tree.body if id(node) in wanted]

    def acting(self, module: Module) -> list[ast.stmt]:
        """Return the statements that matter to everybody who imports a module."""
        if module is self.program:
            return [node for node in module.tree.body if not isinstance(node, IMPORT)]
        return self._acting.of(module)

    def read(self, module: Module, statement: ast.stmt) -> Read:
        """Return a statement as it counts."""
        return module.once(
            ("read", id(statement), self.at_full_scale),
            lambda: self._read(module, statement),
        )

    def _read(self, module: Module, statement: ast.stmt) -> Read:
        code = statement if self.at_full_scale else at_default_scale(statement)
        found = names(code)
        check(module, code, found)
        return Read(code, found)

    def _wanted(self) -> set[int]:
        return {id(node) for nodes in self.symbols.values() for node in nodes}

    def _load(self, module: Module) -> None:
        """Need what an import of a module does, and what its imports do."""
        if module.name in self._loaded:
            return
        if above := self.library.module(module.name.rpartition(".")[0]):
            self._load(above)
        if module.name in self._loaded:  # by its package
            return
        self._loaded.add(module.name)
        self._open.add(module.name)
        module.once(("checked",), lambda: self._check(module))
        for statement in module.tree.body:
            for name in module.loaded_by(statement):
                self._load_named(name, module, statement)
        self._open.remove(module.name)
        self.modules.append(module)
        self.imported.append(module)
        self._add(module, "", self.acting(module))

    def _load_named(self, name: str, module: Module, node: ast.AST) -> None:
        other = self.library.split(name)[0]
        if other and other.name in self._open:
            why = f"{other.name} imports this module, too, and neither is whole"
            raise refuse(module, node, f"{why}: put what both need into a third")
        if other:
            self._load(other)
        elif module is not self.program and name not in self.imported:
            self.imported.append(name)

    def _check(self, module: Module) -> None:
        check_module(self.library, module)
        check_names(module)
        for statement in module.tree.body:
            for node in module.imports_in(statement):
                for target in imported(node, module.package).values():
                    if self.library.is_own(target):
                        self._find(module, node, target)

    def _add(self, module: Module, name: str, statements: Iterable[ast.stmt]) -> None:
        if (module.name, name) not in self.symbols:
            self.symbols[module.name, name] = list(statements)
            self._todo.append((module, name))

    def _follow(self, module: Module, symbol: str) -> None:
        found = self.meanings.setdefault((module.name, symbol), {})
        used: set[str] = set()
        for statement in self.symbols[module.name, symbol]:
            used |= self.read(module, statement).names
        if module is self.program:  # which may import what the prose quotes
            used |= module.imports.keys()
        for name in sorted(used):
            meaning = self._need(module, name)
            if meaning and meaning != f"{module.name}.{name}":
                found[name] = meaning

    def _need(self, module: Module, name: str) -> str:
        """Need what a module binds to a name; return the dotted name it ends at."""
        target = module.imports.get(name, "")
        if self.library.is_own(target):
            owner, last = self._find(module, module.tree, target)
            return self._need(owner, last)
        if target:
            self.outside.setdefault(module.name, set()).add(name)
        if name in module.definitions:
            if module is not self.program:
                self._add(module, name, module.definitions[name])
            return f"{module.name}.{name}"
        return target

    def _find(self, module: Module, node: ast.AST, target: str) -> tuple[Module, str]:
        """Follow a dotted name of the package to the module that binds it.

        Raises:
            BookError: nothing does; `node` of `module` imports it.
        """
        name, seen = target, set()
        while self.library.is_own(name) and name not in seen:
            seen.add(name)
            owner, rest = self.library.split(name)
            if owner is None or len(rest) != 1:
                break
            if rest[0] in owner.definitions:
                return owner, rest[0]
            name = owner.imports.get(rest[0], "")
        if name and not self.library.is_own(name):
            raise refuse(module, node, f"{target} is {name}: import it from there")
        raise refuse(module, node, f"{target} is not defined")
