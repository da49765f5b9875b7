"""What the engine has to know of a language to make a book in it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What the engine itself says to readers; `{…}` is filled in."""

    # under an output, and beside a quoted number
    run_of: str
    measured_by: str
    run_page: str
    one_file: str
    # the head of the table of runs: program, seconds, memory, downloads
    runs: tuple[str, str, str, str]
    # the page of a run
    ran_in: str
    peak_memory: str
    used_in: str
    unused: str
    figure: str
    # the box that says how to run a chapter's programs
    setup_title: str
    setup_copy: str
    setup_whole: str
    setup_imports: str
    setup_differ: str
    # a program in one file, and a notebook that installs the package
    program_origin: str
    program_needs: str
    program_begins: str
    program_library: str
    install: str
    # the glossary, and the pages of the package
    term_link: str
    bases: str


@dataclass(frozen=True)
class Language:
    """A language that the book is written in.

    Args:
        code: the theme's name for it, which its folder below docs/, its catalogue and
            its fields in docs/terms.toml have.
        tag: what its pages call it, a language tag of HTML.
        name: its name in English, for errors.
        comma: what stands between the items of a list.
        spaced: whether there are spaces between words. Where there are none, lines are
            joined, and a name is found wherever its characters are.
        endings: what a name may end in besides, as a plural does.
        sort_key: of a name, for the order of the glossary.
        typography: what is certainly wrong in a text: the message, and what finds it.
        words: what the engine says in it.
    """

    code: str
    tag: str
    name: str
    comma: str
    spaced: bool
    endings: tuple[str, ...]
    sort_key: Callable[[str], bytes]
    typography: Mapping[str, re.Pattern[str]]
    words: Words
