"""Find what a program can reach in a package: the symbols that its result depends on.

A name is followed through imports, attributes, base classes, decorators, default
arguments, annotations and module-level constants. What a module does when it is
imported, beyond binding names, counts for all who import it. What cannot be followed
counts in full: a module used as a value (`getattr(module, name)`) or imported with a
star, the own module for `eval`, `exec` and `globals`, all modules for a dynamic import.
"""

import ast
import hashlib
from collections.abc import Iterable
from itertools import groupby

from dlnotes.book.follow import Follow, Key
from dlnotes.book.importing import order_of
from dlnotes.book.references import Reference
from dlnotes.book.symbols import Module
from dlnotes.book.syntax import DEFINITION


def code_of(nodes: Iterable[ast.AST]) -> str:
    """Return code as text without comments, docstrings, blank lines or layout."""
    return "\n".join(map(_plain, nodes))


def _plain(node: object) -> str:
    if isinstance(node, list):
        return f"[{','.join(map(_plain, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, DEFINITION | ast.Module):
        has_text = ast.get_docstring(node, clean=False) is not None
        fields["body"] = node.body[has_text:]
    if isinstance(node, ast.Constant):
        del fields["kind"]
    inside = ",".join(map(_plain, fields.values()))
    return f"{type(node).__name__}({inside})"


def digest(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
