"""Lay code out so that the prompt of Python takes it when it is pasted."""

import ast
import io
import tokenize

from dlnotes.book.source.syntax import first_line


def pasteable(code: str) -> str:
    """Return the same program for a plain `python` prompt, and for a notebook.

    The prompt ends a block at the first blank line: none is left within a statement,
    outside its strings, and one follows each statement that holds a block.

    Args:
        code: whole statements.
    """
    lines = [line.rstrip("\n") for line in io.StringIO(code)]
    empty = _empty(code, lines)
    inside: set[int] = set()
    ends: set[int] = set()
    for statement in ast.parse(code).body:
        last = statement.end_lineno or statement.lineno
        inside.update(range(first_line(statement), last))
        if hasattr(statement, "body") or isinstance(statement, ast.Match):
            ends.add(last)
    kept = []
    for number, line in enumerate(lines, 1):
        if number not in empty & inside:
            kept.append(line)
        if number in ends and number + 1 not in empty:
            kept.append("")
    return "\n".join(kept) + "\n"


def _empty(code: str, lines: list[str]) -> set[int]:
    """Return the numbers of the blank lines that are no part of a string."""
    return {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
        if token.type == tokenize.NL and not lines[token.start[0] - 1].strip()
    }
