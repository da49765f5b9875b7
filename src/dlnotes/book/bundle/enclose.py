"""Write the cells of a program as one function."""

import ast
import io
import tokenize

from dlnotes.book.bundle.edits import Edits
from dlnotes.book.bundle.hoist import INDENT
from dlnotes.book.source.snippet import MARK

NO_TITLES = ("[markdown]", "imports")


def as_function(edits: Edits, name: str) -> str:
    """Return the changed cells of a percent-format program as a function.

    The name of each cell becomes a comment, unless it says that it imports, which is
    done elsewhere; cells without code or text are left out.
    """
    marks = [n for n, line in enumerate(edits.lines) if MARK.match(line)]
    ends = [edits.starts[mark] for mark in marks[1:]] + [len(edits.source)]
    cells = []
    for mark, end in zip(marks, ends, strict=True):
        if text := edits.text(min(edits.starts[mark + 1], end), end).strip("\n"):
            title = edits.lines[mark].removeprefix("# %%").strip().replace("-", " ")
            cells.append(text if title in NO_TITLES else f"# {title}:\n{text}")
    code = "\n\n".join(cells)
    body = code if ast.parse(code).body else f"{code}\npass".lstrip()
    return f"def {name}() -> None:\n{_indented(body)}"


def _indented(code: str) -> str:
    """Indent code, but for the text of strings, with one blank line at most."""
    kept = _lines_in_strings(code)
    lines: list[str] = []
    for number, line in enumerate(code.split("\n"), 1):
        if number in kept:
            lines.append(line)
        elif line.strip():
            lines.append(INDENT + line)
        elif lines[-1]:
            lines.append("")
    return "\n".join(lines)


def _lines_in_strings(code: str) -> set[int]:
    """Return the numbers of the lines that begin within a string."""
    found: set[int] = set()
    starts = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING" or kind.endswith("STRING_START"):  # of an f-string
            starts.append(token.start[0])
        if kind == "STRING" or kind.endswith("STRING_END"):
            found |= {*range(starts.pop() + 1, token.end[0] + 1)}
    return found
