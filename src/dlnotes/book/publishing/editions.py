"""The languages of the site, each built by a process that stays warm."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.locales.languages import LANGUAGES


class EditionError(Exception):
    """Says why a language could not be built, in the words of the builder."""


class Edition:
    """One language, and the process that builds it.

    Args:
        book: the checkout.
        settings: those of the runs that the pages show.
        language: its code.
    """

    def __init__(self, book: Book, settings: Settings, language: str) -> None:
        self.language = language
        self._is_asked = False
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dlnotes.book.publishing.builder",
                book.config(language),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=book.root,
            env={
                **os.environ,
                **settings.environment(),
                "DLNOTES_BUILD": "1",
                "NO_MKDOCS_2_WARNING": "1",
            },
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **details: str) -> None:
        """Send a request; it is worked on while the caller does other things.

        The answer to the one before is dropped, if nobody has read it.
        """
        assert self._process.stdin is not None
        if self._is_asked:
            with suppress(EditionError):
                self.answer()
        self._is_asked = True
        with suppress(BrokenPipeError):  # `answer` tells what became of the process
            self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
            self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the request.

        Raises:
            EditionError: the book has an error, MkDocs refuses, or the process ended.
        """
        assert self._process.stdout is not None
        self._is_asked = False
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise EditionError(f"[{self.language}] the builder ended with code {code}")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise EditionError(found["error"])
        if found.get("code"):
            said = without_news(found["said"])
            raise EditionError(f"[{self.language}] {said}")
        return found

    @property
    def alive(self) -> bool:
        """Say whether the process can still build."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()


class Editions:
    """All languages, built side by side."""

    def __init__(self, book: Book, settings: Settings) -> None:
        self.each = [Edition(book, settings, language) for language in LANGUAGES]

    def __enter__(self) -> "Editions":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Say whether all can still build."""
        return all(edition.alive for edition in self.each)

    def close(self) -> None:
        """End all processes."""
        for edition in self.each:
            edition.close()

    def look(self) -> None:
        """Begin to find out what the downloads need of the code; nobody has to wait.

        One process does, since all languages need the same.
        """
        self.each[0].ask("look")

    def prepare(self) -> set[str]:
        """Weave the pages; return the characters that their formulas show.

        Raises:
            EditionError: for everything that is wrong with the pages.
        """
        for edition in self.each:
            edition.ask("prepare")
        return set("".join(found["characters"] for found in self._answers()))

    def start(self, folder: Path) -> None:
        """Begin to build all languages below a folder."""
        for edition in self.each:
            edition.ask("build", folder=str(folder / edition.language))

    def finished(self, first: str) -> Iterator[str]:
        """Yield each language once it is built, the given one before the others.

        Raises:
            EditionError: MkDocs refuses to build one or more, after all else.
        """
        errors = []
        for edition in sorted(self.each, key=lambda each: each.language != first):
            try:
                edition.answer()
            except EditionError as error:
                errors.append(str(error))
            else:
                yield edition.language
        if errors:
            raise EditionError("\n".join(errors))

    def _answers(self) -> list[dict[str, Any]]:
        found, errors = [], []
        for edition in self.each:
            try:
                found.append(edition.answer())
            except EditionError as error:
                errors.append(str(error))
        if errors:
            raise EditionError("\n".join(errors))
        return found


def without_news(log: str) -> str:
    """Drop what MkDocs tells when all is well; its `--quiet` turns `--strict` off."""
    return re.sub(r"(?m)^INFO .*\n?(?:[ \t].*\n?)*", "", log).strip()
