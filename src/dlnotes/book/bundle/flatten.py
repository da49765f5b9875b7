"""Choose one name for everything that a program and its library share."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable
from itertools import chain, count

from dlnotes.book.bundle.hoist import Import
from dlnotes.book.bundle.uses import Key, Resolver, Use
from dlnotes.book.closure.refusals import PROGRAM, refusal
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import DEFINITION, imported, own_nodes

MAIN = "main"  # the function that holds the program
Imports = dict[Key, list[Import]]


class Names:
    """The name of each global in the flat program.

    A global keeps its own name unless two share it, the program or the library uses
    it for something else, or a function that would use it has a local of that name.

    Args:
        resolver: what it knows of the names that nobody binds.
        program: its own names stay as they are.
        imports: what comes from outside the package, by the name that is used.
        symbols: what the library defines.
        uses: all uses.

    Raises:
        BookError: a name is imported with two meanings, or the program hides a builtin.
    """

    def __init__(
        self,
        resolver: Resolver,
        program: Module,
        imports: Imports,
        symbols: Iterable[Key],
        uses: Iterable[Use],
    ) -> None:
        self.uses: dict[Key, list[Use]] = {}
        for use in uses:
            self.uses.setdefault(use.key, []).append(use)
        self.chosen: dict[Key, str] = {}
        own = _bindings(resolver, program)
        _check_builtins(program, own)
        _check_meanings(imports)
        self.taken = {MAIN, *own, *resolver.free}
        self._name_imports(imports)
        self._name_symbols(list(symbols))

    def __getitem__(self, key: Key) -> str:
        return self.chosen.get(key, key[1])

    def _name_imports(self, imports: Imports) -> None:
        shared = {
            (name, items[0].target): name
            for (module, name), items in imports.items()
            if module == PROGRAM
        }
        for key, items in imports.items():
            meaning = (key[1], items[0].target)
            if meaning not in shared:
                same = [k for k, i in imports.items() if (k[1], i[0].target) == meaning]
                names = [key[1], items[0].alternative]
                shared[meaning] = self._choose(names, same, self.taken)
            self.chosen[key] = shared[meaning]
        self.taken |= set(shared.values())

    def _name_symbols(self, symbols: list[Key]) -> None:
        names = Counter(name for _, name in symbols)
        for module, name in symbols:
            parts = module.split(".")
            candidates = [told_apart(name, parts[-1:]), told_apart(name, parts[1:])]
            taken = self.taken | (set(names) - {name})
            if names[name] == 1:
                candidates.insert(0, name)
            else:
                taken.add(name)
            self.chosen[module, name] = self._choose(
                candidates, [(module, name)], taken
            )
            self.taken.add(self.chosen[module, name])

    def _choose(self, candidates: list[str], keys: list[Key], taken: set[str]) -> str:
        numbered = (f"{candidates[-1]}_{number}" for number in count(2))
        for name in chain(candidates, numbered):
            if name not in taken and all(self._fits(key, name) for key in keys):
                return name
        raise AssertionError

    def _fits(self, key: Key, name: str) -> bool:
        return all(
            name not in use.local or (use.node and ast.unparse(use.node) == name)
            for use in self.uses.get(key, [])
        )


def _bindings(resolver: Resolver, program: Module) -> dict[str, ast.AST]:
    """Return the names that a program binds at its top level, and where."""
    found: dict[str, ast.AST] = {}
    for node in own_nodes(program.tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            targets = imported(node, program.package).items()
            names = [name for name, target in targets if not resolver.is_own(target)]
            found |= dict.fromkeys(names, node)
    bound = resolver.bound(program)
    for node in ast.walk(program.tree):
        if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            found.setdefault(node.name or "", node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found |= {node.id: node} if node.id in bound - found.keys() else {}
        elif isinstance(node, DEFINITION) and node.name in bound:
            found.setdefault(node.name, node)
    return found


def _check_builtins(program: Module, own: dict[str, ast.AST]) -> None:
    for name, node in own.items():
        if hasattr(builtins, name):
            raise refusal(program, node, f"`{name}` hides a builtin; rename it")


def _check_meanings(imports: Imports) -> None:
    first: dict[str, Import] = {}
    for item in chain(*imports.values()):
        other = first.setdefault(item.bound, item)
        if item.target != other.target:
            where = f"{other.module.path}:{other.node.lineno}"
            why = (
                f"`{item.bound}` means {item.target} here and {other.target} in {where}"
            )
            raise refusal(item.module, item.node, f"{why}; give them two names")


def told_apart(name: str, parts: list[str]) -> str:
    """Return a name with those of its module behind, in the manner of the name.

    A class `Cell` of `recurrent.cell` becomes `CellCell`, or, where that is
    taken, `CellRecurrentCell`; a function `draw` becomes `draw_cell`.
    """
    if name[0].isupper() and not name.isupper():
        return name + "".join(part.title().replace("_", "") for part in parts)
    return "_".join([name, *parts])
