"""Tell the expressions that only give a value from those that may do something."""

import ast
from collections.abc import Iterable
from enum import IntEnum

from dlnotes.book.harmless import DECORATORS, HOLDERS, METACLASSES, METHODS, is_harmless
from dlnotes.book.symbols import Library, Module
from dlnotes.book.syntax import FUNCTION, bound_name, dotted, own_nodes

Names = frozenset[str]
NONE: Names = frozenset()
HOOKS = ("__init_subclass__", "__class_getitem__", "__mro_entries__")


class Value(IntEnum):
    """What is known of an expression.

    ACTS: evaluating it may do something.
    QUIET: that does nothing, but operators on what it gives may.
    INERT: they do nothing either, but calling it may: a function, a class, a module.
    PLAIN: data.
    """

    ACTS = 0
    QUIET = 1
    INERT = 2
    PLAIN = 3


class Values:
    """Judges expressions at the top level of a library's modules."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def value(self, module: Module, node: ast.AST | None, local: Names = NONE) -> Value:
        """Judge an expression of a module.

        Args:
            module: where it stands.
            node: the expression; None, which a default may be, does nothing.
            local: the names that a class or comprehension around it binds.
        """

        def all_of(nodes: Iterable[ast.AST | None]) -> Value:
            found = (self.value(module, item, local) for item in nodes)
            return min(found, default=Value.PLAIN)

        match node:
            case ast.Name(id=name) if name not in local:
                return self._name(module, name)
            case ast.Attribute() if self._is_global(node, local):
                return self._name(module, dotted(node) or "")
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
                return all_of(ast.iter_child_nodes(node))
            case ast.Lambda(args=args):
                return min(Value.INERT, all_of([*args.defaults, *args.kw_defaults]))
            case ast.Call():
                return self._call(module, node, local)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                loops = node.generators
                names = map(bound_name, own_nodes(loop.target for loop in loops))
                local |= frozenset(filter(None, names))
                over = all_of(part for loop in loops for part in (loop.iter, *loop.ifs))
                shown = all_of(n for n in ast.iter_child_nodes(node) if n not in loops)
                return shown if over == Value.PLAIN else Value.ACTS
            case ast.Await() | ast.Yield() | ast.YieldFrom():
                return Value.ACTS
            case None | ast.Constant() | ast.Name():
                return Value.PLAIN
        found = all_of(ast.iter_child_nodes(node))
        return found if found >= Value.INERT else Value.ACTS

    def _is_global(self, node: ast.Attribute, local: Names) -> bool:
        name = dotted(node)
        return name is not None and name.split(".")[0] not in local

    def _name(self, module: Module, name: str) -> Value:
        return min(self._meaning(meant, NONE) for meant in self.meant(module, name))

    def _meaning(self, name: str, seen: Names) -> Value:
        """Judge what an absolute name stands for."""
        if not self.is_own(name):
            return Value.PLAIN
        module, rest = self.library.split(name)
        if module is None or name in seen:
            return Value.QUIET
        if not rest:
            return Value.INERT
        memo: dict[str, Value] = module.memo.setdefault("values", {})
        if rest[0] not in memo:
            memo[rest[0]] = Value.PLAIN  # of itself, until it is known
            every = module.definitions.get(rest[0], [])
            found = [self._defined(module, node) for node in every]
            for target in module.bindings.get(rest[0], []):
                found.append(self._meaning(target, seen | {name}))
            memo[rest[0]] = min(found, default=Value.QUIET)
        value = memo[rest[0]]
        if len(rest) > 1 and value < Value.PLAIN:
            return Value.QUIET if value == Value.INERT else Value.ACTS
        return value

    def _defined(self, module: Module, node: ast.stmt) -> Value:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Value.INERT if self.is_itself(module, node) else Value.QUIET
            case ast.ClassDef():
                return Value.INERT if self.is_ordinary(module, node) else Value.QUIET
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                is_hook = any(hook in ast.dump(node) for hook in HOOKS)
                return Value.QUIET if is_hook else self.value(module, node.value)
        return Value.QUIET

    def _call(self, module: Module, node: ast.Call, local: Names) -> Value:
        parts = [*node.args, *(item.value for item in node.keywords)]
        given = min((self.value(module, n, local) for n in parts), default=Value.PLAIN)
        name = dotted(node.func)
        if name and name.split(".")[0] not in local:
            meant = self.meant(module, name)
            if all(is_harmless(item) and not self.is_own(item) for item in meant):
                is_held = HOLDERS.issuperset(meant)
                return given if is_held or given == Value.PLAIN else Value.ACTS
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            of = self.value(module, node.func.value, local)
            is_outside = isinstance(node.func.value, ast.Name | ast.Attribute) and (
                not self._is_data(module, node.func.value, local)
            )
            if min(of, given) == Value.PLAIN and not is_outside:
                return Value.PLAIN
        return Value.ACTS

    def _is_data(self, module: Module, node: ast.expr, local: Names) -> bool:
        """Say whether a name stands for a thing of the package, not one outside."""
        name = dotted(node)
        if name is None or name.split(".")[0] in local:
            return True
        return all(map(self.is_own, self.meant(module, name)))

    def meant(self, module: Module, name: str) -> list[str]:
        """Return what a name may stand for; after a star, a builtin may be anything."""
        found = module.meanings(name)
        is_builtin = found[0].startswith("builtins.")
        if is_builtin and any(map(self.is_own, module.stars)):
            return [f"{self.library.package}.*"]
        return found

    def is_own(self, name: str) -> bool:
        """Say whether an absolute name lies in the package."""
        return name.split(".")[0] == self.library.package

    def is_ordinary(self, module: Module, node: ast.ClassDef) -> bool:
        """Say whether a class is what it looks like, and so are its subclasses.

        It is not if a decorator or a metaclass may make something else of it, or if it
        is told of its subclasses or of the brackets after it.
        """
        if any(hook in ast.dump(node) for hook in HOOKS):
            return False
        return self.is_itself(module, node) and self.has_quiet_bases(module, node)

    def decorates(self, module: Module, node: ast.expr, local: Names) -> bool:
        """Say whether a decorator is known to do nothing but return something new."""
        call = node if isinstance(node, ast.Call) else None
        name = dotted(call.func if call else node) or ""
        root, _, last = name.partition(".")
        if root in local:
            return last in ("setter", "getter", "deleter")
        parts = [*call.args, *(item.value for item in call.keywords)] if call else []
        is_known = bool(name) and DECORATORS.issuperset(self.meant(module, name))
        return is_known and all(self.value(module, part, local) for part in parts)

    def is_itself(self, module: Module, node: FUNCTION | ast.ClassDef) -> bool:
        """Say whether what a definition binds is what it defines."""
        return all(self.decorates(module, d, NONE) for d in node.decorator_list)

    def has_quiet_bases(self, module: Module, node: ast.ClassDef) -> bool:
        """Say whether the bases and the metaclass of a class do nothing to make it."""
        memo: dict[int, bool] = module.memo.setdefault("bases", {})
        if id(node) not in memo:
            memo[id(node)] = True  # of a class that is its own base, nothing follows
            metaclasses = [self._is_quiet_keyword(module, k) for k in node.keywords]
            bases = [self._is_quiet_base(module, base) for base in node.bases]
            memo[id(node)] = all([*metaclasses, *bases])
        return memo[id(node)]

    def _is_quiet_keyword(self, module: Module, keyword: ast.keyword) -> bool:
        name = dotted(keyword.value)
        meant = self.meant(module, name) if name else [""]
        return keyword.arg == "metaclass" and METACLASSES.issuperset(meant)

    def _is_quiet_base(self, module: Module, base: ast.expr) -> bool:
        if isinstance(base, ast.Subscript):
            if self.value(module, base.slice) < Value.INERT:
                return False
            base = base.value
        if dotted(base) is None:
            return self.value(module, base) == Value.PLAIN
        return self.value(module, base) >= Value.INERT
