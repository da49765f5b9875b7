"""Tell at the top of a program in one file what it is and where its parts are."""

import ast
import sys
from typing import NamedTuple

from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.source.requirements import BASE
from dlnotes.book.source.snippet import MARK, Snippet
from dlnotes.book.source.syntax import IMPORT, loaded

BROUGHT = {"cycler": "matplotlib"}  # module -> the distribution that brings it


class Parts(NamedTuple):
    """A program in one file, without what is told of it.

    Args:
        code: its imports and its cells.
        library: what it uses of the package, or nothing.
        needs: the distributions that have to be installed.
    """

    code: str
    library: str
    needs: list[str]


def told(snippet: Snippet, parts: Parts, language: str) -> str:
    """Join the parts of a program below lines of comment that tell of them.

    Args:
        snippet: what the program comes from; what stands above its first cell stays.
        parts: of the program.
        language: that of the comments.
    """
    code, library, needs = parts
    words = LANGUAGES[language].words
    top = _above(snippet)
    top.append(f"# {words.program_origin.format(name=snippet.name)}")
    if needs:
        top.append(f"# {words.program_needs.format(needs=' '.join(needs))}")
    if library:
        line = len(top) + code.count("\n") + 6
        top.append(f"# {words.program_begins.format(line=line)}")
        code += f"\n\n\n# {words.program_library}\n\n{library}"
    return "\n".join([*top, "", code])


def _above(snippet: Snippet) -> list[str]:
    """Return the lines above a snippet's first cell."""
    lines = snippet.source.split("\n")
    first = next(number for number, line in enumerate(lines) if MARK.match(line))
    top = "\n".join(lines[:first]).strip("\n")
    return [*top.split("\n"), ""] if top else []


def distributions(code: str) -> list[str]:
    """Return what has to be installed for the imports of some code, sorted."""
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, IMPORT))
    roots = {name.split(".")[0] for node in nodes for name in loaded(node, "")}
    names = {module: name for name, module in BASE.items()} | BROUGHT
    return sorted({names.get(root, root) for root in roots - sys.stdlib_module_names})
