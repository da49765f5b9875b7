"""Build both languages into one site, swap it in whole, and serve it."""

import ctypes
import os
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
from dlnotes.book.runner import TIMEOUT, Runner
from dlnotes.book.store import write_atomically

AT_FDCWD = -100
RENAME_EXCHANGE = 2


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
                *(sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"),
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
    for language, text in said.items():
        if text.strip():
            report.say(f"[{language}] {text.strip()}")
    shutil.copyfile(book.docs / "root.html", folder / "index.html")
    (folder / ".nojekyll").touch()
    return all(process.returncode == 0 for process in builds.values())


def write_font(book: Book, settings: Settings) -> None:
    """Write the maths font, cut to the characters that the formulas of the book use."""
    from dlnotes.book.weave import Weaver

    sources = gather(book, settings)
    shown: list[str] = []

    def keep(html: str) -> str:
        if "<math" in html:
            shown.append(html)
        return ""

    for language in LANGUAGES:
        for path in book.pages(language):
            weaver = Weaver(sources, language, path.name, str(path), keep)
            weaver.weave(path.read_text(encoding="utf-8"))
    path = book.docs / "theme" / "assets" / "generated" / "math.woff2"
    data = subset_font(characters(shown))
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)


def replace(new: Path, old: Path) -> None:
    """Put one folder in the place of another, in one step where the system can.

    Linux exchanges the two; elsewhere the old one is moved aside first, and back if
    the new one cannot be moved in.
    """
    if not old.exists():
        new.rename(old)
        return
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(new), os.fsencode(old)
        call = (AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE)
        if libc.renameat2(*call) == 0:
            return
    aside = Path(tempfile.mkdtemp(prefix=".site-", dir=old.parent)) / "old"
    old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        aside.rename(old)
        raise
    aside.rename(new)
    aside.parent.rmdir()


def serve(
    book: Book,
    runner: Runner,
    settings: Settings,
    *,
    host: str,
    port: int,
    jobs: int | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Serve the site and rebuild it when a source changes, until interrupted.

    The site is built into a folder of its own; `site/` is not touched.
    """
    from mkdocs.livereload import LiveReloadServer

    with tempfile.TemporaryDirectory(prefix="dlnotes-serve-") as folder:
        target = Path(folder) / "site"

        def rebuild() -> None:
            fresh = Book(book.root, book.package)
            runner.book = fresh
            options = {"jobs": jobs, "timeout": timeout, "target": target}
            build(fresh, runner, settings, Report(fresh), **options)  # type: ignore[arg-type]

        target.mkdir()
        rebuild()
        server = LiveReloadServer(rebuild, host, port, str(target))
        watched = [book.docs, book.root / "snippets", book.library.folder]
        for path in [*watched, *(book.config(language) for language in LANGUAGES)]:
            server.watch(str(path))
        Report(book).say(f"serving at http://{host}:{port}/ (Ctrl-C ends it)")
        try:
            server.serve()
        finally:
            server.shutdown()


def clean(book: Book) -> list[Path]:
    """Delete the stored runs, the site and what else was generated; return them."""
    generated = [
        book.store,
        book.site,
        book.docs / "theme" / "assets" / "generated",
        *book.root.glob(".site-*"),
    ]
    found = [path for path in generated if path.exists()]
    for path in found:
        shutil.rmtree(path)
    return found
