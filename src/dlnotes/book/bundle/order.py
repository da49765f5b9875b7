"""Put the statements of many modules in the order in which Python runs them."""

import ast
from collections.abc import Collection, Iterable

from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import IMPORT, loaded


class Order:
    """The order in which the statements of a library run, imports inside it followed.

    What functions import runs before the statement that they stand in, so that it is
    there if the module calls them, unless it needs that module itself.

    Args:
        library: the package.
        program: what imports it.
        executed: the names of the modules that a run imports.
        named: the names of others, which come last.

    Attributes:
        modules: the modules of the library, in the order in which they end.
        statements: their statements but imports, each with its module, in order.
    """

    def __init__(
        self,
        library: Library,
        program: Module,
        executed: Collection[str],
        named: Iterable[str],
    ) -> None:
        self.library = library
        self.executed = executed
        self.modules: list[Module] = []
        self.statements: list[tuple[Module, ast.stmt]] = []
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
        if module.name not in self._seen:
            self._visit_named(module.name.rpartition(".")[0])  # which may import it
        if module.name in self._seen:
            return
        self._seen.add(module.name)
        for statement in module.tree.body:
            for name in module.loaded_by(statement):
                self._visit_named(name)
            for inner in self._inner(module, statement):
                if module.name in self._needs(inner):
                    self._later.append(inner)
                else:
                    self._visit(inner)
            if not isinstance(statement, IMPORT):
                self.statements.append((module, statement))
        self.modules.append(module)

    def _inner(self, module: Module, statement: ast.stmt) -> list[Module]:
        """Return the modules that functions in a statement import in a run."""
        is_skipped = module.is_skipped(statement)
        found = [
            self.library.split(name)[0]
            for node in ([] if is_skipped else ast.walk(statement))
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
