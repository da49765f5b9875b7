"""The tables of verbs, read into rows."""

from typing import NamedTuple

from dlnotes.data.grammar.people import Person
from dlnotes.data.grammar.verbs import ACTIVITIES, PLACES, VERBS

Place = tuple[str, str]


class _Row(NamedTuple):
    """A row of the tables of verbs; an activity has no nouns."""

    forms: tuple[str, ...]  # write, writes, wrote, writing
    tail: str
    zh: str
    thing: str
    nouns: tuple[str, ...]
    kinds: tuple[str, ...]
    places: tuple[Place, ...]
    times: str
    tenses: tuple[str, ...]
    who: str
    company: bool


def _read_place(line: str) -> tuple[str, Place]:
    """Return the key of a place and its words."""
    key, en, zh = line.split()
    return key, (en.replace("_", " "), zh)


WHERE = dict(_read_place(line) for line in PLACES.strip().splitlines())


def _read_row(line: str) -> _Row:
    """Return a row of one of the two tables."""
    fields = [part.strip() for part in line.split("|")]
    *forms, verb = fields[0].split()
    zh, _, thing = verb.partition("·")
    tail = forms.pop().replace("_", " ") if len(forms) > 4 else ""
    nouns = kinds = ""
    if fields[-1] not in ("with", "-"):
        nouns, kinds = fields.pop(1), fields.pop(1)
        fields.append("-")
    places, times, tenses, who, company = fields[1:]
    found = [WHERE[key] for key in places.split() if key != "-"]
    return _Row(
        tuple(forms),
        tail,
        zh,
        thing,
        tuple(nouns.split()),
        tuple(kinds.split()),
        tuple(found),
        times,
        tuple(tenses.split()),
        who,
        company == "with",
    )


ROWS = [
    _read_row(line)
    for line in (VERBS + ACTIVITIES).strip().splitlines()
    if line
]
ROW_TENSES = sorted({tense for row in ROWS for tense in row.tenses})
SUBJECTS = {
    "young": ("all", "young"),
    "adult": ("all", "adult"),
    "kin": ("all", "adult"),
    "pronoun": ("all", "adult", "young"),
    "name": ("all", "adult", "young"),
}
_ROWS_FOR = {
    (kind, tense): [
        row
        for row in ROWS
        if row.who in whos and tense in row.tenses
        for _ in range(1 + len(row.nouns) // 3)  # many nouns, often drawn
    ]
    for kind, whos in SUBJECTS.items()
    for tense in ROW_TENSES
}


def _rows_for(person: Person, tense: str) -> list[_Row]:
    """Return the rows that suit a person, in a tense."""
    return _ROWS_FOR[person.kind, tense]
