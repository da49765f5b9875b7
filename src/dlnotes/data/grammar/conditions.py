"""Sentences with a condition."""

from random import Random

from dlnotes.data.grammar.clauses import _go_out
from dlnotes.data.grammar.others import _draw_action
from dlnotes.data.grammar.people import TOLD, _pronoun_of
from dlnotes.data.grammar.reports import _activity
from dlnotes.data.grammar.settings import NO_SETTING
from dlnotes.data.grammar.times import TIMES_OF
from dlnotes.data.grammar.words import Bilingual

INSIDE = (
    ("stay at home", "待在家里"),
    ("go to the library", "去图书馆"),
    ("go to the cinema", "去看电影"),
    ("watch television at home", "在家里看电视"),
    ("read books at home", "在家里看书"),
)
# for these nobody waits until he has time
DUTIES = ("to school", "to the hospital", "to the station")
QUICK = ("give", "lend")


def _draw_if(rng: Random) -> Bilingual:
    """Draw a condition and what will happen then."""
    person = rng.choice(TOLD)
    u = rng.random()
    if u < 0.3:
        en, zh = rng.choice(INSIDE)
        day, tag = rng.choice(
            (("tomorrow", "明天"), ("next sunday", "下个星期天"))
        )
        return (
            f"if it rains {day} , {person.en} will {en}",
            f"如果{tag}下雨，{person.zh}就{zh}",
        )
    if u < 0.6:
        action = _activity(rng, "future", person)
        place, where = "", "去"
        if rng.random() < 0.6:
            place, where = rng.choice(action.places)
        en = " ".join(x for x in (action.forms[0], action.tail, place) if x)
        return (
            f"if the weather is good tomorrow , {person.en} will {en}",
            f"如果明天天气好，{person.zh}就{where}{action.verb}{action.object}",
        )
    they = _pronoun_of(person)
    action = _draw_action(rng, "future", person)
    while action.tail.startswith(DUTIES) or action.forms[0] in QUICK:
        action = _draw_action(rng, "future", person)
    action = _go_out("future", action, NO_SETTING)
    have = "has" if person.do == "does" else "have"
    day, tag = rng.choice(TIMES_OF[action.times]["future"])
    return (
        f"if {person.en} {have} time {day} , {they.en} will "
        + " ".join(x for x in (action.forms[0], action.tail) if x),
        f"如果{person.zh}{tag}有时间，就"
        f"{action.before}{action.verb}{action.object}",
    )
