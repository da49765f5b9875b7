"""Rewrite one module's code so that it uses the names of the flat program."""

import ast
import copy
from collections.abc import Iterable

from dlnotes.book.bundle.edits import Edits
from dlnotes.book.bundle.flatten import Names
from dlnotes.book.bundle.hoist import hoisted
from dlnotes.book.bundle.uses import Resolver, Use
from dlnotes.book.closure.refusals import PROGRAM, refusal
from dlnotes.book.source.module import Module
from dlnotes.book.source.syntax import (
    AT_FULL_SCALE,
    DEFINITION,
    FOR_TYPES,
    IMPORT,
    condition,
    imported,
    own_nodes,
)

BLOCKS = ("body", "orelse", "finalbody")


class Rewriter:
    """Rewrite statements of one module.

    Args:
        resolver: it finds what an import stands for.
        names: the names of the flat program.
        module: the module; the program itself is one too.
    """

    def __init__(self, resolver: Resolver, names: Names, module: Module) -> None:
        self.resolver = resolver
        self.names = names
        self.module = module
        self.is_program = module.name == PROGRAM
        self.edits = Edits(module)
        package = resolver.library.package
        self.hoisted = {id(item.node) for item in hoisted(module, package)}

    def rewrite(self, nodes: list[ast.stmt], uses: Iterable[Use]) -> Edits:
        """Return the changes to some statements, given the uses of names in them."""
        for use in uses:
            self._use(use)
        for node in own_nodes(nodes):
            if isinstance(node, DEFINITION):
                name = self.names[self.module.name, node.name]
                if name != node.name:
                    self.edits.rename_definition(node, name)
        self._imports(nodes)
        for statement in nodes:
            for node in ast.walk(statement):
                if isinstance(node, ast.Global):
                    self._global(node)
                elif isinstance(node, ast.If) and condition(node) == AT_FULL_SCALE:
                    self.edits.remove(node, False)
                elif isinstance(node, ast.FormattedValue):
                    self.edits.check_shown(node)
        return self.edits

    def _use(self, use: Use) -> None:
        if use.node is None:
            return
        name, written = self.names[use.key], ast.unparse(use.node)
        if use.is_doubtful and (name != written or self.is_program):
            why = (
                f"`{written}` may be a name of this class or of the module; rename one"
            )
            raise refusal(self.module, use.node, why)
        if name != written:
            self.edits.rename(use.node, name)

    def _global(self, node: ast.Global) -> None:
        if self.is_program:
            why = "the program's names become those of a function; return the value"
            raise refusal(self.module, node, f"`{ast.unparse(node)}`: {why}")
        names = [self.names[self.module.name, name] for name in node.names]
        if names != node.names:
            self.edits.replace(node, f"global {', '.join(names)}")

    def _imports(self, nodes: list[ast.stmt]) -> None:
        """Take away what is hoisted or written out; an emptied block gets a `pass`."""
        top = {id(node) for node in own_nodes(nodes)}
        gone: set[int] = set()
        for node in (part for statement in nodes for part in ast.walk(statement)):
            if isinstance(node, IMPORT):
                new = self._import(node, id(node) in top)
                if not new:
                    gone.add(id(node))
                elif new != [ast.unparse(node)]:
                    line = self.edits.lines[node.lineno - 1]
                    indent = line[: len(line) - len(line.lstrip())]
                    self.edits.replace(node, f"\n{indent}".join(new))
        self._prune(ast.Module(nodes, []), gone)

    def _import(self, node: ast.Import | ast.ImportFrom, is_top: bool) -> list[str]:
        """Return the statements that take the place of an import."""
        kept, added = [], []
        for alias in node.names:
            single = copy.copy(node)
            single.names = [alias]
            ((name, target),) = imported(single, self.module.package).items()
            is_rebound = is_top and name in self.resolver.bound(self.module)
            if self.resolver.is_own(target):
                if is_rebound:
                    added += self._alias(node, name, target)
            elif is_rebound or id(node) not in self.hoisted:
                self._check_once(node, name, is_top)
                spelled = self.names[self.module.name, name] if is_top else name
                kept.append(self._renamed(node, alias, name, spelled))
        if kept:
            shown = copy.copy(node)
            shown.names = kept
            added.insert(0, ast.unparse(shown))
        return added

    def _check_once(self, node: ast.AST, name: str, is_top: bool) -> None:
        """Refuse an import in a block of what is global in the flat program."""
        if is_top and self.is_program and (PROGRAM, name) in self.names.chosen:
            raise refusal(self.module, node, f"`{name}` is imported twice; rename one")

    def _alias(self, node: ast.AST, name: str, target: str) -> list[str]:
        if not self.is_program:
            raise refusal(self.module, node, f"`{name}` is imported and bound again")
        key, _ = self.resolver.locate(target, self.module, node)
        return [] if self.names[key] == name else [f"{name} = {self.names[key]}"]

    def _renamed(
        self, node: ast.AST, alias: ast.alias, name: str, spelled: str
    ) -> ast.alias:
        if name == spelled:
            return alias
        if isinstance(node, ast.Import) and not alias.asname and "." in alias.name:
            why = f"`import {alias.name}`: the name {name} is taken"
            raise refusal(self.module, node, why)
        return ast.alias(alias.name, spelled)

    def _prune(self, node: ast.AST, gone: set[int]) -> None:
        for child in ast.iter_child_nodes(node):
            self._prune(child, gone)
        is_module = isinstance(node, ast.Module)
        for name in BLOCKS:
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            removed = [statement for statement in block if id(statement) in gone]
            is_first = removed == block[: len(removed)] and not is_module
            if removed and removed == block and not is_module:
                if isinstance(node, ast.If) and condition(node) in FOR_TYPES:
                    gone.add(id(node))
                    continue
                self.edits.replace(removed.pop(0), "pass")
            for statement in removed:
                self.edits.remove(statement, is_first)
