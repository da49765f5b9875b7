"""Know a run by what it depends on: code it can reach, versions, settings, data."""

import ast
import os
import platform
import re
import site
import sys
import sysconfig
import unicodedata
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib import metadata

from dlnotes.book.book import Book
from dlnotes.book.closure.closure import Closure
from dlnotes.book.closure.digests import digests
from dlnotes.book.errors import BookError
from dlnotes.book.execution.environment import data_folder
from dlnotes.book.source.code import digest
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.source.syntax import IMPORT, loaded

PRELOADED = (
    *("torch", "torchvision", "numpy", "matplotlib"),
    *("scikit-learn", "scipy", "joblib", "threadpoolctl"),
)


@dataclass(frozen=True)
class Settings:
    """What a reader may choose for a run.

    Args:
        scale: `default` (data inside installed packages) or `full`.
        seed_offset: what every seed is moved by; the pages show the runs at 0.
    """

    scale: str = "default"
    seed_offset: int = 0

    @classmethod
    def of_environment(cls) -> "Settings":
        """Return the settings that `environment` describes, in this process."""
        scale = os.environ.get("DLNOTES_SCALE", "default")
        return cls(scale, int(os.environ.get("DLNOTES_SEED_OFFSET", "0")))

    def environment(self) -> dict[str, str]:
        """Return the environment variables through which a snippet learns of them."""
        return {f"DLNOTES_{name.upper()}": text for name, text in self.inputs().items()}

    def inputs(self) -> dict[str, str]:
        """Return them as inputs of a run."""
        return {name: str(value) for name, value in asdict(self).items()}


def inputs(book: Book, snippet: Snippet, settings: Settings) -> dict[str, str]:
    """Return what a run of a snippet depends on and is known before it runs.

    Returns:
        what it is, readable -> its digest, version or value.

    Raises:
        BookError: it imports another snippet, or uses Python that cannot be followed.
    """
    _check_imports(book, snippet)
    find = partial(_code, book, snippet, settings)
    data = data_folder()
    return {
        **book.kept_of_code("keys", snippet, find, settings.scale),
        **{name: version(name) for name in PRELOADED},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "engine": book.engine,
        **({"data": portable(data, book)} if settings.scale == "full" and data else {}),
        **settings.inputs(),
    }


def _check_imports(book: Book, snippet: Snippet) -> None:
    """Refuse a snippet that imports another one.

    It can import only those whose names occur in its text.

    Raises:
        BookError: it does; with the line.
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", snippet.source))
    if not book.snippets.keys() & words:
        return
    imports = (node for node in ast.walk(snippet.tree) if isinstance(node, IMPORT))
    for node in imports:
        for name in loaded(node, ""):
            if (other := name.split(".")[0]) in book.snippets:
                why = f"the snippet {other} is imported: move what both need"
                where = f"to the package {book.library.package}"
                raise BookError(f"{why} {where}", snippet.path, node.lineno)


def _code(book: Book, snippet: Snippet, settings: Settings) -> dict[str, str]:
    """Return digests of the code that a snippet consists of and needs."""
    is_full = settings.scale == "full"
    closure = Closure(book.library, snippet.module, at_full_scale=is_full)
    code = snippet.code_by_cell()
    return {
        **{f"cell {name}": digest(text) for name, text in code.items()},
        "order of the cells": " ".join(cell.name for cell in snippet.code),
        **digests(closure),
    }


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


def forget_versions() -> None:
    """Look the versions up again: something else is installed by now."""
    version.cache_clear()
    _distributions.cache_clear()


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def packages(modules: list[str]) -> dict[str, str]:
    """Return the versions of the distributions that imported modules come from."""
    tops = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names)
    names = {dist for top in tops for dist in _distributions().get(top, [])}
    return {name: version(name) for name in sorted(names) if name != "dlnotes"}
