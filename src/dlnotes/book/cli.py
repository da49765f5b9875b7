"""The command `dlnotes`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import dlnotes.book
from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.keys import Settings
from dlnotes.book.progress import Report
from dlnotes.book.runner import TIMEOUT, Runner

FAILED = 1
MISUSED = 2
REASONS = 8  # shown per stale snippet


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dlnotes",
        description="Run the snippets of the book and build its site.",
        epilog="Exit status: 0 all well, 1 a failure in the book, 2 wrong usage.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument(
        "--scale",
        choices=["default", "full"],
        default="default",
        help="full: train on the data sets of the papers (download, hours)",
    )
    settings.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda", "mps"],
        default="auto",
        help="auto: the CPU at the default scale, the best there is at full scale",
    )
    running = argparse.ArgumentParser(add_help=False, parents=[settings])
    running.add_argument(
        "--jobs", type=_count, metavar="N", help="snippets at a time (default: cores)"
    )
    running.add_argument(
        "--timeout",
        type=_positive,
        default=TIMEOUT,
        metavar="S",
        help="limit for each snippet in seconds (default: %(default)g)",
    )

    run = commands.add_parser(
        "run", parents=[running], help="run the snippets that are stale"
    )
    run.add_argument("names", nargs="*", metavar="NAME", help="default: all snippets")
    run.add_argument("--force", action="store_true", help="run fresh ones too")
    show = commands.add_parser(
        "status", parents=[settings], help="say which runs are stale, and why"
    )
    show.add_argument("names", nargs="*", metavar="NAME", help="default: all snippets")
    commands.add_parser(
        "build", parents=[running], help="run what is stale and build the site"
    )
    serve = commands.add_parser(
        "serve", parents=[running], help="build, serve and rebuild on every change"
    )
    serve.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    serve.add_argument("--port", type=_count, default=8000, help="default: %(default)s")
    commands.add_parser("check", help="check directives, parity, links and typography")
    export = commands.add_parser(
        "export", help="write a snippet as one program that needs no dlnotes"
    )
    export.add_argument("name", metavar="NAME")
    export.add_argument("-o", "--output", metavar="FILE", help="default: print it")
    commands.add_parser("clean", help="delete the stored runs and the built site")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    from dlnotes.book.device import resolve

    return Settings(
        arguments.scale, resolve(arguments.device, at_full=arguments.scale == "full")
    )


def _names(book: Book, names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in book.snippets]
    if unknown:
        known = ", ".join(book.snippets)
        raise UsageError(f"no snippet named {', '.join(unknown)}; there are: {known}")
    return names or list(book.snippets)


class UsageError(Exception):
    """The command line asks for something that cannot be."""


def _run(book: Book, arguments: argparse.Namespace) -> int:
    report = Report(book)
    with Runner(book) as runner:
        outcome = runner.update(
            _names(book, arguments.names),
            _settings(arguments),
            report,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
            force=arguments.force,
        )
    report.close(outcome)
    return FAILED if outcome.failures else 0


def _status(book: Book, arguments: argparse.Namespace) -> int:
    runner = Runner(book)
    found = runner.statuses(_names(book, arguments.names), _settings(arguments))
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
    from dlnotes.book.site import build

    report = Report(book)
    with Runner(book) as runner:
        built = build(
            book,
            runner,
            _settings(arguments),
            report,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
        )
    return 0 if built else FAILED


def _serve(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.site import serve

    settings = _settings(arguments)
    with Runner(book) as runner:
        serve(
            book,
            runner,
            settings,
            host=arguments.host,
            port=arguments.port,
            jobs=arguments.jobs,
            timeout=arguments.timeout,
        )
    return 0


def _check(book: Book, _arguments: argparse.Namespace) -> int:
    from dlnotes.book.check import check

    report = check(book)
    print(report.text)
    return FAILED if report.errors else 0


def _export(book: Book, arguments: argparse.Namespace) -> int:
    from dlnotes.book.export import standalone
    from dlnotes.book.store import write_atomically

    (name,) = _names(book, [arguments.name])
    program = standalone(book, book.snippets[name])
    if arguments.output:
        write_atomically(Path(arguments.output), program.encode())
    else:
        print(program, end="")
    return 0


def _clean(book: Book, _arguments: argparse.Namespace) -> int:
    from dlnotes.book.site import clean

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        book = find_book()
        _check_installed(book)
        return COMMANDS[arguments.command](book, arguments)
    except UsageError as error:
        print(f"dlnotes: {error}", file=sys.stderr)
        return MISUSED
    except BookError as error:
        print(f"dlnotes: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("dlnotes: interrupted; what had finished is kept", file=sys.stderr)
        return 130
