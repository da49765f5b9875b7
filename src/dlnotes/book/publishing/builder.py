"""Build the site of one language, again and again, in a process that stays warm.

A program of its own: `python -m dlnotes.book.publishing.builder CONFIG`. It reads one
JSON request per line and answers each with one line:

- `look`: find out what the downloads need of the code;
- `prepare`: gather the sources, weave the pages, say what their formulas show;
- `build`: build the site into a folder, in a forked child, so that no build finds what
  an earlier one has left in a plugin.

It ends when its input closes or its parent dies.
"""

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.sandbox.orphan import die_with_parent
from dlnotes.book.storage.cache import engine

# A notebook for which all templates of notebooks have to be compiled.
WARM = {
    "cells": [
        {
            "cell_type": "code",
            "id": "all",
            "execution_count": 1,
            "metadata": {},
            "source": "print(1)",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}],
        }
    ],
    "metadata": {"kernelspec": {"display_name": "", "language": "python", "name": ""}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def main(config: Path) -> None:
    """Serve requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to end
    die_with_parent(os.getppid())
    language = preload(config)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "look":
                answer = look(find_book(config.parent))
            elif request["do"] == "prepare":
                answer = prepare(find_book(config.parent), language)
            else:
                answer = build(config, request["folder"])
        except (BookError, OSError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


def preload(config: Path) -> str:
    """Import what a build needs; return the language of the configuration."""
    from mkdocs.config import load_config

    from dlnotes.book.publishing.templates import compile_all, pass_hidden_folders

    engine()
    loaded = load_config(str(config))
    compile_all(loaded.theme.get_env(), "main.html", "home.html", "404.html")
    if "material/search" in loaded.plugins:
        warm_words()
    if "mkdocs-jupyter" in loaded.plugins:
        warm_notebooks()
    if "mkdocstrings" in loaded.plugins:
        import_module("mkdocstrings_handlers.python")
    pass_hidden_folders()
    return str(loaded.theme["language"])


def warm_words() -> None:
    """Read the dictionary of Chinese words, with which the search cuts sentences."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()


def warm_notebooks() -> None:
    """Have all templates of notebooks compiled."""
    from mkdocs_jupyter.convert import nb2html, nb2md

    from dlnotes.book.publishing.templates import compiled_once

    with tempfile.TemporaryDirectory() as folder, compiled_once():
        path = Path(folder, "warm.ipynb")
        path.write_text(json.dumps(WARM), encoding="utf-8")
        nb2html(str(path), custom_mathjax_url="")
        nb2md(str(path))


def look(book: Book) -> dict[str, str]:
    """Find out about the code what does not depend on runs, while these go on."""
    from dlnotes.book.publishing.downloads import parts_of

    for snippet in book.snippets.values():
        parts_of(book, snippet)
    return {}


def prepare(book: Book, language: str) -> dict[str, str]:
    """Gather the sources, weave the pages, and say what their formulas show.

    Raises:
        BookError: for everything that is wrong with the pages.
    """
    from dlnotes.book.markdown import hold_sources
    from dlnotes.book.publishing.downloads import programs, write_notebooks
    from dlnotes.book.weaving.woven import page_text, woven

    sources = hold_sources(book)
    list(programs(book, sources, language))  # what is found out for them is kept
    write_notebooks(sources, language, book.store / "pages" / language)
    shown: set[str] = set()
    errors: list[str] = []
    for path in book.pages(language):
        known = woven(book, sources, language, book.name(path), page_text(path))
        shown.update(known.characters)
        errors += map(str, known.errors)
    if errors:
        raise BookError("\n".join(errors))
    return {"characters": "".join(sorted(shown))}


def build(config: Path, folder: str) -> dict[str, Any]:
    """Build the site into a folder; say how MkDocs ended, and all that it said."""
    options = ["build", "--strict", "-f", str(config), "-d", folder]
    with tempfile.TemporaryFile() as said:
        if hasattr(os, "fork"):
            code = _fork(options, said.fileno())
        else:
            command = [sys.executable, "-m", "mkdocs", *options]
            code = subprocess.run(command, stdout=said, stderr=said).returncode
        said.seek(0)
        return {"code": code, "said": said.read().decode("utf-8", "replace")}


def _fork(options: list[str], output: int) -> int:
    """Run MkDocs in a child that has imported it already; return how it ended."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        die_with_parent(parent)
        gc.disable()  # it ends before that pays
        os.dup2(output, 1)
        os.dup2(output, 2)
        from mkdocs.__main__ import cli

        cli.main(options, prog_name="mkdocs")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
