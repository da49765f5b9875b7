"""Read a package as symbols, from its syntax trees and never by import."""

import ast
import difflib
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dlnotes.book.errors import BookError
from dlnotes.book.source.module import Module, decoded, parse
from dlnotes.book.source.syntax import (
    FUNCTION,
    bound_names,
    first_line,
)
from dlnotes.book.storage.cache import key_of


@dataclass(frozen=True)
class Symbol:
    """A definition as it stands in its file: `first` and `last` are line numbers."""

    name: str
    path: Path
    first: int
    last: int
    source: str


class Library:
    """The source of one package.

    Args:
        folder: the folder of the package itself, such as `src/dlnotes`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder.name
        self._modules: dict[str, Module] = {}

    @cached_property
    def files(self) -> dict[Path, bytes]:
        """The files of the package, all read at once: what follows is of one state."""
        return {path: path.read_bytes() for path in sorted(self.folder.rglob("*.py"))}

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """The file of each module by name; a package hides a module beside it."""
        found = {}
        for path in sorted(self.files, key=lambda path: path.stem == "__init__"):
            parts = [self.package, *path.relative_to(self.folder).with_suffix("").parts]
            found[".".join(parts).removesuffix(".__init__")] = path
        return found

    @cached_property
    def digest(self) -> str:
        """A digest of the whole source of the package."""
        return self._digest(self.files)

    def digest_of(self, names: Iterable[str]) -> str:
        """Return a digest of the modules that some dotted names start with."""
        found = {*filter(None, map(self._holder, names))}
        return self._digest(sorted(self._paths[name] for name in found))

    def digest_reached(self, program: Module) -> str:
        """Return a digest of the modules that a program imports, those they import, ….

        The names of all modules belong to it: a new one can change what a name means.
        """
        found: dict[str, Module] = {}
        todo = [program]
        while todo:
            for name in todo.pop().names_imported:
                start = name
                while start := self._holder(start):
                    if start not in found and (module := self.module(start)):
                        found[start] = module
                        todo.append(module)
                    start = start.rpartition(".")[0]
        reached = self._digest(sorted(module.path for module in found.values()))
        return key_of(self.names(), reached)

    def _digest(self, paths: Iterable[Path]) -> str:
        names = {path.relative_to(self.folder).as_posix(): path for path in paths}
        return key_of({name: self.files[path] for name, path in names.items()})

    def module(self, name: str) -> Module | None:
        """Return a module of the package by dotted name, None where there is none."""
        if name not in self._modules and name in self._paths:
            path = self._paths[name]
            package = name if path.stem == "__init__" else name.rpartition(".")[0]
            source = decoded(self.files[path], path)
            tree = parse(source, path)
            self._modules[name] = Module(name, path, source, tree, package)
        return self._modules.get(name)

    def names(self) -> list[str]:
        """Return the dotted names of all modules of the package, sorted."""
        return sorted(self._paths)

    def is_own(self, name: str) -> bool:
        """Say whether a dotted name starts with the package."""
        return name.split(".")[0] == self.package

    def is_engine(self, name: str) -> bool:
        """Say whether a module belongs to the engine, which no snippet uses."""
        return f"{name}.".startswith(f"{self.package}.book.")

    def split(self, name: str) -> tuple[Module | None, list[str]]:
        """Split a dotted name into the longest module it starts with and the rest."""
        holder = self._holder(name)
        rest = name.removeprefix(holder).removeprefix(".")
        return self.module(holder), rest.split(".") if rest else []

    def _holder(self, name: str) -> str:
        while name and name not in self._paths:
            name = name.rpartition(".")[0]
        return name

    def find(self, name: str) -> Symbol:
        """Return the source of a function, class, method or constant.

        Args:
            name: such as `dlnotes.attention.attend` or, for a method,
                `dlnotes.vision.resnet.Residual.forward`.

        Raises:
            BookError: there is no such symbol; the message offers the nearest names.
        """
        module, rest = self.split(name)
        if module is None:
            near = difflib.get_close_matches(name, self.names(), 3, 0.5)
            raise BookError(f"{name} is not in the package{_near(near)}")
        if not rest:
            public = [item for item in module.definitions if item[0] != "_"]
            shown = f"; it has {', '.join(public)}" if public else ""
            raise BookError(f"{name} is a module, not a symbol{shown}")
        body: list[ast.stmt] = module.tree.body
        for depth, part in enumerate(rest):
            found = [node for node in body if part in set(bound_names(node))]
            if not found:
                where = ".".join([module.name, *rest[:depth]])
                known = {name for node in body for name in bound_names(node)}
                known |= set() if depth else self._below(module)
                close = difflib.get_close_matches(part, sorted(known), 3, 0.5)
                raise BookError(f"{where} has no symbol {part!r}{_near(close)}")
            node = found[0]
            body = node.body if isinstance(node, ast.ClassDef) else []
        first = first_line(node)
        last = node.end_lineno or first
        text = "\n".join(module.source.split("\n")[first - 1 : last])
        return Symbol(name, module.path, first, last, textwrap.dedent(text))

    def _below(self, module: Module) -> set[str]:
        """Return the names of the modules of a package, empty for a module."""
        inside = f"{module.name}."
        names = (name for name in self.names() if name.startswith(inside))
        return {name.removeprefix(inside).split(".")[0] for name in names}

    def public(self) -> list[Symbol]:
        """Return the public functions and classes outside `dlnotes.book`, in order."""
        return [
            self.find(f"{name}.{statement.name}")
            for name in self.names()
            if not self.is_engine(name) and (module := self.module(name))
            for statement in module.tree.body
            if isinstance(statement, FUNCTION | ast.ClassDef)
            and not statement.name.startswith("_")
        ]


def _near(names: list[str]) -> str:
    return f"; did you mean {', '.join(names)}?" if names else ""
