"""Write a snippet as one program that needs nothing of the package."""

import ast
from collections.abc import Iterator

from dlnotes.book.book import Book
from dlnotes.book.edits import Edits
from dlnotes.book.flatten import Imports, Names
from dlnotes.book.hoist import Import, hoisted, render
from dlnotes.book.needed import Needed
from dlnotes.book.references import references
from dlnotes.book.rewrite import Rewriter
from dlnotes.book.snippet import MARK, Snippet
from dlnotes.book.symbols import Library, Module
from dlnotes.book.syntax import DEFINITION, IMPORT, bound_names, imported, own_nodes
from dlnotes.book.uses import Key, Resolver, Use

DEFINES = ("def ", "class ", "async ", "@")


def standalone(book: Book, snippet: Snippet) -> str:
    """Return a snippet with all that it reaches of the package written into it.

    The program imports what the code that it holds imports from elsewhere, and never
    the package; it does what the snippet does.

    Raises:
        BookError: the snippet or the library uses a construct that one program cannot
            express, such as a star import or a module as a value.
    """
    return _Export(book.library, snippet).text()


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

    def text(self) -> str:
        """Return the whole program."""
        kept = [
            (item, self.names[key])
            for key in self.imports
            for item in self.imports[key]
        ]
        parts = [part for part in (self._header(), render(kept)) if part]
        library = list(self._library())
        if library and library[0].split("\n")[1].startswith(DEFINES):
            parts[-1] += "\n"
        text = "\n\n".join([*parts, *library])
        return f"{text}\n\n{self._cells().rstrip()}\n"

    def _imports(self, uses: list[Use]) -> Imports:
        """Return the imports from outside that the flat program keeps."""
        used = {use.key for use in uses}
        found: Imports = {}
        for module in [self.program, *self.needed.modules]:
            is_run = module.name in self.needed.executed
            named = _names(module)
            for item in hoisted(module, self.package):
                key = (module.name, item.bound)
                acts = is_run and item.bound not in named and self._may_act(item)
                if (key in used or acts) and not self._is_rebound(item):
                    found.setdefault(key, []).append(item)
        return found

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
                yield f"# %% {module.name}\n{text}\n"

    def _rewritten(self, module: Module, statements: list[ast.stmt]) -> Edits:
        rewriter = Rewriter(self.resolver, self.names, module)
        return rewriter.rewrite(statements, self.needed.uses.get(module.name, []))

    def _header(self) -> str:
        """Return the top of the snippet and a line that says where this comes from."""
        lines = self.snippet.source.split("\n")
        marks = [number for number, line in enumerate(lines) if MARK.match(line)]
        top = "\n".join(lines[: marks[0]]).strip("\n")
        origin = f"# Written from snippets/{self.snippet.name}.py by `dlnotes export`."
        return f"{top}\n{origin}" if top else origin

    def _cells(self) -> str:
        """Return the snippet's cells without the package's imports."""
        edits = self._rewritten(self.program, self.program.tree.body)
        marks = [n for n, line in enumerate(edits.lines) if MARK.match(line)]
        ends = [edits.starts[mark] for mark in marks[1:]] + [len(edits.source)]
        cells = []
        for mark, end in zip(marks, ends, strict=True):
            start = min(edits.starts[mark + 1], end)
            text = edits.text(start, end)
            if text.strip() or not edits.source[start:end].strip():
                cells.append("\n".join([edits.lines[mark], text.lstrip("\n")]))
        return "".join(cells)


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
