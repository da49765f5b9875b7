"""Find the uses of global names in code, scope by scope."""

import ast
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from dlnotes.book.source.scopes import Names, Scope, bindings, quoted, settle, shift
from dlnotes.book.source.syntax import FUNCTION, dotted, imported, loaded


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
        is_late: it stands in a function, which runs when it is called, or in the text
            of an annotation.
    """

    node: ast.expr | ast.stmt
    name: str
    is_absolute: bool
    local: frozenset[str]
    is_import: bool = False
    is_late: bool = False


class _Visitor:
    def __init__(self, package: str) -> None:
        self.package = package
        self.scopes: list[Scope] = []
        self.found: list[Reference] = []
        self.is_text = False

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                if not self._is_field(node.id):
                    self._chain(node, node.id)
            case ast.Name():
                self._chain(node, node.id)
            case ast.Attribute() if name := dotted(node):
                self._chain(node, name)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.AugAssign(target=ast.Name() as target):
                self._chain(target, target.id)
                self.visit(node.value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case _ if getattr(node, "type_params", None):  # an alias, `type A[T] = …`
                with self._types(node):
                    self._visit(ast.iter_child_nodes(node))
            case _:
                if annotation := getattr(node, "annotation", None):
                    self._strings(annotation)
                self._visit(ast.iter_child_nodes(node))

    def _visit(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    @contextmanager
    def _inside(self, scope: Scope) -> Iterator[None]:
        """Be inside a scope; the names of a class do not reach into functions."""
        outside = self.scopes
        self.scopes = [*(item for item in outside if not item.is_class), scope]
        yield
        self.scopes = outside

    def _types(self, node: ast.AST) -> AbstractContextManager[None]:
        """Be in the scope of type parameters, `def f[T]`, where there are any."""
        kinds = getattr(node, "type_params", [])
        names: Names = {kind.name: () for kind in kinds}
        return self._inside(Scope(names)) if kinds else nullcontext()

    def _is_field(self, name: str) -> bool:
        """Say whether binding a name here binds it in a class."""
        scope = self.scopes[-1] if self.scopes else None
        return bool(scope and scope.is_class and scope.names.get(name, ()) is not None)

    def _add(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        is_absolute: bool = False,
        is_import: bool = False,
    ) -> None:
        local = frozenset(
            key
            for scope in self.scopes
            for key in scope.names
            if scope.names[key] is not None
        )
        is_late = self.is_text or any(scope.is_late for scope in self.scopes)
        self.found.append(Reference(node, name, is_absolute, local, is_import, is_late))

    def _chain(self, node: ast.Name | ast.Attribute, name: str) -> None:
        root, _, rest = name.partition(".")
        for scope in reversed(self.scopes):
            if scope.knows(root):
                targets = scope.names[root]
                if targets is None:
                    break
                for target in targets:
                    self._add(node, f"{target}.{rest}".removesuffix("."), True)
                return
            if root in scope.names:
                break  # from a class, Python looks on in the module
        self._add(node, name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Add what a statement imports; what no name leads to counts as used."""
        names = imported(node, self.package)
        scope = self.scopes[-1] if self.scopes else Scope({})
        is_global = any(scope.names.get(name, ()) is None for name in names)
        is_star = any(alias.name == "*" for alias in node.names)
        is_import = not (scope.is_class or is_star or is_global)
        targets = loaded(node, self.package)
        if not is_import:
            targets += [name for name in names.values() if name not in targets]
        for target in targets:
            self._add(node, target, True, is_import)

    def _strings(self, annotation: ast.expr) -> None:
        for node in quoted(annotation):
            try:
                tree = ast.parse(str(node.value), mode="eval")
            except SyntaxError:
                continue
            for part in ast.walk(tree):
                if isinstance(part, ast.expr):
                    shift(part, node)
            self.is_text, was_text = True, self.is_text
            self.visit(tree)
            self.is_text = was_text

    def _function(self, node: FUNCTION | ast.Lambda) -> None:
        parts = [*ast.iter_child_nodes(node.args)]
        arguments = [part for part in parts if isinstance(part, ast.arg)]
        self._visit(getattr(node, "decorator_list", []))
        self._visit(part for part in parts if not isinstance(part, ast.arg))
        with self._types(node):
            self._visit(arguments)
            if returns := getattr(node, "returns", None):
                self._strings(returns)
                self.visit(returns)
            body = node.body if isinstance(node.body, list) else [node.body]
            names = {part.arg: () for part in arguments} | bindings(body, self.package)
            with self._inside(Scope(names, is_late=True)):
                self._visit(body)

    def _class(self, node: ast.ClassDef) -> None:
        self._visit(node.decorator_list)
        with self._types(node):
            self._visit([*node.bases, *node.keywords])
            scope = Scope(bindings(node.body, self.package), is_class=True)
            with self._inside(scope):
                for statement in node.body:
                    self.visit(statement)
                    settle(scope.certain, statement)

    def _comprehension(self, node: ast.AST) -> None:
        parts = [*ast.iter_child_nodes(node)]
        loops = [part for part in parts if isinstance(part, ast.comprehension)]
        inside: list[ast.AST] = [part for part in parts if part not in loops]
        for number, loop in enumerate(loops):
            inside += [loop.target, *loop.ifs, *([loop.iter] if number else [])]
        self.visit(loops[0].iter)
        names = bindings((loop.target for loop in loops), self.package)
        with self._inside(Scope(names)):
            self._visit(inside)


def references(nodes: Iterable[ast.AST], package: str) -> list[Reference]:
    """Return every use of a global name in some statements of one module."""
    visitor = _Visitor(package)
    for node in nodes:
        visitor.visit(node)
    return visitor.found
