"""A clause in both languages: who, when, with whom, where, what."""

from random import Random
from typing import NamedTuple

from dlnotes.data.grammar.actions import Action
from dlnotes.data.grammar.others import _draw_action, _draw_other
from dlnotes.data.grammar.people import Person
from dlnotes.data.grammar.times import NO_TIME, TIMES_OF

Pair = tuple[str, str]
NOBODY = ("", "")
NOWHERE = ("", "")
# Chinese before the verb in a statement, its negation and a question
MODALS = {
    "past": ("", "没有", ""),
    "future": ("会", "不会", "会"),
    "progressive": ("正在", "没有在", "在"),
    "habit": ("", "不", ""),
    "want": ("想", "不想", "想"),
    "plan": ("打算", "不打算", "打算"),
    "must": ("必须", "不必", "必须"),
    "can": ("会", "不会", "会"),
    "wear": ("", "没有", ""),
}
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
NOT_DONE = ["play", "drink", "eat", "work", "swim", "dance", "help", "watch"]
STATEMENT, NEGATION, QUESTION = range(3)
TIMED = {  # how often a time is told
    (mood, tense): 0.75
    for tense in MODALS
    for mood in (STATEMENT, NEGATION, QUESTION)
}
TIMED |= {
    (STATEMENT, "habit"): 1.0,
    (NEGATION, "habit"): 0.0,
    (QUESTION, "habit"): 0.9,
    (QUESTION, "future"): 1.0,
}
NUMERALS = "两三四五"
FREE = ("sunday", "saturday", "weekend")  # no school then
ADVERBS = (
    ("often", "经常"),
    ("often", "经常"),
    ("sometimes", "有时候"),
    ("never", "从来不"),
)


class Setting(NamedTuple):
    """When, with whom and where, in both languages, and how often."""

    time: Pair
    company: Pair
    place: Pair
    adverb: Pair


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
    if tense == "progressive" and place != NOWHERE:
        return Setting(time, company, place, adverb)
    if action.company and tense != "can" and rng.random() < 0.2:
        other = _draw_other(rng, subject)
        company = (f"with {other.object}", f"和{other.zh}一起")
    return Setting(time, company, place, adverb)


def verb_group(
    subject: Person, tense: str, forms: tuple[str, ...]
) -> tuple[str, str, str]:
    """Return an auxiliary, what follows it, and the group of a statement.

    Where the last is empty, a statement has the auxiliary too.
    """
    base, s, past, ing = forms
    third = subject.do == "does"
    if tense == "past":
        return "did", base, past
    if tense in ("want", "plan"):
        return (
            subject.do,
            f"{tense} to {base}",
            (f"{tense}{'s' if third else ''} to {base}"),
        )
    if tense == "habit":
        return subject.do, base, s if third else base
    if tense in ("progressive", "wear"):
        return subject.be, ing, ""
    return {"future": "will"}.get(tense, tense), base, ""


def english(
    subject: Person, tense: str, action: Action, setting: Setting, mood: int
) -> str:
    """Return the English clause, its words between single blanks."""
    aux, rest, plain = verb_group(subject, tense, action.forms)
    adverb = setting.adverb[0]
    if mood == QUESTION:
        words = [aux, subject.en, rest]
    elif mood == NEGATION:
        words = [subject.en, aux, "not", rest]
    else:
        words = [subject.en, adverb, plain or f"{aux} {rest}"]
    words += [action.tail, setting.company[0], setting.place[0]]
    text = " ".join(word for word in [*words, setting.time[0]] if word)
    return text.replace("can not", "cannot")


def chinese(
    tense: str, action: Action, setting: Setting, mood: int, modal: str
) -> str:
    """Return what follows the subject in Chinese."""
    time = setting.time[1]
    if time.startswith("每"):
        time += "都"
    where = setting.company[1] + setting.place[1]
    if modal.endswith("在") and where.startswith("在"):
        where = where[1:]
    loose = mood == NEGATION or tense in ("past", "progressive", "habit")
    thing = action.loose if loose and mood != STATEMENT else action.object
    verb, end = action.verb, ""
    if mood == NEGATION and tense == "wear":
        verb = verb.removesuffix("着")
    if tense == "past" and mood != NEGATION:
        counted = not set(thing).isdisjoint(NUMERALS)
        if thing and (mood == STATEMENT or counted):
            verb += "了"
        else:
            end = "了"
    start = time + setting.adverb[1] + modal + where
    if tense == "plan":
        start = modal + time + where
    return f"{start}{action.before}{verb}{thing}{end}"


def _odd_negation(tense: str, action: Action) -> bool:
    """Tell whether it is odd to say that an action is not done."""
    if tense == "habit":
        return action.forms[0] not in NOT_DONE
    return not set(action.object).isdisjoint(NUMERALS)


def draw_clause(
    rng: Random, tense: str, subject: Person, mood: int = STATEMENT
) -> Pair:
    """Draw a clause about a subject, without a full stop."""
    action = _draw_action(rng, tense, subject)
    while mood == NEGATION and _odd_negation(tense, action):
        action = _draw_action(rng, tense, subject)
    setting = _draw_setting(rng, tense, subject, action, mood)
    en = english(subject, tense, action, setting, mood)
    zh = chinese(tense, action, setting, mood, MODALS[tense][mood])
    return en, subject.zh + zh


TENSES = (
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
