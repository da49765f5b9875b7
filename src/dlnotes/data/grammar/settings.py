"""The circumstances of a clause: when, with whom and where."""

from random import Random
from typing import NamedTuple

from dlnotes.data.grammar.actions import Action
from dlnotes.data.grammar.others import _draw_other
from dlnotes.data.grammar.people import Person
from dlnotes.data.grammar.times import NO_TIME, TIMES_OF
from dlnotes.data.grammar.words import Bilingual

NOBODY = ("", "")
NOWHERE = ("", "")
NEAR_BY = {  # how often a place is told
    "past": 0.55,
    "future": 0.55,
    "progressive": 0.55,
    "habit": 0.5,
    "want": 0.2,
    "plan": 0.3,
    "must": 0.1,
    "can": 0.0,
    "wear": 0.0,
}
STATEMENT, NEGATION, QUESTION = range(3)
TIMED = {  # how often a time is told
    (mood, tense): 0.75
    for tense in NEAR_BY
    for mood in (STATEMENT, NEGATION, QUESTION)
}
TIMED |= {
    (STATEMENT, "habit"): 1.0,
    (NEGATION, "habit"): 0.0,
    (QUESTION, "habit"): 1.0,  # without, it would be what goes on now
    (STATEMENT, "future"): 1.0,  # without, 会 would be "can"
    (NEGATION, "future"): 1.0,
    (QUESTION, "future"): 1.0,
}
FREE = ("sunday", "saturday", "weekend")  # no school then
ADVERBS = (
    ("often", "经常"),
    ("often", "经常"),
    ("sometimes", "有时候"),
    ("never", "从来不"),
)


class Setting(NamedTuple):
    """When, with whom and where, in both languages, and how often."""

    time: Bilingual
    company: Bilingual
    place: Bilingual
    adverb: Bilingual


NO_SETTING = Setting(NO_TIME, NOBODY, NOWHERE, NOBODY)


def _draw_setting(
    rng: Random, tense: str, subject: Person, action: Action, mood: int
) -> Setting:
    """Draw the circumstances that fit an action in a tense."""
    time, company, place, adverb = NO_TIME, NOBODY, NOWHERE, NOBODY
    bare = tense == "past" and not action.object  # the verb needs company
    if tense == "habit" and mood == STATEMENT and rng.random() < 0.35:
        adverb = rng.choice(ADVERBS)
    elif rng.random() < TIMED[mood, tense] or bare:
        time = rng.choice(TIMES_OF[action.times][tense])
    meal = tense == "past" and action.forms[0] == "have"
    if action.places and (rng.random() < NEAR_BY[tense] or meal):
        place = rng.choice(action.places)
    if "school" in action.tail + place[0]:
        while any(day in time[0] for day in FREE):
            time = rng.choice(TIMES_OF[action.times][tense])
    told = tense == "progressive" and place != NOWHERE  # and that is enough
    if action.company and tense != "can" and not told and rng.random() < 0.2:
        other = _draw_other(rng, subject)
        company = (f"with {other.object}", f"和{other.zh}一起")
    return Setting(time, company, place, adverb)
