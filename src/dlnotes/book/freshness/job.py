"""Tell a snippet's process what to do."""

import json
from pathlib import Path

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.status import Status


def write_job(book: Book, item: Status, settings: Settings, out: Path) -> Path:
    """Write a job for the worker and make the folders that it needs; return its file.

    Args:
        book: the checkout.
        item: the snippet.
        settings: the scale.
        out: a folder of its own, for its result.
    """
    scratch = out / "scratch"
    scratch.mkdir()
    job = {
        "name": item.snippet.name,
        "path": str(item.snippet.path),
        "cells": [
            {"name": cell.name, "first": cell.first, "source": cell.source}
            for cell in item.snippet.code
        ],
        "out": str(out),
        "scratch": str(scratch),
        "source": str(book.library.folder),
        "skipped": [str(book.store), str(book.site)],
        "environment": _environment(book, item, settings),
        "offline": settings.scale == "default",
    }
    path = out / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def _environment(book: Book, item: Status, settings: Settings) -> dict[str, str]:
    environment = settings.environment()
    if settings.scale == "full":
        folder = unfinished(book, item)
        folder.mkdir(parents=True, exist_ok=True)
        environment["DLNOTES_UNFINISHED"] = str(folder)
    return environment


def unfinished(book: Book, item: Status) -> Path:
    """Return the folder in which a long run keeps what it needs to go on."""
    return book.store / "unfinished" / f"{item.snippet.name}-{item.key[:16]}"
