"""Collect the statements of a library that a program needs."""

import ast
from collections.abc import Iterator
from itertools import groupby

from dlnotes.book.bundle.order import Order
from dlnotes.book.bundle.uses import Resolver, Use
from dlnotes.book.closure.acting import Acting
from dlnotes.book.closure.refusals import PROGRAM, refusal
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import references
from dlnotes.book.source.syntax import IMPORT, at_default_scale, imported, own_nodes


class Needed:
    """A program, all that it names, and what the modules that it imports do.

    Args:
        library: the package.
        program: what imports it.
        resolver: it finds what names stand for.

    Attributes:
        executed: the names of the modules that a run imports, the program's too; other
            modules that have a part in it only name types.
        modules: the modules of the library that run or have a part in it.
        uses: the uses of names in what each module contributes, by its name.

    Raises:
        BookError: something that is needed has no place in one program.
    """

    def __init__(self, library: Library, program: Module, resolver: Resolver) -> None:
        self.library = library
        self.resolver = resolver
        self.executed: set[str] = set()
        self.uses: dict[str, list[Use]] = {}
        self._acting = Acting(library)
        self._named: set[str] = set()
        self._wanted: set[int] = set()
        self._todo: list[tuple[Module, ast.stmt]] = []
        self._load(program)
        while self._todo:
            self._need(*self._todo.pop(0))
        order = Order(library, program, self.executed, self._named)
        self.modules = order.modules
        self._order = order.statements
        self._check_order()

    def statements(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that are needed, in their order."""
        return [node for node in module.tree.body if id(node) in self._wanted]

    def runs(self) -> Iterator[tuple[Module, list[ast.stmt]]]:
        """Yield what is needed of the library in the order in which it runs.

        A module comes in several parts where another one runs between them.
        """
        wanted = [
            (module, statement)
            for module, statement in self._order
            if module.name != PROGRAM and id(statement) in self._wanted
        ]
        for _, group in groupby(wanted, lambda pair: pair[0].name):
            pairs = list(group)
            yield pairs[0][0], [statement for _, statement in pairs]

    def _need(self, module: Module, statement: ast.stmt) -> None:
        if id(statement) in self._wanted:
            return
        self._wanted.add(id(statement))
        nodes, imports = module.once(
            ("ran", id(statement)), lambda: _ran(module, statement)
        )
        for name in imports:
            self._load_named(name)
        uses = self.resolver.uses(module, nodes)
        self.uses.setdefault(module.name, []).extend(uses)
        for owner, name in (use.key for use in uses):
            self._named.add(owner)
            if found := self.library.module(owner):
                self._todo += [(found, node) for node in self._binding(found, name)]

    def _load(self, module: Module) -> None:
        """Need what an import of a module does, and what its imports do."""
        if module.name in self.executed:
            return
        self.executed.add(module.name)
        self._load_named(module.name.rpartition(".")[0])
        for name in module.loads:
            self._load_named(name)
        is_program = module.name == PROGRAM
        body = module.tree.body if is_program else self._acting.of(module)
        self._todo += [(module, statement) for statement in body]

    def _load_named(self, name: str) -> None:
        if module := self.library.split(name)[0]:
            self._load(module)

    def _binding(self, module: Module, name: str) -> list[ast.stmt]:
        """Return the statements that bind a name, among them imports in blocks."""
        blocks: list[ast.stmt] = []
        importing = module.once(("importing",), lambda: _importing(module))
        for statement, node in importing.get(name, []):
            if node is not statement:
                blocks.append(statement)
            elif name in self.resolver.bound(module):
                why = f"`{name}` is imported and bound again"
                raise refusal(module, node, why)
        return [*module.definitions.get(name, []), *blocks]

    def _check_order(self) -> None:
        """Refuse what acts after other code, since the flat program has it above."""
        begun = False
        for module, statement in self._order:
            is_program = module.name == PROGRAM
            is_run = not is_program and module.name in self.executed
            if begun and is_run and statement in self._acting.of(module):
                why = f"{module.name} acts when it is imported, which comes late"
                raise refusal(module, statement, f"{why}; import it first")
            begun |= is_program and not _is_text(statement)


def _is_text(statement: ast.stmt) -> bool:
    is_constant = isinstance(getattr(statement, "value", None), ast.Constant)
    return isinstance(statement, ast.Expr) and is_constant


def _ran(module: Module, statement: ast.stmt) -> tuple[list[ast.stmt], list[str]]:
    """Return what counts of a statement, and the dotted names that it imports."""
    if isinstance(statement, ast.If) and module.is_skipped(statement):
        return statement.body, []
    nodes = [at_default_scale(statement)]
    found = references(nodes, module.package)
    return nodes, [item.name for item in found if item.is_import]


def _importing(module: Module) -> dict[str, list[tuple[ast.stmt, ast.AST]]]:
    """Return where a module imports each name: the statement, and the import in it."""
    found: dict[str, list[tuple[ast.stmt, ast.AST]]] = {}
    for statement in module.tree.body:
        nodes = [] if module.is_skipped(statement) else own_nodes([statement])
        for node in nodes:
            if isinstance(node, IMPORT):
                for name in imported(node, module.package):
                    found.setdefault(name, []).append((statement, node))
    return found
