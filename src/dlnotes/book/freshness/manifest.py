"""Write down what a run was, and what it turned out to depend on."""

from hashlib import sha256
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.closure.closure import Closure
from dlnotes.book.freshness.keys import packages, portable
from dlnotes.book.freshness.status import Status


def manifest_of(item: Status, book: Book, result: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of a run that ended well.

    Args:
        item: the snippet, and what it was known to depend on before it ran.
        book: the checkout.
        result: what its process wrote.
    """
    files = result["files"] | _found_late(item, book, result["imported"])
    return {
        "name": item.snippet.name,
        "key": item.key,
        "inputs": item.inputs,
        "files": {portable(path, book): files[path] for path in sorted(files)},
        "packages": packages(result["modules"]),
        "missing": result["missing"],
        "values": result["values"],
        "seconds": result["seconds"],
        "cells": {cell["name"]: cell["seconds"] for cell in result["cells"]},
        "memory": result["memory"],
        "exit": 0,
    }


def _found_late(item: Status, book: Book, imported: list[str]) -> dict[str, str]:
    """Return digests of the modules of the package that no name led to, by path."""
    library = book.library
    reached = {module.name for module in Closure(library, item.snippet.module).modules}
    late = {
        found.path
        for name in imported
        if name not in reached and not library.is_engine(name)
        if (found := library.module(name))
    }
    return {str(path): sha256(library.files[path]).hexdigest() for path in late}
