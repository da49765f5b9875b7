"""Read syntax trees: what code binds and imports, scope by scope."""

import ast
import copy
from collections.abc import Iterable, Iterator

COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
IMPORT = ast.Import | ast.ImportFrom
FOR_SCRIPTS = "__name__ == '__main__'"
AT_FULL_SCALE = "os.environ.get('DLNOTES_SCALE') == 'full'"
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITION = FUNCTION | ast.ClassDef


def is_text(statement: ast.stmt) -> bool:
    """Say whether a statement is a docstring, or another constant that does nothing."""
    is_constant = isinstance(getattr(statement, "value", None), ast.Constant)
    return isinstance(statement, ast.Expr) and is_constant


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


def first_line(statement: ast.stmt) -> int:
    """Return the line number that a statement starts on, decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(item.lineno for item in decorators)])


def own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that run in the scope of some code: no body of its own scope."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, DEFINITION):
            todo += node.decorator_list
        if isinstance(node, FUNCTION | ast.Lambda):
            todo += ast.iter_child_nodes(node.args)
            todo += [returns] if (returns := getattr(node, "returns", None)) else []
        elif isinstance(node, ast.ClassDef):
            todo += [*node.bases, *node.keywords]
        elif isinstance(node, ast.arg):
            todo += [node.annotation] if node.annotation else []
        elif isinstance(node, ast.comprehension):
            todo += [node.iter, *node.ifs]
        else:
            todo += ast.iter_child_nodes(node)


def bound_name(node: ast.AST) -> str | None:
    """Return the name that a node binds in the scope that it runs in."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return node.id
        case ast.MatchMapping():
            return node.rest
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return node.name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
    return None


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds or changes in its own scope.

    `TABLE["x"] = f` and `Model.forward = f` change `TABLE` and `Model`.
    """
    for node in own_nodes([statement]):
        if name := bound_name(node):
            yield name
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            while isinstance(node, ast.Subscript | ast.Attribute):
                node = node.value
                if isinstance(node, ast.Name):
                    yield node.id


class _AtDefaultScale(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST:
        is_left_out = condition(node) == AT_FULL_SCALE
        nothing = ast.copy_location(ast.Pass(), node)
        return nothing if is_left_out else self.generic_visit(node)


def at_default_scale(statement: ast.stmt) -> ast.stmt:
    """Return a statement without what runs at full scale alone."""
    conditions = (
        condition(node) for node in ast.walk(statement) if isinstance(node, ast.If)
    )
    if AT_FULL_SCALE not in conditions:
        return statement
    kept: ast.stmt = _AtDefaultScale().visit(copy.deepcopy(statement))
    return kept


def condition(statement: ast.stmt) -> str:
    """Return the condition of an `if` without `else` as text, empty for the rest."""
    is_plain = isinstance(statement, ast.If) and not statement.orelse
    return ast.unparse(statement.test) if is_plain else ""  # type: ignore[attr-defined]
