"""Write a snippet as one program that needs nothing of the package.

It begins with the snippet, in a function `main`, and ends with what that needs of the
package, so that a reader sees the experiment first.
"""

import ast
import re
from collections.abc import Iterator

from dlnotes.book.book import Book
from dlnotes.book.bundle.edits import Edits
from dlnotes.book.bundle.enclose import as_function
from dlnotes.book.bundle.flatten import MAIN, Imports, Names
from dlnotes.book.bundle.hoist import INDENT, Import, hoisted, render
from dlnotes.book.bundle.needed import Needed
from dlnotes.book.bundle.rewrite import Rewriter
from dlnotes.book.bundle.uses import Key, Resolver, Use
from dlnotes.book.locales.languages import FIRST
from dlnotes.book.source.library import Library
from dlnotes.book.source.module import Module
from dlnotes.book.source.references import references
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.source.syntax import (
    DEFINITION,
    IMPORT,
    bound_names,
    imported,
    own_nodes,
)
from dlnotes.book.source.told import told

DEFINES = re.compile(r"(#.*\n)+(def|class|async|@)")
ENDING = f'if __name__ == "__main__":\n{INDENT}{MAIN}()\n'


def standalone(book: Book, snippet: Snippet, language: str = FIRST) -> str:
    """Return a snippet with all that it reaches of the package written into it.

    The program imports what the code that it holds imports from elsewhere, and never
    the package; it does what the snippet does at the default scale.

    Args:
        book: where the package is.
        snippet: the program.
        language: that of the lines that tell what the file is.

    Raises:
        BookError: the snippet or the library uses a construct that one program cannot
            express, such as a star import or a module as a value.
    """
    return _Export(book.library, snippet).text(language)


class _Export:
    def __init__(self, library: Library, snippet: Snippet) -> None:
        self.snippet = snippet
        self.package = library.package
        self.program = snippet.module
        self.resolver = Resolver(library)
        self.needed = Needed(library, self.program, self.resolver)
        every = [use for uses in self.needed.uses.values() for use in uses]
        self.imports = self._imports(every)
        symbols = dict.fromkeys(self._symbols())
        self.names = Names(self.resolver, self.program, self.imports, symbols, every)

    def text(self, language: str) -> str:
        """Return the whole program."""
        imports, others = self._kept()
        program = self._rewritten(self.program, self.program.tree.body)
        code = f"{imports}\n\n\n{as_function(program, MAIN)}".lstrip()
        library = "\n\n\n".join(self._library())
        if others:
            gap = "\n\n\n" if DEFINES.match(library) else "\n\n"
            library = (others + gap + library).rstrip()
        return told(self.snippet, code, library, language) + f"\n\n\n{ENDING}"

    def _kept(self) -> tuple[str, str]:
        """Return the imports of the program, and what else the library imports."""
        kept = [
            (item, self.names[key])
            for key in self.imports
            for item in self.imports[key]
        ]
        above = [pair for pair in kept if self._is_above(pair[0])]
        lines = {item.line(name) for item, name in above if not item.for_types}
        others = [
            (item, name)
            for item, name in kept
            if not self._is_above(item) and item.line(name) not in lines
        ]
        return render(above), render(others)

    def _is_above(self, item: Import) -> bool:
        return item.module is self.program or item.origin == "__future__"

    def _imports(self, uses: list[Use]) -> Imports:
        """Return the imports from outside that the flat program keeps."""
        used = {use.key for use in uses}
        found: Imports = {}
        for module in [self.program, *self.needed.modules]:
            is_run = module.name in self.needed.executed
            named = self._named(module)
            for item in self._hoisted(module):
                key = (module.name, item.bound)
                acts = is_run and item.bound not in named and self._may_act(item)
                if (key in used or acts) and not self._is_rebound(item):
                    found.setdefault(key, []).append(item)
        return found

    def _named(self, module: Module) -> set[str]:
        return module.once(("names",), lambda: _names(module))

    def _hoisted(self, module: Module) -> list[Import]:
        return module.once(("hoisted",), lambda: [*hoisted(module, self.package)])

    def _may_act(self, item: Import) -> bool:
        """Say whether an import that nobody uses may be there for what it does."""
        if item.origin == "__future__":
            return bool(self.needed.statements(item.module))
        return item.module is self.program or not item.name

    def _is_rebound(self, item: Import) -> bool:
        bound = self.resolver.bound(item.module)
        return item.module is self.program and item.bound in bound

    def _symbols(self) -> Iterator[Key]:
        """Yield what the written library binds."""
        for module in self.needed.modules:
            statements = self.needed.statements(module)
            names = {name for item in statements for name in bound_names(item)}
            names &= self.resolver.bound(module)
            for node in own_nodes(statements):
                if isinstance(node, IMPORT):
                    targets = imported(node, module.package).items()
                    names |= {
                        name for name, to in targets if not self.resolver.is_own(to)
                    }
            keys = [(module.name, name) for name in sorted(names)]
            yield from (key for key in keys if key not in self.imports)

    def _library(self) -> Iterator[str]:
        """Yield what the program needs of the library, as cells."""
        changed = {
            module.name: self._rewritten(module, self.needed.statements(module))
            for module in self.needed.modules
        }
        for module, statements in self.needed.runs():
            if text := _cell(changed[module.name], statements):
                path = module.path.relative_to(self.resolver.library.folder)
                yield f"# {path.as_posix()}\n{text}"

    def _rewritten(self, module: Module, statements: list[ast.stmt]) -> Edits:
        rewriter = Rewriter(self.resolver, self.names, module)
        return rewriter.rewrite(statements, self.needed.uses.get(module.name, []))


def _names(module: Module) -> set[str]:
    """Return the global names that the code of a module uses."""
    found = references([module.tree], module.package)
    return {item.name.split(".")[0] for item in found if not item.is_import}


def _cell(edits: Edits, statements: list[ast.stmt]) -> str:
    """Return statements of one module, those in a row as they stand."""
    text, before = "", None
    for statement in statements:
        start, end = edits.extent(statement)
        if code := edits.text(start, end).strip("\n"):
            text += _gap(edits, before, statement) + code
            before = statement
    return text


def _gap(edits: Edits, before: ast.stmt | None, statement: ast.stmt) -> str:
    if before is None:
        return ""
    if isinstance(before, DEFINITION) or isinstance(statement, DEFINITION):
        return "\n\n\n"
    between = edits.source[edits.extent(before)[1] : edits.extent(statement)[0]]
    return "\n\n" if "\n\n" in between else "\n"
