"""Build all languages into one site, and swap it in whole."""

import shutil
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path

from filelock import FileLock

from dlnotes.book.book import Book
from dlnotes.book.checks.check import check
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import TIMEOUT, Outcome, Runner
from dlnotes.book.html.maths import subset_font
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.progress import Report
from dlnotes.book.publishing.editions import EditionError, Editions
from dlnotes.book.publishing.stamp import is_current, remember, state
from dlnotes.book.root import write_root
from dlnotes.book.storage.atomic import write_atomically
from dlnotes.book.storage.cache import engine, installed, key_of
from dlnotes.book.storage.swap import replace
from dlnotes.book.weaving.gather import gather
from dlnotes.book.weaving.woven import page_text, woven

KEPT = (
    "woven",
    "html",
    "page",
    "check",
)


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
    """Run what is stale, check the pages, build all languages, swap the site in.

    Where nothing has changed since the site was built, nothing is done.

    Args:
        book: the checkout.
        runner: brings the runs up to date.
        settings: those of the runs that the pages show.
        report: is told how it goes.
        jobs: snippets at a time; as many as there are cores by default.
        timeout: limit for each snippet, in seconds.
        target: the folder to replace; the book's site by default.

    Returns:
        whether the site is up to date now; if not, it is as it was.
    """
    target = target or book.site
    before = state(book, settings)
    if is_current(book, before, target):
        report.say(f"{book.relative(target)}/ is up to date: nothing has changed")
        return True
    with Editions(book, settings) as editions:
        editions.look()  # while the snippets run
        outcome = runner.update(
            list(book.snippets), settings, report, jobs=jobs, timeout=timeout
        )
        report.close(outcome)
        if outcome.failures:
            return False
        with FileLock(book.store / "site.lock"):
            built = _build(book, editions, settings, report, target)
    if built:
        runner.collect()
        _keep(book, settings, before, target, outcome)
        report.say(f"built {book.relative(target)}/")
    return built


def _build(
    book: Book, editions: Editions, settings: Settings, report: Report, target: Path
) -> bool:
    """Build into a folder beside the target, and put it there; say whether."""
    for left in target.parent.glob(".site-*"):  # by a build that was killed
        shutil.rmtree(left)
    part = Path(tempfile.mkdtemp(prefix=".site-", dir=target.parent))
    refused = ""
    try:
        try:
            publish_font(book, editions.prepare())
            editions.start(part)
        except EditionError as error:
            refused = str(error)
        checked = check(book, gather(book, settings))  # while they build
        if checked.errors:
            report.say(checked.text)
            return False
        try:
            if not refused:
                list(editions.finished(FIRST))
        except EditionError as error:
            refused = str(error)
        if refused:
            report.say(refused)
            return False
        write_root(book, part)
        part.chmod(0o755)
        replace(part, target)
        return True
    finally:
        editions.close()
        shutil.rmtree(part, ignore_errors=True)


def _keep(
    book: Book, settings: Settings, before: str, target: Path, outcome: Outcome
) -> None:
    """Remember what the site was built from; forget pages that are no more."""
    now = Book(book.root, book.package)
    if state(now, settings) == before:  # else it was built while someone wrote
        remember(book, before, target, outcome.runs)
    forget(now)


def forget(book: Book) -> None:
    """Delete what is kept of pages and snippets that are no more."""
    cache, snippets = book.cache, book.snippets
    for kind in ("keys", "keys-reached", "standalone", "standalone-reached"):
        cache.collect(kind, snippets)
    for language in LANGUAGES:
        pages = [book.name(path) for path in book.pages(language)]
        runs = [f"runs/{name}.ipynb" for name in snippets]
        for kind in KEPT:
            cache.collect(f"{kind}-{language}", [*pages, *runs])


def write_font(book: Book, settings: Settings) -> None:
    """Write the maths font, cut to the characters that the formulas of the book use."""
    sources = gather(book, settings)
    shown: set[str] = set()
    for language in LANGUAGES:
        for path in book.pages(language):
            known = woven(book, sources, language, book.name(path), page_text(path))
            shown.update(known.characters)
    publish_font(book, shown)


def publish_font(book: Book, shown: set[str]) -> None:
    """Write the maths font, cut to some characters, if it is not there."""
    path = book.docs / "theme" / "assets" / "generated" / "math.woff2"
    wanted = "".join(sorted(shown))
    kept: str = book.cache.make(
        "font",
        "math",
        key_of(installed(), engine(), wanted),
        lambda: b64encode(subset_font(shown)).decode(),
    )
    data = b64decode(kept)
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)
