"""The words of the command `dlnotes`: its subcommands and their options."""

import argparse

from dlnotes.book.freshness.runner import TIMEOUT


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(
        prog="dlnotes",
        description="Run the snippets of the book and build its site.",
        epilog="Exit status: 0 all well, 1 a failure in the book, 2 wrong usage "
        "or a library that is not installed.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    settings, running = _settings(), _running()

    def add(
        name: str, text: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        about = f"{text[0].upper()}{text[1:]}."
        return commands.add_parser(name, help=text, description=about, parents=parents)

    run = add("run", "run the snippets that are stale", _names(), settings, running)
    run.add_argument("--force", action="store_true", help="run fresh ones too")
    add("status", "say which runs are stale, and why", _names(), settings)
    add("build", "run what is stale and build the site", settings, running)
    serve = add("serve", "build, serve, rebuild on every change", settings, running)
    _add_address(serve)
    add("check", "check directives, parity, links and typography")
    export = add("export", "write a snippet as one program that needs no dlnotes")
    export.add_argument("name", metavar="NAME")
    export.add_argument("-o", "--output", metavar="FILE", help="default: print it")
    add("clean", "delete the stored runs and the built site")
    return whole


def _names() -> argparse.ArgumentParser:
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument("names", nargs="*", metavar="NAME", help="default: all snippets")
    return group


def _settings() -> argparse.ArgumentParser:
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument(
        "--scale",
        choices=["default", "full"],
        default="default",
        help="full: train on the data sets of the papers (downloaded before; hours)",
    )
    group.add_argument(
        "--seed-offset",
        type=_offset,
        default=0,
        metavar="N",
        help="other random numbers: every seed moved (default: 0, as on the pages)",
    )
    return group


def _running() -> argparse.ArgumentParser:
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument(
        "--jobs", type=_count, metavar="N", help="snippets at a time (default: cores)"
    )
    group.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="S",
        help="limit for each snippet in seconds (default: %(default)g)",
    )
    return group


def _add_address(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    serve.add_argument("--port", type=_port, default=8000, help="default: %(default)s")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count: 1, 2, 3, ...")
    return int(text)


def _offset(text: str) -> int:
    if not text.isdecimal() or int(text) >= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not an offset: 0 to 999")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to {2**16 - 1}")
    return int(text)
