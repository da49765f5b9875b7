"""Find what a program can reach in a package: the symbols that its result depends on.

A name is followed through imports, attributes, base classes, decorators, default
arguments, annotations and module-level constants. What a module does when it is
imported, beyond binding names, counts for all who import it. What cannot be followed
counts in full: a module used as a value (`getattr(module, name)`) or imported with a
star, the own module for `eval`, `exec` and `globals`, all modules for a dynamic import.
"""

import ast
from itertools import groupby

from dlnotes.book.closure.follow import Follow, Key
from dlnotes.book.closure.importing import order_of
from dlnotes.book.source.code import code_of, digest
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import Reference


class Reach(Follow):
    """Everything in a library that a program can reach, and digests of it."""

    def target(self, module: Module, reference: Reference) -> str | None:
        """Return the absolute dotted name a reference stands for, None if outside."""
        name = reference.name
        for meant in [name] if reference.is_absolute else module.meanings(name):
            if self._is_own(meant):
                return meant
        return None

    def resolve(self, name: str) -> Key | None:
        """Follow an absolute name to its symbol, add that, and return it."""
        for found in self._resolve(name):
            module, rest = self.library.split(found)
            if module is not None and rest:
                return module.name, rest[0]
        return None

    def digests(self) -> dict[str, str]:
        """Return a digest of the code of each reached symbol, by readable name."""
        found: dict[str, str] = {}
        for (name, symbol), nodes in self.symbols.items():
            label = {"*": f"{name} (all of it)", "": f"{name} (on import)"}.get(
                symbol, f"{name}.{symbol}"
            )
            names = sorted(self.names.get((name, symbol), ()))
            text = self._text(name, symbol, nodes)
            found[label] = digest("\n".join([text, *names]))
        found |= {f"name {name}": text for name, text in self.passed.items()}
        found |= {
            f"imports of {name}": text for name, text in self.outside.items() if text
        }
        return found | self._orders() | dict.fromkeys(sorted(self.missing), "missing")

    def _text(self, name: str, symbol: str, nodes: list[ast.AST]) -> str:
        module = self.library.module(name)
        assert module is not None
        if self.reads_source:
            return module.source
        future = [name for name in module.loads if name.startswith("__future__.")]
        return module.once(
            ("code", symbol), lambda: "\n".join([code_of(nodes), *future])
        )

    def _orders(self) -> dict[str, str]:
        """Return digests of the orders in which things happen, where that matters."""
        found = {}
        acted = [name for name, _ in groupby(self.executed)]
        if len(set(acted)) > 1:
            found["order of imports"] = digest(" ".join(acted))
        for name in self.modules:
            module = self.library.module(name)
            assert module is not None
            names = {symbol for owner, symbol in self.symbols if owner == name}
            order = order_of(module, names, self.acting.of(module))
            if len(order) > 1 and "*" not in names:
                found[f"order of {name}"] = digest(" ".join(order))
        return found
