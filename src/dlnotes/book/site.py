"""Build both languages into one site, swap it in whole, and serve it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.check import check
from dlnotes.book.gather import gather
from dlnotes.book.keys import Settings
from dlnotes.book.maths import characters, subset_font
from dlnotes.book.progress import Report
from dlnotes.book.root import write_root
from dlnotes.book.runner import TIMEOUT, Runner
from dlnotes.book.store import write_atomically
from dlnotes.book.swap import replace


def build(
    book: Book,
    runner: Runner,
    settings: Settings,
    report: Report,
    *,
    jobs: int | None = None,
    timeout: float = TIMEOUT,
    target: Path | None = None,
) -> bool:
    """Run what is stale, check the pages, build both languages, swap the site in.

    Args:
        book: the checkout.
        runner: brings the runs up to date.
        settings: those of the runs that the pages show.
        report: is told how it goes.
        jobs: snippets at a time; as many as there are cores by default.
        timeout: limit for each snippet, in seconds.
        target: the folder to replace; the book's site by default.

    Returns:
        whether the site was replaced; if not, it is as it was.
    """
    outcome = runner.update(
        list(book.snippets), settings, report, jobs=jobs, timeout=timeout
    )
    report.close(outcome)
    if outcome.failures:
        return False
    checked = check(book, settings)
    if checked.errors:
        report.say(checked.text)
        return False
    target = target or book.site
    with FileLock(book.store / "site.lock"):
        write_font(book, settings)
        for left in target.parent.glob(".site-*"):  # by a build that was killed
            shutil.rmtree(left)
        part = Path(tempfile.mkdtemp(prefix=".site-", dir=target.parent))
        try:
            if not _build_languages(book, settings, part, report):
                return False
            part.chmod(0o755)
            replace(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    report.say(f"built {book.relative(target)}/")
    return True


def _build_languages(
    book: Book, settings: Settings, folder: Path, report: Report
) -> bool:
    environment = {
        **os.environ,
        **settings.environment(),
        "DLNOTES_BUILD": "1",
        "NO_MKDOCS_2_WARNING": "1",
    }
    builds = {
        language: subprocess.Popen(
            [
                *(sys.executable, "-m", "mkdocs", "build", "--strict"),
                *("-f", str(book.config(language)), "-d", str(folder / language)),
            ],
            cwd=book.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for language in LANGUAGES
    }
    said = {language: process.communicate()[0] for language, process in builds.items()}
    for language, process in builds.items():
        if process.returncode:
            report.say(f"[{language}] {_without_news(said[language])}")
    write_root(book, folder)
    return all(process.returncode == 0 for process in builds.values())


def _without_news(log: str) -> str:
    """Drop what MkDocs tells when all is well; its `--quiet` turns `--strict` off."""
    return re.sub(r"(?m)^INFO .*\n?(?:[ \t].*\n?)*", "", log).strip()


def write_font(book: Book, settings: Settings) -> None:
    """Write the maths font, cut to the characters that the formulas of the book use."""
    from dlnotes.book.weave import Weaver

    sources = gather(book, settings)
    shown: list[str] = []

    def keep(html: str) -> str:
        shown.extend(re.findall("<math.*?</math>", html, re.DOTALL))
        return ""

    for language in LANGUAGES:
        for path in book.pages(language):
            weaver = Weaver(sources, language, path.name, str(path), keep)
            weaver.weave(path.read_text(encoding="utf-8"))
    path = book.docs / "theme" / "assets" / "generated" / "math.woff2"
    data = subset_font(characters(shown))
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)
