"""Read a package's source as symbols, from its syntax trees and never by import."""

import ast
import difflib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dlnotes.book.errors import BookError

COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
IMPORT = ast.Import | ast.ImportFrom
FOR_TYPES = {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
FOR_SCRIPTS = "__name__ == '__main__'"
HARMLESS_DECORATORS = {
    "staticmethod",
    "classmethod",
    "property",
    "dataclass",
    "dataclasses.dataclass",
    "contextmanager",
    "contextlib.contextmanager",
    "cache",
    "functools.cache",
    "lru_cache",
    "functools.lru_cache",
    "functools.wraps",
    "torch.no_grad",
    "torch.inference_mode",
}


def dotted(node: ast.expr) -> str | None:
    """Return `a.b.c` for a chain of attributes on a plain name, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def imported(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, str]:
    """Map the names an import statement binds to what they stand for.

    Args:
        node: the statement.
        package: the package that relative imports start from.

    Returns:
        name -> absolute dotted name; a star import is under `*<module>`.
    """
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.split(".")[0]: (
                alias.name if alias.asname else alias.name.split(".")[0]
            )
            for alias in node.names
        }
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        kept = parents[: len(parents) - node.level + 1]
        base = ".".join([*kept, base] if base else kept)
    return {
        f"*{base}" if alias.name == "*" else (alias.asname or alias.name): (
            base if alias.name == "*" else f"{base}.{alias.name}"
        )
        for alias in node.names
    }


def loaded(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """Return the dotted names, of modules or in modules, that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return list(imported(node, package).values())


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds or changes in its own scope.

    `TABLE["x"] = f` and `Model.forward = f` change `TABLE` and `Model`.
    """
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, COMPREHENSION):
            todo += [n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            if name := _bound_name(node):
                yield name
            todo += ast.iter_child_nodes(node)


def _bound_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return node.name
    if isinstance(node, ast.MatchMapping):
        return node.rest
    if not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return None
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def condition(statement: ast.stmt) -> str:
    """Return the condition of an `if` without `else` as text, empty for the rest."""
    is_plain = isinstance(statement, ast.If) and not statement.orelse
    return ast.unparse(statement.test) if is_plain else ""  # type: ignore[attr-defined]


@dataclass
class Module:
    """One module: what its top level defines, imports and does when imported."""

    name: str
    path: Path
    source: str
    tree: ast.Module
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)

    def __post_init__(self) -> None:
        for statement in self.tree.body:
            self._add(statement)

    def _add(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self.imports |= imported(statement, self.package)
            return
        names = set(bound_names(statement))
        for node in ast.walk(statement) if isinstance(statement, COMPOUND) else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= imported(node, self.package)
        for name in names:
            self.definitions.setdefault(name, []).append(statement)
        if self.is_skipped(statement):
            return
        if self._acts(statement) or names & set(self.imports):
            self.effects.append(statement)

    def is_skipped(self, statement: ast.stmt) -> bool:
        """Say whether importing the module never runs the body of this `if`."""
        test = condition(statement)
        return test in FOR_TYPES or (test == FOR_SCRIPTS and self.name != "__main__")

    @cached_property
    def loads(self) -> list[str]:
        """The dotted names that importing this module imports, in order."""
        found: list[str] = []
        for statement in self.tree.body:
            is_block = isinstance(statement, COMPOUND)
            for node in ast.walk(statement) if is_block else [statement]:
                if isinstance(node, IMPORT) and not self.is_skipped(statement):
                    found += loaded(node, self.package)
        return found

    def _acts(self, statement: ast.stmt) -> bool:
        """Say whether a statement may change more than the names it binds."""
        if isinstance(statement, ast.Expr):
            return not isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.ClassDef) and statement.keywords:
            return True
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            for decorator in statement.decorator_list:
                is_call = isinstance(decorator, ast.Call)
                name = dotted(decorator.func if is_call else decorator)  # type: ignore[attr-defined]
                if name not in HARMLESS_DECORATORS:
                    return True
            return False
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return any(
                isinstance(node, ast.Call)
                and (name := dotted(node.func)) is not None
                and self._is_own_function(name)
                for node in ast.walk(statement)
            )
        return isinstance(statement, COMPOUND)

    def _is_own_function(self, name: str) -> bool:
        root = name.split(".")[0]
        target = self.imports.get(root, "")
        return root in self.definitions or target.startswith(
            self.name.split(".")[0] + "."
        )

    @cached_property
    def stars(self) -> list[str]:
        """The modules that this one imports with a star."""
        return [target for name, target in self.imports.items() if name[0] == "*"]


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

    def module(self, name: str) -> Module | None:
        """Return a module of the package by dotted name, None where there is none."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> Module | None:
        parts = name.split(".")
        if parts[0] != self.package:
            return None
        base = self.folder.joinpath(*parts[1:])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file() and (path.stem == "__init__" or len(parts) > 1):
                break
        else:
            return None
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        source = path.read_text(encoding="utf-8")
        return Module(name, path, source, parse(source, path), package)

    def names(self) -> list[str]:
        """Return the dotted names of all modules of the package, sorted."""
        found = []
        for path in self.folder.rglob("*.py"):
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
        if module is None or not rest:
            near = difflib.get_close_matches(name, self.names(), 3, 0.5)
            what = "is a module, not a symbol" if module else "is not in the package"
            raise BookError(f"{name} {what}{_near(near)}")
        nodes = module.definitions.get(rest[0], [])
        body: list[ast.stmt] = module.tree.body
        for depth, part in enumerate(rest):
            found = [n for n in body if part in set(bound_names(n))] if depth else nodes
            if not found:
                known = sorted({name for node in body for name in bound_names(node)})
                close = difflib.get_close_matches(part, known, 3, 0.5)
                where = ".".join([module.name, *rest[:depth]])
                raise BookError(f"{where} has no symbol {part!r}{_near(close)}")
            node = found[0]
            body = node.body if isinstance(node, ast.ClassDef) else []
        first = min(
            [node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]
        )
        last = node.end_lineno or first
        lines = module.source.splitlines()[first - 1 : last]
        text = textwrap.dedent("\n".join(lines))
        return Symbol(name, module.path, first, last, text)

    def public(self) -> list[Symbol]:
        """Return the public functions and classes outside `dlnotes.book`, in order."""
        return [
            self.find(f"{name}.{statement.name}")
            for name in self.names()
            if not f"{name}.".startswith(f"{self.package}.book.")
            and (module := self.module(name))
            for statement in module.tree.body
            if isinstance(statement, ast.FunctionDef | ast.ClassDef)
            and not statement.name.startswith("_")
        ]


def parse(source: str, path: Path) -> ast.Module:
    """Parse Python source; a syntax error becomes one with file and line."""
    try:
        return ast.parse(source, filename=str(path))
    except SyntaxError as error:
        raise BookError(f"not valid Python: {error.msg}", path, error.lineno) from error


def _near(names: list[str]) -> str:
    return f"; did you mean {', '.join(names)}?" if names else ""
