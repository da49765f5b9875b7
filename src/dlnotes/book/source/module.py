"""Read one module from its text: what its top level defines and imports."""

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from dlnotes.book.errors import BookError
from dlnotes.book.source.syntax import (
    COMPOUND,
    FOR_SCRIPTS,
    IMPORT,
    bound_names,
    condition,
    imported,
    loaded,
    own_nodes,
)

T = TypeVar("T")
PARSING = Lock()  # filters of warnings are those of the whole process
COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
UTF_8 = re.compile(r"utf[-_]?8(-.*)?", re.IGNORECASE)


@dataclass
class Module:
    """One module: what its top level defines and imports.

    Attributes:
        definitions: the statements that bind or change each name, in order.
        imports: what each imported name stands for, the last import of it.
        memo: what others have found out about this module, to find it only once.
    """

    name: str
    path: Path
    source: str
    tree: ast.Module
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for statement in self.tree.body:
            for node in self.imports_in(statement):
                self.imports |= imported(node, self.package)
            for name in frozenset(bound_names(statement)):
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
        return condition(statement) == FOR_SCRIPTS and self.name != "__main__"

    def loaded_by(self, statement: ast.stmt) -> list[str]:
        """Return the dotted names that a statement imports when the module runs."""
        nodes = [] if self.is_skipped(statement) else self.imports_in(statement)
        return [name for node in nodes for name in loaded(node, self.package)]

    @cached_property
    def declared(self) -> frozenset[str]:
        """The names that functions in it declare as global."""
        found = (n.names for n in ast.walk(self.tree) if isinstance(n, ast.Global))
        return frozenset(name for names in found for name in names)

    @cached_property
    def names_imported(self) -> frozenset[str]:
        """The dotted names that any statement in it imports, whenever that runs."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, IMPORT))
        return frozenset(n for node in nodes for n in loaded(node, self.package))

    @cached_property
    def loads(self) -> list[str]:
        """The dotted names that importing this module imports, in order."""
        return [name for node in self.tree.body for name in self.loaded_by(node)]

    def meaning(self, name: str) -> str:
        """Return the absolute dotted name that a global dotted name stands for.

        What the module neither imports nor defines is a builtin.
        """
        root, _, rest = name.partition(".")
        home = self.name if root in self.definitions else "builtins"
        target = self.imports.get(root, f"{home}.{root}")
        return f"{target}.{rest}".removesuffix(".")


def read_source(path: Path) -> str:
    """Read a file of Python source; one that is not UTF-8 is an author's to mend."""
    return decoded(path.read_bytes(), path)


def decoded(data: bytes, path: Path) -> str:
    """Return the text of a file of Python source, its lines ended as Python does."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BookError(f"not UTF-8 text at byte {error.start}", path) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n")[:2], 1):
        other = COOKIE.match(line)
        if other and not UTF_8.fullmatch(other[1]):
            why = f"the encoding {other[1]}: store the file as UTF-8"
            raise BookError(why, path, number)
    return text


def parse(source: str, path: Path) -> ast.Module:
    """Parse Python source; a syntax error becomes one with file and line."""
    try:
        with PARSING, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")  # what a run would show
            tree = ast.parse(source, filename=str(path))
            compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise BookError(f"not valid Python: {error.msg}", path, error.lineno) from error
    except ValueError as error:
        raise BookError(f"not valid Python: {error}", path) from error
    for item in told:
        if item.filename == str(path):
            raise BookError(f"not valid Python: {item.message}", path, item.lineno)
    return tree
