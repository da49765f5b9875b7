"""Tell the statements that only bind names from those that may do more when they run.

Importing a module runs all of it. A function, an ordinary class or a literal matters to
those who use its name; everything else (a call, a subscript, a loop, an enumeration)
may register, patch, draw or raise, and matters to everybody who imports the module.
What is quiet is listed here, by form and by name; whatever is not listed acts.
"""

import ast
from collections.abc import Iterable

from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import FUNCTION, dotted

CALLS = {"dataclasses.field", "re.compile", "typing.NewType", "typing.TypeVar"}
BRACKETS = {
    *(f"builtins.{name}" for name in ("dict", "frozenset", "list", "set", "tuple")),
    "builtins.type",
}
TYPES = "collections.", "numpy.", "torch.", "typing."
DECORATORS = {
    "abc.abstractmethod",
    "builtins.classmethod",
    "builtins.property",
    "builtins.staticmethod",
    "contextlib.contextmanager",
    "dataclasses.dataclass",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.singledispatch",
    "functools.wraps",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.no_grad",
    "typing.final",
    "typing.overload",
    "typing.runtime_checkable",
}


class Acting:
    """Judges the top-level statements of a library's modules."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def of(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that may do more than bind names."""
        return module.once(
            ("acting",), lambda: [n for n in module.tree.body if self.acts(module, n)]
        )

    def acts(self, module: Module, node: ast.stmt) -> bool:
        """Say whether a statement, at the top of a module, may do more than bind."""
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                return False
            case ast.Expr(value=value):
                return not isinstance(value, ast.Constant)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return not self._is_quiet_function(module, node, set())
            case ast.ClassDef():
                return not self._is_quiet_class(module, node)
            case ast.Assign(targets=[ast.Name()], value=value):
                return not self._is_plain(module, value)
            case ast.Assign(targets=[ast.Tuple() as names], value=ast.Tuple() as value):
                return not _pairs_off(names, value) or not _is_number(value)
            case ast.AnnAssign(target=ast.Name(), annotation=kind, value=value):
                return not self._are_plain(module, [kind, value])
            case ast.If():
                return not module.is_skipped(node)
        return True

    def _is_quiet_function(
        self, module: Module, node: FUNCTION, local: set[str]
    ) -> bool:
        """Say whether defining a function only binds it: decorators, defaults, types.

        `local` are the names of properties that the class around it has.
        """
        given = node.args
        parts = [*given.defaults, *given.kw_defaults, node.returns]
        parts += [n.annotation for n in ast.walk(given) if isinstance(n, ast.arg)]
        decorators = [
            item for item in node.decorator_list if not _completes(item, local)
        ]
        return self._decorate(module, decorators) and self._are_plain(module, parts)

    def _is_quiet_class(self, module: Module, node: ast.ClassDef) -> bool:
        """Say whether a class only binds: bases not told of it, statements quiet."""
        if not self._is_ordinary(module, node):
            return False
        local: set[str] = set()
        for item in node.body:
            if isinstance(item, FUNCTION):
                if not self._is_quiet_function(module, item, local):
                    return False
                local.add(item.name)
            elif self.acts(module, item):
                return False
        return True

    def _is_ordinary(self, module: Module, node: ast.ClassDef) -> bool:
        """Say whether making a class, or one of its subclasses, calls nothing."""
        known: dict[int, bool] = module.memo.setdefault("ordinary", {})
        if id(node) not in known:
            known[id(node)] = False  # of a class that is its own base
            known[id(node)] = (
                not node.keywords
                and self._decorate(module, node.decorator_list)
                and all(self._is_type(module, base) for base in node.bases)
            )
        return known[id(node)]

    def _decorate(self, module: Module, decorators: Iterable[ast.expr]) -> bool:
        """Say whether decorators are known to do nothing but return something new."""
        for node in decorators:
            called = node.func if isinstance(node, ast.Call) else node
            if not DECORATORS.issuperset(self._meanings(module, called)):
                return False
            if called is not node and not self._are_plain(module, _given(node)):
                return False
        return True

    def _are_plain(self, module: Module, nodes: Iterable[ast.expr | None]) -> bool:
        return all(node is None or self._is_plain(module, node) for node in nodes)

    def _is_plain(self, module: Module, node: ast.expr) -> bool:
        """Say whether an expression is a literal, a name or a type."""
        match node:
            case ast.Constant() | ast.Name():
                return True
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return self._are_plain(module, items)
            case ast.Set(elts=items):
                return all(map(_is_number, items))
            case ast.Dict(keys=keys, values=items):
                is_known = all(key is not None and _is_number(key) for key in keys)
                return is_known and self._are_plain(module, items)
            case ast.Lambda(args=given):
                parts = [*given.defaults, *given.kw_defaults]
                return self._are_plain(module, parts)
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="split")):
                return all(map(_is_number, _given(node)))
            case ast.Call(func=called):
                known = CALLS.issuperset(self._meanings(module, called))
                return known and self._are_plain(module, _given(node))
        return _is_number(node) or self._is_type(module, node)

    def _is_type(self, module: Module, node: ast.expr) -> bool:
        """Say whether an expression stands for a type, and finding it calls nothing."""
        match node:
            case ast.Constant(value=value):
                return value is None or isinstance(value, str)
            case ast.Name() | ast.Attribute():
                found = self._meanings(module, node)
                return all(self._names_type(name, frozenset()) for name in found)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self._is_type(module, left) and self._is_type(module, right)
            case ast.Subscript(value=of, slice=inside):
                found = self._meanings(module, of)
                can = all(
                    name in BRACKETS
                    or self.library.is_own(name)
                    or name.startswith(TYPES)
                    for name in found
                )
                return can and self._is_type(module, of) and self._fits(module, inside)
        return False

    def _fits(self, module: Module, node: ast.expr) -> bool:
        """Say whether what stands in the brackets of a type is one, or several."""
        if isinstance(node, ast.Tuple | ast.List):
            return all(self._fits(module, item) for item in node.elts)
        return isinstance(node, ast.Constant) or self._is_type(module, node)

    def _names_type(self, name: str, seen: frozenset[str]) -> bool:
        """Say whether an absolute name stands for a type that calls nothing."""
        if not self.library.is_own(name):
            return name.split(".")[0] != "enum"
        module, rest = self.library.split(name)
        if module is None or len(rest) != 1 or name in seen:
            return False
        every = module.definitions.get(rest[0], [])
        targets = module.bindings.get(rest[0], [])
        return bool(every or targets) and all(
            [
                *(self._defines_type(module, node) for node in every),
                *(self._names_type(to, seen | {name}) for to in targets),
            ]
        )

    def _defines_type(self, module: Module, node: ast.stmt) -> bool:
        match node:
            case ast.ClassDef():
                return self._is_ordinary(module, node)
            case ast.Assign(targets=[ast.Name()], value=value):
                return not isinstance(value, ast.Name) and self._is_type(module, value)
        return False

    def _meanings(self, module: Module, node: ast.expr) -> list[str]:
        """Return what a dotted name may stand for."""
        name = dotted(node)
        if name is None:
            return [""]
        return module.meanings(name)


def _completes(node: ast.expr, local: set[str]) -> bool:
    """Say whether a decorator is `@size.setter` of a property of the class."""
    root, _, last = (dotted(node) or "").partition(".")
    return root in local and last in ("setter", "getter", "deleter")


def _given(call: ast.expr) -> list[ast.expr]:
    assert isinstance(call, ast.Call)
    return [*call.args, *(item.value for item in call.keywords)]


def _pairs_off(names: ast.Tuple, value: ast.Tuple) -> bool:
    """Say whether each name gets a value of its own."""
    are_names = all(isinstance(name, ast.Name) for name in names.elts)
    return are_names and len(names.elts) == len(value.elts)


def _is_number(node: ast.expr) -> bool:
    """Say whether an expression is made of constants alone."""
    inside = ast.Constant | ast.UnaryOp | ast.BinOp | ast.Tuple | ast.operator
    return all(
        isinstance(part, inside | ast.unaryop | ast.expr_context)
        for part in ast.walk(node)
    )
