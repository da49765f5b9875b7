"""The command `dlnotes`.

What a command alone needs is imported when it is called: the help and the status come
at once, and need no library at all.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import dlnotes.book
from dlnotes.book.arguments import parser
from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.source.requirements import NEEDS, missing

FAILED = 1
MISUSED = 2
REASONS = 8  # shown per stale snippet


def _names(book: Book, names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in book.snippets]
    if unknown:
        known = ", ".join(book.snippets)
        raise UsageError(f"no snippet named {', '.join(unknown)}; there are: {known}")
    return list(dict.fromkeys(names)) or list(book.snippets)


class UsageError(Exception):
    """The command line asks for something that cannot be, or not here."""


def _run(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.progress import Report

    report = Report(book)
    with Runner(book) as runner:
        outcome = runner.update(
            _names(book, arguments.names),
            Settings(arguments.scale, arguments.seed_offset),
            report,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
            force=arguments.force,
        )
        runner.collect()
    report.close(outcome)
    return FAILED if outcome.failures else 0


def _status(book: Book, arguments: argparse.Namespace) -> int:
    settings = Settings(arguments.scale, arguments.seed_offset)
    found = Runner(book).statuses(_names(book, arguments.names), settings)
    width = max((len(item.snippet.name) for item in found), default=0)
    for item in found:
        if item.run:
            print(f"{item.snippet.name:{width}}  fresh  {item.run.seconds:.2f} s")
        else:
            shown = list(item.reasons[:REASONS])
            if len(item.reasons) > REASONS:
                shown.append(f"and {len(item.reasons) - REASONS} more")
            print(f"{item.snippet.name:{width}}  stale  {'; '.join(shown)}")
    return 0


def _build(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.progress import Report
    from dlnotes.book.publishing.site import build

    report = Report(book)
    with Runner(book) as runner:
        built = build(
            book,
            runner,
            Settings(arguments.scale, arguments.seed_offset),
            report,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
        )
    return 0 if built else FAILED


def _serve(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.serving.serve import serve

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up, as on Ctrl-C
    with Runner(book) as runner:
        serve(
            book,
            runner,
            Settings(arguments.scale, arguments.seed_offset),
            host=arguments.host,
            port=arguments.port,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
        )
    return 0


def _check(book: Book, _arguments: argparse.Namespace) -> int:
    from dlnotes.book.checks.check import check
    from dlnotes.book.weaving.gather import gather

    report = check(book, gather(book, Settings()))
    print(report.text)
    return FAILED if report.errors else 0


def _export(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.bundle.export import standalone
    from dlnotes.book.storage.atomic import write_atomically

    (name,) = _names(book, [arguments.name])
    program = standalone(book, book.snippets[name])
    if arguments.output:
        write_atomically(Path(arguments.output), program.encode())
    else:
        print(program, end="")
    return 0


def _clean(book: Book, _arguments: argparse.Namespace) -> int:
    from dlnotes.book.clean import clean

    for path in clean(book):
        print(f"deleted {book.relative(path)}")
    return 0


COMMANDS = {
    "run": _run,
    "status": _status,
    "build": _build,
    "serve": _serve,
    "check": _check,
    "export": _export,
    "clean": _clean,
}


def _check_installed(book: Book) -> None:
    here = Path(dlnotes.book.__file__).parents[1].resolve()
    if here != book.library.folder.resolve():
        raise BookError(
            f"this command runs the code in {here}, and the book is in {book.root}: "
            "install that checkout (`make site` there) and use its command"
        )


def _check_needs(book: Book, command: str) -> None:
    if lacking := missing(NEEDS.get(command, ())):
        raise UsageError(
            f"{command} needs libraries that are not installed "
            f"({', '.join(lacking)}): "
            f"run `pip install -e '.[site]'` in {book.root}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = parser().parse_args(argv)
    try:
        book = find_book()
        _check_installed(book)
        _check_needs(book, arguments.command)
        return COMMANDS[arguments.command](book, arguments)
    except UsageError as error:
        print(f"dlnotes: {error}", file=sys.stderr)
        return MISUSED
    except (BookError, OSError) as error:
        print(f"dlnotes: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("dlnotes: interrupted; what had finished is kept", file=sys.stderr)
        return 130
