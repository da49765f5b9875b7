"""Read the catalogue of translated labels and comments, a gettext file."""

import re
from pathlib import Path

import polib

from dlnotes.book.errors import BookError

_LINE = re.compile(r'(?:#.*|(?:msg[\w[\]]+\s+)?"(?:[^"\\]|\\.)*")?')


def read_catalogue(path: str | Path) -> dict[str, str]:
    """Return message -> translation.

    Raises:
        BookError: the file is missing or broken, a message stands in it twice, or
            one has no translation or one that is marked fuzzy.
    """
    path = Path(path)
    if not path.is_file():
        raise BookError("there is no such catalogue", path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise BookError("the catalogue is not UTF-8", path) from error
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line.strip()):
            raise BookError("this is no line of a gettext file", path, number)
    try:
        entries = polib.pofile(str(path), encoding="utf-8")
    except (OSError, ValueError) as error:
        place = re.search(r"\(line (\d+)\)", str(error))
        message = "gettext expects something else here"
        raise BookError(message, path, int(place[1]) if place else None) from error
    found: dict[str, str] = {}
    places: dict[str, int] = {}
    for entry in entries:
        if entry.obsolete:
            continue
        name, here = repr(entry.msgid), max(entry.linenum, 1)
        if entry.msgid in found:
            first = places[entry.msgid]
            raise BookError(f"{name} stands on line {first} too", path, here)
        if not entry.msgstr:
            raise BookError(f"{name} has no translation", path, here)
        if entry.fuzzy:
            raise BookError(f"{name} is marked fuzzy", path, here)
        found[entry.msgid], places[entry.msgid] = entry.msgstr, here
    return found
