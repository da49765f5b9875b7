"""Tell the statements that only bind names from those that may do more when they run.

Importing a module runs all of it. A function, an ordinary class or a literal matters to
those who use its name; everything else (a call, a subscript, a loop, an enumeration)
may register, patch, draw or raise, and matters to everybody who imports the module.
What is quiet is listed here, by form and by name; whatever is not listed acts.
"""

import ast

from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import DEFINITION, bound_names, dotted, own_nodes

CALLS = {"dataclasses.field", "re.compile", "typing.NewType", "typing.TypeVar"}
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
BASES = (  # that call nothing of a class when it is made, or only look at it
    *("abc.ABC", "builtins.", "collections.", "contextlib.", "threading.", "typing."),
    *("torch.Tensor", "torch.autograd.Function", "torch.distributions."),
    *("torch.nn.", "torch.optim.", "torch.utils.data."),
)
GENERIC = (  # take types in brackets
    *(f"builtins.{name}" for name in ("dict", "frozenset", "list", "set", "tuple")),
    *("builtins.type", "collections.", "numpy.", "torch.", "typing."),
)
LITERALS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.arg, ast.Lambda, ast.keyword),
    *(ast.Assign, ast.AnnAssign, ast.expr_context, ast.operator, ast.unaryop),
    *(ast.Constant, ast.Name, ast.Tuple, ast.List),
)


class Acting:
    """Judges the top-level statements of a library's modules."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def of(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that may do more than bind names."""
        return [node for node in module.tree.body if self.acts(module, node)]

    def acts(self, module: Module, node: ast.stmt) -> bool:
        """Say whether a statement, at the top of a module, may do more than bind."""
        known: dict[int, bool] = module.memo.setdefault("acts", {})
        if id(node) not in known:
            known[id(node)] = True  # of a class that is its own base
            known[id(node)] = not self._is_quiet(module, node)
        return known[id(node)]

    def _is_quiet(self, module: Module, node: ast.stmt) -> bool:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                return True
            case ast.Expr(value=value):
                return isinstance(value, ast.Constant)
            case ast.If():
                return module.is_skipped(node)
            case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
                return self._is_plain(module, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._is_plain(module, node)
            case ast.Assign(targets=[ast.Tuple() as names], value=ast.Tuple() as value):
                return _pair_off(names, value) and self._is_plain(module, node)
            case ast.ClassDef(body=body):
                fields = (getattr(item, "value", None) for item in body)
                are_inert = all(self._is_inert(module, value) for value in fields)
                inside = all(self._is_quiet(module, item) for item in body)
                is_quiet = are_inert and inside and self._is_plain(module, node)
                return is_quiet and not _uses_own(body)
        return False

    def _is_plain(self, module: Module, statement: ast.stmt) -> bool:
        """Say whether all that a statement evaluates as it runs calls nothing."""
        decorators = getattr(statement, "decorator_list", [])
        parts = [part for part in own_nodes([statement]) if part not in decorators]
        return all(
            [
                *(self._is_known(module, item, DECORATORS) for item in decorators),
                *(self._calls_nothing(module, part) for part in parts),
            ]
        )

    def _calls_nothing(self, module: Module, node: ast.AST) -> bool:
        """Say whether a part of code, but for what is in it, calls nothing unknown."""
        match node:
            case ast.Call():
                return self._is_known(module, node, CALLS)
            case ast.Attribute():
                held = map(module.meaning, _names(node))
                return not any(map(self.library.is_own, held))
            case ast.ClassDef(bases=bases, keywords=[]):
                are_known = all(self._is_base(module, base) for base in bases)
                return are_known and self._are_types(module, *bases)
            case ast.Subscript(value=ast.Name() | ast.Attribute() as of):
                meant = module.meaning(dotted(of) or "")
                can = self.library.is_own(meant) or meant.startswith(GENERIC)
                return can and self._are_types(module, node)
            case ast.BinOp(op=ast.BitOr()):
                return self._are_types(module, node)
            case ast.BinOp() | ast.UnaryOp() | ast.Set():
                return not _names(node)
            case ast.Dict(keys=keys):
                return None not in keys and not _names(*filter(None, keys))
        return isinstance(node, LITERALS)

    def _is_known(self, module: Module, node: ast.expr, names: set[str]) -> bool:
        """Say whether what is called, perhaps as a decorator, is among some names."""
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            are_inert = all(self._is_inert(module, value) for value in given)
            return are_inert and self._is_known(module, node.func, names)
        name = dotted(node)
        return name is not None and module.meaning(name) in names

    def _is_inert(self, module: Module, value: ast.expr | None) -> bool:
        """Say whether a value runs no code of the package when it is looked at.

        What makes a class, or a decorator, looks at what it finds there.
        """
        if not isinstance(value, ast.Name):
            return True
        every = self._own(module.meaning(value.id)) or []
        return all(isinstance(n, DEFINITION) or _is_literal(n) for n in every)

    def _is_base(self, module: Module, base: ast.expr) -> bool:
        """Say whether to derive a class from another calls nothing of either."""
        name = dotted(base.value if isinstance(base, ast.Subscript) else base) or ""
        meant = module.meaning(name)
        every = self._own(meant)
        if every is None:
            return meant.startswith(BASES)
        return all(isinstance(node, ast.ClassDef) for node in every)

    def _own(self, meant: str) -> list[ast.stmt] | None:
        """Return the statements of the package that bind a dotted name, or None."""
        owner, rest = self.library.split(meant)
        if owner is None or not rest:
            return None
        if rest[0] in owner.definitions:
            return owner.definitions[rest[0]]
        return self._own(owner.imports.get(rest[0], ""))

    def _are_types(self, module: Module, *nodes: ast.AST) -> bool:
        return all(self._is_type(module, name) for name in _names(*nodes))

    def _is_type(self, module: Module, name: str) -> bool:
        """Say whether a global name stands for a type that calls nothing."""
        every = module.definitions.get(name, [])
        if not all(_may_be_type(n) and not self.acts(module, n) for n in every):
            return False
        target = module.imports.get(name, "")
        owner, rest = self.library.split(target)
        if owner and len(rest) == 1:
            return self._is_type(owner, rest[0])
        return not self.library.is_own(target)


def _pair_off(names: ast.Tuple, value: ast.Tuple) -> bool:
    """Say whether each of some plain names gets a value of its own."""
    are_names = all(isinstance(name, ast.Name) for name in names.elts)
    return are_names and len(names.elts) == len(value.elts)


def _uses_own(body: list[ast.stmt]) -> bool:
    """Say whether the body of a class does more with its names than give them others.

    They hide those of the module, by which the rest of the body is judged.
    """
    bound = {name for statement in body for name in bound_names(statement)}
    others = (node for node in body if not _is_alias(node))
    names = (node for node in own_nodes(others) if isinstance(node, ast.Name))
    return any(isinstance(n.ctx, ast.Load) and n.id in bound for n in names)


def _is_alias(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)


def _is_literal(node: ast.stmt) -> bool:
    kinds = ast.Constant | ast.Dict | ast.List | ast.Set | ast.Tuple | ast.UnaryOp
    return isinstance(getattr(node, "value", None), kinds)


def _may_be_type(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    alias = ast.Attribute | ast.BinOp | ast.Subscript
    return isinstance(node, ast.ClassDef) or isinstance(value, alias)


def _names(*nodes: ast.AST) -> list[str]:
    parts = (part for node in nodes for part in ast.walk(node))
    return [part.id for part in parts if isinstance(part, ast.Name)]
