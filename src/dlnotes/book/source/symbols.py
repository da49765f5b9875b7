"""Read a package's source as symbols, from its syntax trees and never by import."""

import ast
import difflib
import hashlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from dlnotes.book.errors import BookError
from dlnotes.book.source.syntax import (
    COMPOUND,
    FOR_SCRIPTS,
    FOR_TYPES,
    FUNCTION,
    IMPORT,
    bound_names,
    condition,
    first_line,
    imported,
    loaded,
    own_nodes,
)

T = TypeVar("T")


@dataclass
class Module:
    """One module: what its top level defines and imports.

    Attributes:
        definitions: the statements that bind or change each name, in order.
        bound: each statement with the names that it binds or changes, but by import.
        imports: what each imported name stands for, the last import of it.
        bindings: what each imported name may stand for, all imports of it.
        memo: what others have found out about this module, to find it only once.
    """

    name: str
    path: Path
    source: str
    tree: ast.Module
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, list[str]] = field(default_factory=dict)
    bound: list[tuple[ast.stmt, frozenset[str]]] = field(default_factory=list)
    memo: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for statement in self.tree.body:
            for node in self.imports_in(statement):
                found = imported(node, self.package)
                self.imports |= found
                for name, target in found.items():
                    self.bindings.setdefault(name, []).append(target)
            names = frozenset(bound_names(statement))
            self.bound.append((statement, names))
            for name in names:
                self.definitions.setdefault(name, []).append(statement)

    def imports_in(self, statement: ast.stmt) -> list[ast.Import | ast.ImportFrom]:
        """Return the imports in a statement that bind names of the module."""
        if not isinstance(statement, (*COMPOUND, ast.Import, ast.ImportFrom)):
            return []
        found = [n for n in own_nodes([statement]) if isinstance(n, IMPORT)]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """Return what `make` finds out about this module, which it does only once."""
        if key not in self.memo:
            self.memo[key] = make()
        found: T = self.memo[key]
        return found

    def is_skipped(self, statement: ast.stmt) -> bool:
        """Say whether importing the module never runs the body of this `if`."""
        test = condition(statement)
        return test in FOR_TYPES or (test == FOR_SCRIPTS and self.name != "__main__")

    def loaded_by(self, statement: ast.stmt) -> list[str]:
        """Return the dotted names that a statement imports when the module runs."""
        nodes = [] if self.is_skipped(statement) else self.imports_in(statement)
        return [name for node in nodes for name in loaded(node, self.package)]

    @cached_property
    def loads(self) -> list[str]:
        """The dotted names that importing this module imports, in order."""
        return [name for node in self.tree.body for name in self.loaded_by(node)]

    @cached_property
    def stars(self) -> list[str]:
        """The modules that this one imports with a star."""
        return [target for name, target in self.imports.items() if name[0] == "*"]

    def meanings(self, name: str) -> list[str]:
        """Return the absolute dotted names that a global dotted name may stand for.

        What the module neither defines nor imports is a builtin, unless a star import
        from outside brings it; stars within the package count in full elsewhere.
        """
        root, _, rest = name.partition(".")
        found = [f"{self.name}.{root}"] if root in self.definitions else []
        found += self.bindings.get(root, [])
        if not found:
            found = [f"{module}.{root}" for module in ["builtins", *self.stars]]
        return [f"{target}.{rest}".removesuffix(".") for target in found]


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
        found = hashlib.sha256()
        for path, data in self.files.items():
            name = path.relative_to(self.folder).as_posix()
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

    def _read(self, name: str) -> Module | None:
        parts = name.split(".")
        if parts[0] != self.package:
            return None
        base = self.folder.joinpath(*parts[1:])
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path in self.files and (path.stem == "__init__" or len(parts) > 1):
                break
        else:
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
            if not f"{name}.".startswith(f"{self.package}.book.")
            and (module := self.module(name))
            for statement in module.tree.body
            if isinstance(statement, FUNCTION | ast.ClassDef)
            and not statement.name.startswith("_")
        ]


def read_source(path: Path) -> str:
    """Read a file of Python source; one that is not UTF-8 is an author's to mend."""
    return decoded(path.read_bytes(), path)


def decoded(data: bytes, path: Path) -> str:
    """Return the text of a file of Python source, its lines ended as Python does."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BookError(f"not UTF-8 text at byte {error.start}", path) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(source: str, path: Path) -> ast.Module:
    """Parse Python source; a syntax error becomes one with file and line."""
    try:
        tree = ast.parse(source, filename=str(path))
        compile(tree, str(path), "exec", dont_inherit=True)
        return tree
    except SyntaxError as error:
        raise BookError(f"not valid Python: {error.msg}", path, error.lineno) from error
    except ValueError as error:
        raise BookError(f"not valid Python: {error}", path) from error


def _near(names: list[str]) -> str:
    return f"; did you mean {', '.join(names)}?" if names else ""


def holds(path: Path, source: str) -> bool:
    """Say whether a file holds some text."""
    return path.is_file() and path.read_text(encoding="utf-8") == source
