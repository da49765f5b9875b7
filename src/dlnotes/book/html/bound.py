"""Cut running text into pieces, each formula with the punctuation that follows it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from dlnotes.book.pages.inline import Piece, inline

CLOSING = re.compile(r"[,.;:!?)\]，。；：？！）、」”]*")


def bound(text: str) -> Iterator[tuple[Piece, str]]:
    """Yield the pieces of a text and what must not leave them at the end of a line.

    That punctuation is missing in the `raw` of the piece that follows.
    """
    pieces = list(inline(text))
    closing = ""
    for piece, after in zip_longest(pieces, pieces[1:]):
        piece = replace(piece, raw=piece.raw.removeprefix(closing))
        closing = ""
        if piece.kind == "math" and after and after.kind == "text":
            match = CLOSING.match(after.raw)
            closing = match[0] if match else ""
        yield piece, closing
