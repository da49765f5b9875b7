"""Take statements out of code, and keep every other character."""

import ast

from dlnotes.book.source.module import Module


class Edits:
    """Collect changes to one module's source.

    Offsets count characters from the start of the source.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.source = module.source
        self.lines = module.source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.changes: dict[tuple[int, int], str] = {}

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line, counted from 1, and a column in bytes."""
        before = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(before)

    def span(self, node: ast.stmt) -> tuple[int, int]:
        """Return where a node starts and ends."""
        end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.offset(node.lineno, node.col_offset), self.offset(*end)

    def is_elif(self, statement: ast.stmt) -> bool:
        """Say whether a statement is an `elif`, which needs no block of its own."""
        return self.source.startswith("elif", self.span(statement)[0])

    def remove(self, statement: ast.stmt) -> None:
        """Take a statement away, with its lines where it is alone on them.

        Blank lines below it go too if there are some above it. Where it shares its
        line, `pass` takes its place.
        """
        start, end = self.span(statement)
        first = self.starts[statement.lineno - 1]
        after = self.source.find("\n", end)
        after = len(self.source) if after < 0 else after
        rest = self.source[end:after].strip()
        if self.source[first:start].strip() or (rest and not rest.startswith("#")):
            self.changes[start, end] = "pass"
            return
        after = min(after + 1, len(self.source))
        while self.source[:first].endswith("\n\n") and self.source.startswith(
            "\n", after
        ):
            after += 1
        self.changes[first, after] = ""

    def extent(self, statement: ast.stmt) -> tuple[int, int]:
        """Return where a statement starts and ends with its decorators and comments.

        Comments belong to it directly above it, behind it, and indented below it.
        """
        decorators = getattr(statement, "decorator_list", [])
        first = min(node.lineno for node in [statement, *decorators])
        last = statement.end_lineno or first
        start, end = self.span(statement)
        if not self.source[self.starts[statement.lineno - 1] : start].strip():
            while first > 1 and self.lines[first - 2].startswith("#"):
                first -= 1
            start = self.starts[first - 1]
        rest = self.source[end : self.starts[last] - 1].strip()
        if rest and not rest.startswith("#"):
            return start, end
        for number in range(last, len(self.lines)):
            line = self.lines[number]
            if line.startswith((" ", "\t")) and line.strip().startswith("#"):
                last = number + 1
            elif line.strip():
                break
        return start, self.starts[last] - 1

    def text(self, start: int, end: int) -> str:
        """Return the changed source between two offsets of the old one."""
        parts = []
        for (first, last), new in sorted(self.changes.items()):
            if start <= first and last <= end:
                parts += [self.source[start:first], new]
                start = last
        return "".join([*parts, self.source[start:end]])
