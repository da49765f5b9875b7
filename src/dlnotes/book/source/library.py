"""Read a package as symbols, from its syntax trees and never by import."""

import ast
import difflib
import hashlib
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
        self._modules: dict[str, Module | None] = {}

    @cached_property
    def files(self) -> dict[Path, bytes]:
        """The files of the package, all read at once: what follows is of one state."""
        return {path: path.read_bytes() for path in sorted(self.folder.rglob("*.py"))}

    @cached_property
    def digest(self) -> str:
        """A digest of the whole source of the package."""
        return self._digest(self.files)

    def digest_of(self, names: Iterable[str]) -> str:
        """Return a digest of the modules that some dotted names start with."""
        return self._digest(sorted({*filter(None, map(self._holder, names))}))

    def digest_reached(self, program: Module) -> str:
        """Return a digest of the modules that a program imports, those they import, ….

        The names of all modules belong to it: a new one can change what a name means.
        """
        found: dict[str, Module] = {}
        todo = [program]
        while todo:
            for name in todo.pop().names_imported:
                for start in _starts(name):
                    if start not in found and (module := self.module(start)):
                        found[start] = module
                        todo.append(module)
        reached = self._digest(sorted(module.path for module in found.values()))
        return hashlib.sha256("\n".join([*self.names(), reached]).encode()).hexdigest()

    def _digest(self, paths: Iterable[Path]) -> str:
        found = hashlib.sha256()
        for path in paths:
            name, data = path.relative_to(self.folder).as_posix(), self.files[path]
            found.update(f"{name}\0{len(data)}\0".encode() + data)
        return found.hexdigest()

    def module(self, name: str) -> Module | None:
        """Return a module of the package by dotted name, None where there is none."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def as_read(self) -> bool:
        """Say whether the files still hold what was read from them."""
        return Library(self.folder).digest == self.digest

    def _file(self, name: str) -> Path | None:
        parts = name.split(".")
        base = self.folder.joinpath(*parts[1:])
        paths = [base / "__init__.py", base.with_suffix(".py")][: len(parts)]
        found = (path for path in paths if path in self.files)
        return next(found, None) if parts[0] == self.package else None

    def _holder(self, name: str) -> Path | None:
        return next(filter(None, map(self._file, _starts(name))), None)

    def _read(self, name: str) -> Module | None:
        path = self._file(name)
        if path is None:
            return None
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        source = decoded(self.files[path], path)
        return Module(name, path, source, parse(source, path), package)

    def names(self) -> list[str]:
        """Return the dotted names of all modules of the package, sorted."""
        found = []
        for path in self.files:
            parts = [self.package, *path.relative_to(self.folder).with_suffix("").parts]
            found.append(".".join(parts).removesuffix(".__init__"))
        return sorted(found)

    def is_own(self, name: str) -> bool:
        """Say whether a dotted name starts with the package."""
        return name.split(".")[0] == self.package

    def is_engine(self, name: str) -> bool:
        """Say whether a module belongs to the engine, which no snippet uses."""
        return f"{name}.".startswith(f"{self.package}.book.")

    def split(self, name: str) -> tuple[Module | None, list[str]]:
        """Split a dotted name into the longest module it starts with and the rest."""
        parts = name.split(".")
        for size in range(len(parts), 0, -1):
            if module := self.module(".".join(parts[:size])):
                return module, parts[size:]
        return None, parts

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


def _starts(name: str) -> list[str]:
    """Return a dotted name and what it starts with, the longest first."""
    parts = name.split(".")
    return [".".join(parts[:size]) for size in range(len(parts), 0, -1)]


def _near(names: list[str]) -> str:
    return f"; did you mean {', '.join(names)}?" if names else ""
