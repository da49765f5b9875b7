"""What somebody says, thinks or hopes, and what somebody did and why."""

from random import Random

from dlnotes.data.grammar.actions import (
    Action,
    _plain_action,
)
from dlnotes.data.grammar.clauses import chinese, draw_clause, english
from dlnotes.data.grammar.others import _draw_others
from dlnotes.data.grammar.people import (
    NAMES,
    PRONOUNS,
    SPEAKERS,
    TELLERS,
    TOLD,
    Person,
    _another,
    _pronoun_of,
    _several,
)
from dlnotes.data.grammar.qualities import (
    _draw_comparison,
    _draw_quality,
)
from dlnotes.data.grammar.rows import ROWS, _rows_for
from dlnotes.data.grammar.settings import NEGATION, STATEMENT, _draw_setting
from dlnotes.data.grammar.words import THINGS, Bilingual


def _draw_said(rng: Random, speaker: Person) -> tuple[str, str, str]:
    """Draw what a speaker says or thinks, and which of the two."""
    if rng.random() < 0.7:
        tense = rng.choice(("past", "past", "future", "progressive", "habit"))
        mood = NEGATION if rng.random() < 0.15 else STATEMENT
        about = _another(rng, TELLERS, speaker)
        return "fact", *draw_clause(rng, tense, about, mood)
    while True:
        en, zh, end = rng.choice((_draw_quality, _draw_comparison))(rng)
        if end == "." and speaker.en not in en:
            return "judgement", en, zh


def _draw_report(rng: Random) -> Bilingual:
    """Draw "tom says that mary bought a red hat"."""
    speaker = rng.choice(SPEAKERS)
    u = rng.random()
    if u < 0.2:
        who = rng.choice([PRONOUNS[0], *NAMES])
        listener = rng.choice([p for p in PRONOUNS[1:4] if p.they != who.they])
        action = _draw_others(rng, "future", listener)
        setting = _draw_setting(rng, "future", listener, action, STATEMENT)
        en = english(listener, "future", action, setting, STATEMENT)
        zh = listener.zh + chinese("future", action, setting, STATEMENT, "能")
        hope = "hopes" if who.do == "does" else "hope"
        return f"{who.en} {hope} that {en}", f"{who.zh}希望{zh}"
    if u < 0.4:
        own = _pronoun_of(speaker)
        tense = rng.choice(("past", "future", "habit", "want", "plan"))
        mood = NEGATION if rng.random() < 0.2 else STATEMENT
        en, zh = draw_clause(rng, tense, own, mood)
        return f"{speaker.en} says that {en}", f"{speaker.zh}说{zh}"
    kind, en, zh = _draw_said(rng, speaker)
    if u < 0.8 or kind == "judgement":
        says, verb = (
            ("thinks", "觉得") if kind == "judgement" else ("says", "说")
        )
        return f"{speaker.en} {says} that {en}", f"{speaker.zh}{verb}{zh}"
    return f"{speaker.en} knows that {en}", f"{speaker.zh}知道{zh}"


REASONS = (
    ("was ill", "病了"),
    ("was very busy", "很忙"),
    ("was very tired", "很累"),
    ("had no time", "没有时间"),
)
OUTSIDE = [
    row
    for row in ROWS
    if row.times == "light" and "past" in row.tenses and row.places
]
MISSED = [
    row
    for row in ROWS
    if not row.nouns
    and "past" in row.tenses
    and row.who == "all"
    and row.forms[0] != "listen"
]
REMEDIES = (
    ("hungry", "饿", "eat eats ate eating 吃",
     "bowl_of_noodles piece_of_bread apple piece_of_cake "
     ),
    ("thirsty", "渴", "drink drinks drank drinking 喝",
     "glass_of_water cup_of_tea bottle_of_juice glass_of_milk"),
)  # fmt: skip
LOST = ["umbrella", "key", "watch", "phone", "pen", "hat", "bag"]


def _activity(rng: Random, tense: str, person: Person) -> Action:
    """Draw an activity for which the weather matters."""
    rows = _rows_for(person, tense)
    return _plain_action(rng.choice([row for row in OUTSIDE if row in rows]))


def _draw_because(rng: Random) -> Bilingual:
    """Draw an effect and its cause, which comes first in Chinese."""
    person = rng.choice(TOLD)
    they = _pronoun_of(person)
    was = "were" if they.be == "are" else "was"
    u = rng.random()
    if u < 0.4:
        reason, cause = rng.choice(REASONS)
        if was == "were":
            reason = reason.replace("was", "were")
        rows = _rows_for(person, "past")
        missed = rng.choice([row for row in MISSED if row in rows])
        action = _plain_action(missed)
        if rng.random() < 0.4:
            action = _draw_others(rng, "past", person)
            while "hospital" in action.tail:  # where the ill do go
                action = _draw_others(rng, "past", person)
        setting = _draw_setting(rng, "past", person, action, NEGATION)
        en = english(person, "past", action, setting, NEGATION)
        zh = chinese("past", action, setting, NEGATION, "没有")
        return (
            f"{en} because {they.en} {reason}",
            f"{person.zh}因为{cause}，所以{zh}",
        )
    if u < 0.6:
        action = _activity(rng, "past", person)
        setting = _draw_setting(rng, "past", person, action, NEGATION)
        en = english(person, "past", action, setting, NEGATION)
        zh = chinese("past", action, setting, NEGATION, "没有")
        return f"{en} because it was raining", f"因为下雨，所以{person.zh}{zh}"
    if u < 0.8:
        need, zh, forms, nouns = rng.choice(REMEDIES)
        *verbs, verb = forms.split()
        kind = "count" if _several(person) else rng.choice(("a", "count"))
        thing = rng.choice(THINGS[rng.choice(nouns.split())].phrases[kind])
        en = f"{person.en} {verbs[2]} {thing.en} because {they.en} {was}"
        return f"{en} {need}", f"{person.zh}因为{zh}了，所以{verb}了{thing.zh}"
    key = rng.choice(LOST)
    single_ = person if they.own not in ("our", "their") else NAMES[0]
    they = _pronoun_of(single_)
    noun = THINGS[key]
    feeling, zh = "sad", "难过"
    be = "am" if single_.en == "i" else "is"
    return (
        f"{single_.en} {be} very {feeling} because "
        f"{they.en} lost {they.own} {noun.one}",
        f"{single_.zh}弄丢了{noun.zh}，所以很{zh}",
    )
