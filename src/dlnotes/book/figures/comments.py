"""Swap the comments of code for their translations, and nothing else."""

import io
import tokenize
from collections.abc import Mapping
from functools import lru_cache

from dlnotes.book.figures.figure_labels import needs_translation


def translate_comments(
    code: str, catalogue: Mapping[str, str]
) -> tuple[str, list[tuple[int, str]]]:
    """Translate the comments of valid Python.

    Args:
        code: whole statements.
        catalogue: comment without its `# ` -> translation.

    Returns:
        the code, token for token the same but for its comments; and the line number
        and text of each comment that needs a translation and has none.
    """
    lines = io.StringIO(code).readlines()  # as the tokenizer counts them
    missing = []
    for token in _comments(code):
        text = token.string.lstrip("#").strip()
        if text in catalogue:
            row, column = token.start
            line = lines[row - 1]
            end = column + len(token.string)
            words = " ".join(catalogue[text].split())
            lines[row - 1] = f"{line[:column]}# {words}{line[end:]}"
        elif needs_translation(text):
            missing.append((token.start[0], text))
    return "".join(lines), missing


@lru_cache(maxsize=8192)
def _comments(code: str) -> list[tokenize.TokenInfo]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token for token in tokens if token.type == tokenize.COMMENT]
