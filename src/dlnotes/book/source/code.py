"""Write code without what changes nothing when it runs, and digest it."""

import ast
import hashlib
from collections.abc import Iterable

from dlnotes.book.source.syntax import DEFINITION


def code_of(nodes: Iterable[ast.AST]) -> str:
    """Return code as text without comments, docstrings, blank lines or layout."""
    return "\n".join(map(_plain, nodes))


def _plain(node: object) -> str:
    if isinstance(node, list):
        return f"[{','.join(map(_plain, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, DEFINITION | ast.Module):
        has_text = ast.get_docstring(node, clean=False) is not None
        fields["body"] = node.body[has_text:]
    if isinstance(node, ast.Constant):
        del fields["kind"]
    inside = ",".join(map(_plain, fields.values()))
    return f"{type(node).__name__}({inside})"


def digest(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
