"""Serve the site to its author, and rebuild it on every change."""

import tempfile
from pathlib import Path

from mkdocs.livereload import LiveReloadServer

from dlnotes.book.book import LANGUAGES, Book
from dlnotes.book.errors import BookError
from dlnotes.book.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.runner import TIMEOUT, Runner
from dlnotes.book.site import build


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
    watched = [book.docs, book.root / "snippets", book.library.folder]
    watched += [book.config(language) for language in LANGUAGES]
    report = Report(book)
    with tempfile.TemporaryDirectory(prefix="dlnotes-serve-") as folder:
        target = Path(folder) / "site"
        target.mkdir()

        def rebuild() -> None:
            now = Book(book.root, book.package)
            runner.book = now
            try:
                build(
                    now,
                    runner,
                    settings,
                    report,
                    jobs=jobs,
                    timeout=timeout,
                    target=target,
                )
            except BookError as error:
                report.say(str(error))

        before = -1
        while before != (before := newest(watched)):  # an edit during the first build
            rebuild()
        server = LiveReloadServer(rebuild, host, port, str(target))
        for path in watched:
            server.watch(str(path))
        report.say(f"serving at http://{host}:{port}/ (Ctrl-C ends it)")
        try:
            server.serve()
        except KeyboardInterrupt:
            report.say("stopped")
        finally:
            server.shutdown()


def newest(paths: list[Path]) -> int:
    """Return when a file at or below some paths last changed, in nanoseconds."""
    files = [file for path in paths for file in (path, *path.rglob("*"))]
    return max(
        file.stat().st_mtime_ns
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    )
