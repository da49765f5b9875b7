"""Refuse what reads files past Python: a run would not know that it read them."""

import ast
import re
from collections.abc import Iterator

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.source.syntax import IMPORT, dotted, imported, loaded

READERS = (
    *("torchvision.io", "torch.ops.image"),
    *("torch.from_file", "torch.UntypedStorage.from_file", "torch.jit.load"),
    *("cv2", "h5py", "netCDF4", "pyarrow", "safetensors", "sqlite3"),
)


def unseen(book: Book) -> Iterator[BookError]:
    """Yield an error for each line of code that uses one of the readers."""
    library = book.library
    names = [n for n in library.names() if ".book." not in f"{n}."]
    modules = [module for n in names if (module := library.module(n))]
    texts = {snippet.path: snippet.source for snippet in book.snippets.values()}
    texts |= {module.path: module.source for module in modules}
    for path, text in texts.items():
        for line, name in sorted(_used(text).items()):
            yield BookError(
                f"{name} reads files where no run can know of it, so that a changed "
                "file would change nothing: open it by `open` or `PIL.Image.open`",
                book.relative(path),
                line,
            )


def _used(source: str) -> dict[int, str]:
    """Return the readers that some code imports or names, by line."""
    words = {*re.findall(r"\w+", source)}
    if not any(words.issuperset(name.split(".")) for name in READERS):
        return {}
    nodes = [*ast.walk(ast.parse(source))]
    meant: dict[str, str] = {}
    found: dict[int, str] = {}
    for node in nodes:
        if isinstance(node, IMPORT):
            meant |= imported(node, "")
            _note(found, node.lineno, loaded(node, ""))
    for node in nodes:
        if isinstance(node, ast.Attribute) and (name := dotted(node)):
            root, _, rest = name.partition(".")
            _note(found, node.lineno, [f"{meant.get(root, root)}.{rest}"])
    return found


def _note(found: dict[int, str], line: int, names: list[str]) -> None:
    for name in names:
        for reader in READERS:
            if f"{name}.".startswith(f"{reader}."):
                found.setdefault(line, name)
