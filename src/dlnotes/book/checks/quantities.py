"""Hold what a quoted number is called in its program against what its sentence says.

The first word of a variable's name that `docs/quantities.toml` lists is its quantity:
`loss_best` is a loss, `epochs_to_loss` are epochs, `z2` is a z. Wherever it is quoted,
one of the words for that quantity stands in the same sentence or in the one before, in
each language; and whatever text indexes it, as in `share["MAE"]`, stands in the
paragraph.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import Text
from dlnotes.book.errors import BookError
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.blocks import Block
from dlnotes.book.pages.inline import Value, values
from dlnotes.book.pages.page import scan
from dlnotes.book.weaving.sources import Sources

Words = Mapping[str, Mapping[str, list[str]]]
CJK = re.compile("[\u3000-\u9fff]")


@dataclass(frozen=True)
class Quantities:
    """The words of each quantity by language."""

    words: Words

    @classmethod
    def read(cls, path: Path) -> "Quantities":
        """Read the list; a book without one has no such rule.

        Raises:
            BookError: it is not TOML, or a quantity has no words in a language.
        """
        if not path.exists():
            return cls({})
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BookError(f"this is not TOML: {error}", path) from error
        for name, words in found["quantities"].items():
            if lacking := [code for code in LANGUAGES if not words.get(code)]:
                raise BookError(f"{name} lacks words in {', '.join(lacking)}", path)
        return cls(found["quantities"])

    def of(self, variable: str) -> str | None:
        """Return the quantity that a variable is named after, None without one."""
        parts = re.split(r"[_\W]+", variable.partition("[")[0])
        for part in (part.rstrip("0123456789") for part in parts):
            for name in (part, part.removesuffix("s"), part.removesuffix("es")):
                if name in self.words:
                    return name
        return None


def misquoted(book: Book, sources: Sources, page: Text) -> Iterator[BookError]:
    """Yield an error for each number that a sentence quotes for something else."""
    known = Quantities.read(book.quantities)
    if not known.words:
        return
    catalogue = sources.catalogues.get(page.language, {})
    for block in scan(page.text)[0]:
        for line, message in _in_block(block, page.language, known, catalogue):
            yield BookError(message, page.path, line)


def _in_block(
    block: Block, language: str, known: Quantities, catalogue: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    if block.kind in ("fence", "front-matter"):
        return
    for number, line in enumerate(block.lines):
        first = block.lines[0] if block.kind == "table" else ""
        near = first + "".join(block.lines[max(0, number - 1) : number + 1])
        for value in values(line):
            label = f"[[{value.name}.{value.variable}]]"
            for message in (
                _quantity(value, near, language, known),
                _indexes(value, block.text, catalogue),
            ):
                if message:
                    yield block.line + number, f"{label} {message}"


def _quantity(value: Value, near: str, language: str, known: Quantities) -> str:
    quantity = known.of(value.variable)
    if quantity is None:
        return (
            "is named after no quantity: put one of docs/quantities.toml "
            "into the variable's name, such as loss_, step_ or share_"
        )
    said = re.sub(r"\[\[.*?\]\](?!\])", " ", near)
    words = known.words[quantity][language]
    if any(_says(said, word) for word in words):
        return ""
    return (
        f"is quoted as a {quantity}, which neither its sentence nor the one before "
        f"names ({', '.join(words)})"
    )


def _says(text: str, word: str) -> bool:
    if CJK.search(word):
        return word in text
    start = r"\b" if word[0].isalnum() else ""
    end = r"\b" if len(word) == 1 and word.isalnum() else ""
    pattern = start + re.escape(word) + end
    return re.search(pattern, text, re.IGNORECASE) is not None


def _indexes(value: Value, text: str, catalogue: Mapping[str, str]) -> str:
    said = re.sub(r"\[\[.*?\]\](?!\])", " ", text)
    for node in ast.walk(ast.parse(value.variable, mode="eval")):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            wanted = {node.value, catalogue.get(node.value, node.value)}
            if not any(_says(said, word) for word in wanted):
                names = " or ".join(sorted(wanted))
                return f"is of {names}, which its paragraph does not name"
    return ""
