"""Put modules in the order in which they run."""

import ast
from collections.abc import Collection

from dlnotes.book.symbols import Library, Module
from dlnotes.book.syntax import IMPORT, loaded


class Order:
    """The order in which Python runs modules.

    What functions import comes before them too, for calls while the module runs, unless
    it needs the module itself.

    Args:
        library: the package.
        program: what imports it.
        executed: the names of the modules that a run imports.
        named: the names of others, which come last.

    Attributes:
        modules: the modules of the library, each after those it needs.
    """

    def __init__(
        self,
        library: Library,
        program: Module,
        executed: Collection[str],
        named: Collection[str],
    ) -> None:
        self.library = library
        self.executed = executed
        self.modules: list[Module] = []
        self._seen: set[str] = set()
        self._later: list[Module] = []
        self._visit(program)
        for module in self._later:
            self._visit(module)
        for name in sorted(named):
            self._visit_named(name)
        self.modules.remove(program)

    def _visit_named(self, name: str) -> None:
        if module := self.library.split(name)[0]:
            self._visit(module)

    def _visit(self, module: Module) -> None:
        if module.name in self._seen:
            return
        self._seen.add(module.name)
        for name in [module.name.rpartition(".")[0], *module.loads]:
            self._visit_named(name)
        for inner in self._inner(module):
            if module.name in self._needs(inner):
                self._later.append(inner)
            else:
                self._visit(inner)
        self.modules.append(module)

    def _inner(self, module: Module) -> list[Module]:
        """Return the modules that functions of a module import in a run."""
        found = [
            self.library.split(name)[0]
            for statement in module.tree.body
            if not module.is_skipped(statement)
            for node in ast.walk(statement)
            if isinstance(node, IMPORT)
            for name in loaded(node, module.package)
        ]
        return [item for item in found if item and item.name in self.executed]

    def _needs(self, module: Module) -> set[str]:
        """Return the names of the modules that an import of one runs first."""
        found: set[str] = set()
        todo: list[Module | None] = [module]
        while todo:
            item = todo.pop()
            if item and item.name not in found:
                found.add(item.name)
                todo += [self.library.split(name)[0] for name in item.loads]
        return found
