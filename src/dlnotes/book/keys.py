"""Know a run by what it depends on: code it can reach, versions, settings, data."""

import ast
import os
import platform
import site
import sys
import sysconfig
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata

from dlnotes.book.book import Book
from dlnotes.book.reach import Reach, code_of, digest
from dlnotes.book.snippet import Snippet
from dlnotes.book.syntax import IMPORT, loaded

PRELOADED = ("torch", "torchvision", "numpy", "matplotlib")


@dataclass(frozen=True)
class Settings:
    """What a reader may choose for a run.

    Args:
        scale: `default` (data inside installed packages) or `full`.
        device: `cpu`, `cuda` or `mps`.
    """

    scale: str = "default"
    device: str = "cpu"

    def environment(self) -> dict[str, str]:
        """Return the environment variables through which a snippet learns of them."""
        return {f"DLNOTES_{key.upper()}": value for key, value in asdict(self).items()}


def inputs(book: Book, snippet: Snippet, settings: Settings) -> dict[str, str]:
    """Return what a run of a snippet depends on and is known before it runs.

    Returns:
        what it is, readable -> its digest, version or value.
    """
    reach = Reach(book.library, snippet.module)
    code = snippet.code_by_cell()
    if reach.reads_source:
        code = {cell.name: f"{cell.first}\n{cell.source}" for cell in snippet.code}
    return {
        **{f"cell {name}": digest(text) for name, text in code.items()},
        "order of the cells": " ".join(cell.name for cell in snippet.code),
        **_of_neighbours(book, snippet),
        **reach.digests(),
        **{name: version(name) for name in PRELOADED},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "engine": book.engine,
        **asdict(settings),
    }


def _of_neighbours(book: Book, snippet: Snippet) -> dict[str, str]:
    """Return what a snippet depends on through other snippets that it imports."""
    found: dict[str, str] = {}
    todo, seen = [snippet], {snippet.name}
    while todo:
        for node in ast.walk(todo.pop().tree):
            names = loaded(node, "") if isinstance(node, IMPORT) else []
            for name in {name.split(".")[0] for name in names} - seen:
                if other := book.snippets.get(name):
                    seen.add(name)
                    todo.append(other)
                    found[f"snippet {name}"] = digest(code_of([other.tree]))
                    found |= Reach(book.library, other.module).digests()
    return found


def key(depends_on: dict[str, str]) -> str:
    """Return the key of a run: a digest over all its inputs."""
    return digest(
        "\n".join(f"{name}\0{depends_on[name]}" for name in sorted(depends_on))
    )


@cache
def version(distribution: str) -> str:
    """Return the installed version of a distribution, `none` where it is missing."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"


def places(book: Book) -> dict[str, str]:
    """Return the folders that recorded paths are written relative to."""
    return {
        "packages": sysconfig.get_path("purelib"),
        "user": site.getusersitepackages(),
        "python": sys.base_prefix,
        "book": str(book.root),
        "home": os.path.expanduser("~"),
    }


def portable(path: str, book: Book) -> str:
    """Write a path so that it means the same in another checkout."""
    for name, folder in places(book).items():
        if path.startswith(folder + os.sep):
            return f"{{{name}}}{path[len(folder) :]}"
    return path


def local(path: str, book: Book) -> str:
    """Turn a path written by `portable` into one of this machine."""
    for name, folder in places(book).items():
        if path.startswith(f"{{{name}}}"):
            return folder + path[len(f"{{{name}}}") :]
    return path


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def packages(modules: list[str]) -> dict[str, str]:
    """Return the versions of the distributions that imported modules come from."""
    tops = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names)
    names = {dist for top in tops for dist in _distributions().get(top, [])}
    return {name: version(name) for name in sorted(names) if name != "dlnotes"}
