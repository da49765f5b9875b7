"""Import a book's own modules from their source, never from byte code."""

import importlib.machinery
import os
import sys
from typing import Any


class _Fresh(importlib.machinery.SourceFileLoader):
    """Compile the book's own modules from source.

    Byte code is matched by size and whole seconds, so a quick edit could go unseen.
    """

    def path_stats(self, path: Any) -> Any:
        raise OSError("no byte code")


def import_from_source(folder: str) -> None:
    """Import modules below a folder from their source, never from byte code."""
    finder = importlib.machinery.FileFinder.path_hook((_Fresh, [".py"]))

    def hook(path: str) -> Any:
        if not os.path.abspath(path).startswith(folder):
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
    for path in [path for path in sys.path_importer_cache if path.startswith(folder)]:
        del sys.path_importer_cache[path]
