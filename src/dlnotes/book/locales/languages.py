"""The languages of the book, by code and in order."""

from dlnotes.book.locales.chinese import CHINESE
from dlnotes.book.locales.english import ENGLISH
from dlnotes.book.locales.language import Language

LANGUAGES: dict[str, Language] = {item.code: item for item in (ENGLISH, CHINESE)}
FIRST = ENGLISH.code  # that of the code; the others are compared with it


def others() -> list[str]:
    """Return the codes of all languages but the first, each with a catalogue."""
    return [code for code in LANGUAGES if code != FIRST]
