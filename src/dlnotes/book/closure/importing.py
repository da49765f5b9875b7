"""Follow what happens, in which order, when a module is imported."""

import ast
import builtins
from collections.abc import Collection

from dlnotes.book.source.module import Module
from dlnotes.book.source.references import Reference, references
from dlnotes.book.source.syntax import (
    COMPOUND,
    FUNCTION,
    IMPORT,
    bound_name,
    imported,
    own_nodes,
)

GIVEN = {*dir(builtins), "__annotations__", "__file__", "__path__"}


def unbound(module: Module) -> list[str]:
    """Return the names that importing a module looks for and does not find."""
    if module.stars:
        return []
    known, missing = set(GIVEN), []
    texts = _annotations(module.tree) if _keeps_annotations(module) else set()
    for statement in module.tree.body:
        ran = statement
        if isinstance(statement, ast.If) and module.is_skipped(statement):
            ran = ast.Expr(statement.test)
        nodes = list(own_nodes([ran]))
        inside = nodes if isinstance(statement, COMPOUND) else _walrus(nodes)
        known.update(name for node in inside if (name := bound_name(node)))
        for reference in references([ran], module.package):
            root = reference.name.split(".")[0]
            is_text = id(reference.node) in texts
            if _reads(reference, statement) and root not in known and not is_text:
                missing.append(root)
        for node in nodes:
            if name := bound_name(node):
                known.add(name)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
                    known.discard(name)
            elif isinstance(node, IMPORT):
                known.update(imported(node, module.package))
    return missing


def _walrus(nodes: list[ast.AST]) -> list[ast.AST]:
    return [node.target for node in nodes if isinstance(node, ast.NamedExpr)]


def _reads(reference: Reference, statement: ast.stmt) -> bool:
    """Say whether a reference looks a name of the module up while that is imported."""
    if reference.is_late or reference.is_absolute or reference.is_import:
        return False
    if isinstance(statement, ast.AugAssign) and reference.node is statement.target:
        return True
    is_name = isinstance(reference.node, ast.Name)
    return not (is_name and isinstance(reference.node.ctx, ast.Store))  # type: ignore[union-attr]


def _keeps_annotations(module: Module) -> bool:
    return "__future__.annotations" in module.bindings.get("annotations", [])


def _annotations(tree: ast.Module) -> set[int]:
    """Return the ids of the nodes in annotations."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        found += filter(
            None, [getattr(node, name, None) for name in ("annotation", "returns")]
        )
    return {id(part) for node in found for part in ast.walk(node)}


def order_of(
    module: Module, names: Collection[str], acting: Collection[ast.stmt]
) -> list[str]:
    """Return what tells orders of a module's statements apart that may differ.

    Args:
        module: where the statements stand.
        names: those of the module that matter.
        acting: the statements that do more than bind names.

    Returns:
        the names bound by each statement that matters, in order; empty where the order
        changes nothing, because nothing is bound twice and nothing acts.
    """

    def bindings(name: str) -> int:
        return len(module.definitions.get(name, [])) + len(
            module.bindings.get(name, [])
        )

    several = {name for name in {*names, *module.bindings} if bindings(name) > 1}
    if not several and not acting:
        return []
    found: list[str] = []
    timeless: set[str] = set()
    for statement, binds in module.bound:
        bound = binds & set(names)
        for node in module.imports_in(statement):
            targets = imported(node, module.package)
            found += [f"{name}={targets[name]}" for name in targets if name in several]
        if isinstance(statement, IMPORT):
            continue
        if statement in acting:
            found.append(f"acts after {sorted(timeless)}")
        elif bound and _is_timeless(statement) and not bound & several:
            timeless |= bound
        elif bound:
            found.append(",".join(sorted(bound)))
    return found


def _is_timeless(statement: ast.stmt) -> bool:
    """Say whether a definition means the same wherever it stands in its module."""
    if not isinstance(statement, FUNCTION) or statement.decorator_list:
        return False
    defaults = [*statement.args.defaults, *filter(None, statement.args.kw_defaults)]
    return all(isinstance(default, ast.Constant) for default in defaults)
