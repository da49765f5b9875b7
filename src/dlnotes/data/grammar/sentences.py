"""Sentences of every kind, in both languages."""

from random import Random

from dlnotes.data.grammar.clauses import draw_clause
from dlnotes.data.grammar.conditions import _draw_if
from dlnotes.data.grammar.joined import _draw_contrast, _draw_while
from dlnotes.data.grammar.locations import _draw_existence, _draw_location
from dlnotes.data.grammar.people import NAMES, TELLERS, _several
from dlnotes.data.grammar.qualities import _draw_comparison, _draw_quality
from dlnotes.data.grammar.questions import (
    ASKED,
    _draw_doing,
    _draw_how_many,
    _draw_what,
    _draw_where,
    _draw_which,
    _draw_who,
    _draw_yes_no,
)
from dlnotes.data.grammar.relative import _draw_about_person, _draw_about_thing
from dlnotes.data.grammar.reports import _draw_because, _draw_report
from dlnotes.data.grammar.settings import NEGATION, STATEMENT
from dlnotes.data.grammar.states import _draw_feeling, _draw_state

Sentence = tuple[str, str, str]
DRAWN_TENSES = (
    *["past"] * 9,
    *["future"] * 4,
    *["progressive"] * 4,
    *["habit"] * 4,
    *["want"] * 2,
    "plan",
    "must",
    "can",
    "wear",
)


def _draw_statement(rng: Random) -> Sentence:
    """Draw what somebody does, does not, did, will or can do."""
    tense = rng.choice(DRAWN_TENSES)
    unlike = tense in ("must", "wear")
    mood = NEGATION if rng.random() < 0.18 and not unlike else STATEMENT
    person = rng.choice(TELLERS)
    while tense == "wear" and _several(person):
        person = rng.choice(TELLERS)
    return *draw_clause(rng, tense, person, mood), "."


def _draw_having(rng: Random) -> Sentence:
    """Draw what somebody likes, has, needs or wants, or a question."""
    u = rng.random()
    if u < 0.3:
        en, zh = _draw_state(rng, rng.choice(ASKED), 2)
        return en, f"{zh}吗", "?"
    mood = 1 if u < 0.5 else 0
    return *_draw_state(rng, rng.choice(TELLERS), mood), "."


def _draw_two(rng: Random) -> Sentence:
    """Draw a sentence of two clauses."""
    draws = (
        *[_draw_report] * 4,
        *[_draw_because] * 3,
        *[_draw_contrast] * 3,
        *[_draw_if] * 2,
        *[_draw_while] * 2,
    )
    return *rng.choice(draws)(rng), "."


KINDS = (
    *[_draw_statement] * 32,
    *[_draw_yes_no] * 9,
    *[_draw_who] * 4,
    *[_draw_what] * 5,
    *[_draw_how_many] * 2,
    *[_draw_where] * 2,
    *[_draw_which] * 2,
    *[_draw_doing],
    *[_draw_location] * 3,
    *[_draw_existence] * 5,
    *[_draw_quality] * 3,
    *[_draw_comparison] * 4,
    *[_draw_having] * 5,
    *[_draw_feeling] * 2,
    *[_draw_about_thing] * 5,
    *[_draw_about_person] * 3,
    *[_draw_two] * 16,
)
LONG = (_draw_comparison, _draw_about_thing, _draw_about_person, _draw_two)
MARKS = {".": "。", "?": "？"}
ENGLISH_NAMES = [person.en for person in NAMES]


def _names_twice(english: str) -> bool:
    """Tell whether a name comes twice: "tom hopes that you will call tom"."""
    return any(english.count(name) > 1 for name in ENGLISH_NAMES)


def draw_sentence(rng: Random) -> tuple[str, str]:
    """Draw a sentence: English words between blanks, and Chinese."""
    draw = rng.choice(KINDS)
    en, zh, end = draw(rng)
    while draw in LONG and _names_twice(en):
        en, zh, end = draw(rng)
    return f"{en} {end}", zh + MARKS[end]
