"""Tell the statements that only bind names from those that do more when they run.

Importing a module runs all of it. A statement that merely binds names matters to those
who use the names; one that may do more (register, patch, draw a random number, raise)
matters to everybody who imports the module. When in doubt, it does more.
"""

import ast
from collections.abc import Iterable

from dlnotes.book.symbols import Module
from dlnotes.book.syntax import FUNCTION, bound_name, own_nodes
from dlnotes.book.values import NONE, Names, Value, Values

LITERAL = ast.Dict | ast.List | ast.Set | ast.Constant | ast.JoinedStr
COMPREHENSION = ast.DictComp | ast.ListComp | ast.SetComp


class Effects(Values):
    """Judges the top-level statements of a library's modules."""

    def of(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that may do more than bind names."""
        found: list[ast.stmt] | None = module.memo.get("effects")
        if found is None:
            found = [node for node in module.tree.body if self.acts(module, node)]
            module.memo["effects"] = found
        return found

    def acts(self, module: Module, statement: ast.stmt, local: Names = NONE) -> bool:
        """Say whether a statement may do more than bind names.

        Args:
            module: where it stands.
            statement: at the top of the module, or in a class or block there.
            local: the names that the class around it binds.
        """

        def value(node: ast.expr | None) -> Value:
            return self.value(module, node, local)

        def targets(nodes: Iterable[ast.expr]) -> bool:
            return any(self._target_acts(module, node, local) for node in nodes)

        def block(statements: Iterable[ast.stmt]) -> bool:
            return any(self.acts(module, item, local) for item in statements)

        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                return False
            case ast.Expr(value=node):
                return not value(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._function_acts(module, statement, local)
            case ast.ClassDef():
                return self._class_acts(module, statement, local)
            case ast.AnnAssign(annotation=kind, target=target):
                typed = self._quotes(module) or value(kind)
                return not (typed and value(statement.value)) or targets([target])
            case ast.Assign(value=node):
                return not value(node) or targets(statement.targets)
            case ast.AugAssign(target=ast.Name(id=name) as target, value=node):
                fresh = name in local or self._is_fresh(module, target)
                return not fresh or value(node) < Value.INERT
            case ast.AugAssign(target=target, value=node):
                return targets([target]) or value(node) < Value.INERT
            case ast.Delete(targets=names):
                return targets(names)
            case ast.If() if module.is_skipped(statement):
                return False
            case ast.If(test=test, body=body, orelse=other):
                return value(test) < Value.INERT or block([*body, *other])
            case ast.For(target=target, iter=over, body=body, orelse=other):
                plain = value(over) == Value.PLAIN
                return not plain or targets([target]) or block([*body, *other])
        return True

    def _function_acts(self, module: Module, node: FUNCTION, local: Names) -> bool:
        """Say whether defining a function acts: its decorators, defaults, types."""
        parts = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        if not self._quotes(module):
            every = [part for part in ast.walk(node.args) if isinstance(part, ast.arg)]
            parts += [part.annotation for part in every if part.annotation]
            parts += [node.returns] if node.returns else []
        decorated = [self.decorates(module, d, local) for d in node.decorator_list]
        quiet = [bool(self.value(module, part, local)) for part in parts]
        return not all([*decorated, *quiet])

    def _class_acts(self, module: Module, node: ast.ClassDef, local: Names) -> bool:
        """Say whether defining a class acts: bases told of it, statements in it."""
        decorated = [self.decorates(module, d, local) for d in node.decorator_list]
        if not all(decorated) or not self.has_quiet_bases(module, node):
            return True
        for statement in node.body:
            if isinstance(statement, ast.Global) or self.acts(module, statement, local):
                return True
            local |= frozenset(filter(None, map(bound_name, own_nodes([statement]))))
        return False

    def _quotes(self, module: Module) -> bool:
        """Say whether a module's annotations stay text."""
        return "__future__.annotations" in module.bindings.get("annotations", [])

    def _target_acts(self, module: Module, target: ast.expr, local: Names) -> bool:
        """Say whether assigning to a target may change more than the names in it."""
        match target:
            case ast.Name():
                return False
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return any(self._target_acts(module, item, local) for item in items)
            case ast.Starred(value=item):
                return self._target_acts(module, item, local)
            case ast.Subscript(value=ast.Name() as root, slice=key):
                inert = self.value(module, key, local) >= Value.INERT
                return not inert or not self._is_fresh(module, root)
            case ast.Attribute(value=ast.Name() as root):
                return not self._is_fresh(module, root)
        return True

    def _is_fresh(self, module: Module, name: ast.Name) -> bool:
        """Say whether no other name stands for the object that a name stands for."""
        every = module.definitions.get(name.id, [])
        known = every and name.id not in module.bindings
        return bool(known) and all(self._is_new(module, name.id, n) for n in every)

    def _is_new(self, module: Module, name: str, node: ast.stmt) -> bool:
        """Say whether a statement binds a name to a new object, or only changes it."""
        if name not in map(bound_name, own_nodes([node])):
            return True
        match node:
            case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
                return isinstance(node.value, LITERAL | COMPREHENSION)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self.is_itself(module, node)
            case ast.ClassDef():
                return self.is_ordinary(module, node)
        return isinstance(node, ast.AugAssign | ast.Delete)
