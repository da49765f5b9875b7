"""Find the uses of global names in code, scope by scope."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlnotes.book.symbols import COMPREHENSION, dotted, imported, loaded

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Reference:
    """A use of a global name.

    Args:
        node: the name, or the whole chain of attributes that starts with it.
        name: the chain as written, or what a local import makes of it.
        is_absolute: the name starts with a package, not with a name of the module.
        local: the names bound in the functions around it, and in the class whose body
            it stands in; where the class binds its first name too, it may be either.
        is_import: the node only imports; what it binds is followed by name.
    """

    node: ast.expr | ast.stmt
    name: str
    is_absolute: bool
    local: frozenset[str]
    is_import: bool = False


@dataclass(frozen=True)
class _Scope:
    names: dict[str, str | None]
    is_class: bool = False


class _Visitor:
    def __init__(self, package: str) -> None:
        self.package = package
        self.scopes: list[_Scope] = []
        self.found: list[Reference] = []

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.Name():
                self._chain(node, node.id)
            case ast.Attribute() if name := dotted(node):
                self._chain(node, name)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case _:
                if annotation := getattr(node, "annotation", None):
                    self._strings(annotation)
                self._visit(ast.iter_child_nodes(node))

    def _visit(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _inside(self, scope: _Scope, nodes: Iterable[ast.AST]) -> None:
        """Visit the inside of a scope; a class's names do not reach into functions."""
        outside = self.scopes
        self.scopes = [*(item for item in outside if not item.is_class), scope]
        self._visit(nodes)
        self.scopes = outside

    def _add(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        is_absolute: bool = False,
        is_import: bool = False,
    ) -> None:
        local = frozenset(key for scope in self.scopes for key in scope.names)
        self.found.append(Reference(node, name, is_absolute, local, is_import))

    def _chain(self, node: ast.Name | ast.Attribute, name: str) -> None:
        root, _, rest = name.partition(".")
        in_class = bool(self.scopes) and self.scopes[-1].is_class
        if in_class and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            return
        for scope in reversed(self.scopes):
            if root in scope.names and not scope.is_class:
                if target := scope.names[root]:
                    self._add(node, f"{target}.{rest}".removesuffix("."), True)
                return
        self._add(node, name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        in_class = bool(self.scopes) and self.scopes[-1].is_class
        is_star = any(alias.name == "*" for alias in node.names)
        for target in loaded(node, self.package):
            self._add(node, target, True, is_import=not (in_class or is_star))

    def _strings(self, annotation: ast.expr) -> None:
        for node in _quoted(annotation):
            try:
                tree = ast.parse(str(node.value), mode="eval")
            except SyntaxError:
                continue
            for part in ast.walk(tree):
                if isinstance(part, ast.expr):
                    _shift(part, node)
            self.visit(tree)

    def _function(self, node: FUNCTION | ast.Lambda) -> None:
        self.visit(node.args)
        if not isinstance(node, ast.Lambda):
            self._visit(node.decorator_list)
            if node.returns:
                self._strings(node.returns)
                self.visit(node.returns)
        body = node.body if isinstance(node.body, list) else [node.body]
        names = self._bindings([*ast.iter_child_nodes(node.args), *body])
        self._inside(_Scope(names), body)

    def _class(self, node: ast.ClassDef) -> None:
        self._visit([*node.decorator_list, *node.bases, *node.keywords])
        names = dict.fromkeys(self._bindings([*node.body]))
        self._inside(_Scope(names, is_class=True), node.body)

    def _comprehension(self, node: ast.AST) -> None:
        parts = [*ast.iter_child_nodes(node)]
        loops = [part for part in parts if isinstance(part, ast.comprehension)]
        inside: list[ast.AST] = [part for part in parts if part not in loops]
        for number, loop in enumerate(loops):
            inside += [loop.target, *loop.ifs, *([loop.iter] if number else [])]
        self.visit(loops[0].iter)
        names = [n for loop in loops for n in ast.walk(loop.target)]
        self._inside(_Scope(self._bindings(names)), inside)

    def _bindings(self, todo: list[ast.AST]) -> dict[str, str | None]:
        """Map the names that code binds to None, or to the import they stand for."""
        names: dict[str, str | None] = {}
        free: set[str] = set()
        while todo:
            part = todo.pop()
            if isinstance(part, ast.Global | ast.Nonlocal):
                free |= set(part.names)
            elif isinstance(part, ast.Import | ast.ImportFrom):
                names |= imported(part, self.package)
            elif name := _bound(part):
                names.setdefault(name, None)
            if isinstance(part, COMPREHENSION):
                todo += [n for n in ast.walk(part) if isinstance(n, ast.NamedExpr)]
            elif not isinstance(part, FUNCTION | ast.Lambda | ast.ClassDef):
                todo += ast.iter_child_nodes(part)
        return {name: names[name] for name in names if name not in free}


def _bound(node: ast.AST) -> str | None:
    match node:
        case ast.arg():
            return node.arg
        case ast.Name(ctx=ast.Store()):
            return node.id
        case ast.MatchMapping():
            return node.rest
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return node.name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
    return None


def _quoted(annotation: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings of an annotation that stand for types."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        yield annotation
    is_literal = isinstance(annotation, ast.Subscript) and (
        dotted(annotation.value) or ""
    ).endswith("Literal")
    for part in () if is_literal else ast.iter_child_nodes(annotation):
        yield from _quoted(part)


def _shift(part: ast.expr, string: ast.Constant) -> None:
    """Move code parsed out of a string to where it stands, after one quote."""
    if part.lineno == 1:
        part.col_offset += string.col_offset + 1
    if part.end_lineno == 1 and part.end_col_offset is not None:
        part.end_col_offset += string.col_offset + 1
    part.lineno += string.lineno - 1
    part.end_lineno = (part.end_lineno or 1) + string.lineno - 1


def references(nodes: Iterable[ast.AST], package: str) -> list[Reference]:
    """Return every use of a global name in some statements of one module."""
    visitor = _Visitor(package)
    for node in nodes:
        visitor.visit(node)
    return visitor.found
