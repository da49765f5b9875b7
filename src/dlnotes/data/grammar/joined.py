"""Sentences of two clauses, one beside or before the other."""

from random import Random

from dlnotes.data.grammar.actions import (
    _with_object,
)
from dlnotes.data.grammar.clauses import (
    STATEMENT,
    _draw_setting,
    chinese,
    draw_clause,
    english,
)
from dlnotes.data.grammar.others import _draw_action
from dlnotes.data.grammar.people import (
    NAMED,
    PRONOUNS,
    SPEAKERS,
    TOLD,
    Person,
    _another,
    _pronoun_of,
)
from dlnotes.data.grammar.reports import _activity
from dlnotes.data.grammar.rows import ROWS, _rows_for
from dlnotes.data.grammar.states import LIKED
from dlnotes.data.grammar.times import TIMES_OF
from dlnotes.data.grammar.words import THINGS

Pair = tuple[str, str]


BUYING = [  # a novel is a book, and so one without the other is odd
    row
    for row in ROWS
    if row.forms[0] == "buy" and len(row.nouns) > 1 and "book" not in row.nouns
]


def _draw_contrast(rng: Random) -> Pair:
    """Draw two clauses that "but" or "and" joins."""
    u = rng.random()
    a = rng.choice(SPEAKERS)
    b = _another(rng, NAMED, a)
    if u < 0.25:
        words = rng.choice(THINGS[rng.choice(LIKED)].phrases["bare"])
        return (
            f"{a.en} likes {words.en} , but {b.en} does not",
            f"{a.zh}喜欢{words.zh}，但是{b.zh}不喜欢",
        )
    if u < 0.5:
        tense = "progressive"
        one = draw_clause(rng, tense, a)
        other = draw_clause(rng, tense, b)
        while b.en in one[0][len(a.en) :]:
            one = draw_clause(rng, tense, a)
        while one[1][-2:] == other[1][-2:] or a.en in other[0].split():
            other = draw_clause(rng, tense, b)
        return f"{one[0]} and {other[0]}", f"{one[1]}，{other[1]}"
    if u < 0.75:
        one, other = _skill(rng, a), _skill(rng, a)
        while one[0][-6:] == other[0][-6:]:
            other = _skill(rng, a)
        they = _pronoun_of(a)
        return (
            f"{a.en} can {one[0]} , but {they.en} cannot {other[0]}",
            f"{a.zh}会{one[1]}，但是不会{other[1]}",
        )
    row = rng.choice(BUYING)
    first, second = rng.choice(row.nouns), rng.choice(row.nouns)
    while first == second:
        second = rng.choice(row.nouns)
    thing = rng.choice(THINGS[first].phrases["a"])
    while " old " in thing.en:
        thing = rng.choice(THINGS[first].phrases["a"])
    bought = _with_object(row, thing)
    missed = THINGS[second].phrases["a"][0]
    setting = _draw_setting(rng, "past", a, bought, STATEMENT)
    en = english(a, "past", bought, setting, STATEMENT)
    zh = chinese("past", bought, setting, STATEMENT, "")
    they = _pronoun_of(a)
    return (
        f"{en} , but {they.en} did not buy {missed.en}",
        f"{a.zh}{zh}，但是没有买{missed.loose}",
    )


def _skill(rng: Random, person: Person) -> Pair:
    """Draw what somebody can do."""
    row = rng.choice(_rows_for(person, "can"))
    return f"{row.forms[0]} {row.tail}".strip(), row.zh + row.thing


INSIDE = (
    ("stay at home", "待在家里"),
    ("go to the library", "去图书馆"),
    ("go to the cinema", "去看电影"),
    ("watch television at home", "在家看电视"),
    ("read books at home", "在家看书"),
)
LATER = (
    ("goes", "go", "to bed", "睡觉"),
    ("goes", "go", "to work", "上班"),
    ("has", "have", "breakfast", "吃早饭"),
    ("has", "have", "dinner", "吃晚饭"),
)
FIRST = (
    ("drink", "a cup of tea", "喝一杯茶"),
    ("drink", "a glass of milk", "喝一杯牛奶"),
    ("read", "a book", "看书"),
    ("listen", "to music", "听音乐"),
    ("take", "a walk", "散步"),
    ("call", "{} mother", "给{}妈妈打电话"),
)
USUALLY = (("always", "总是"), ("often", "经常"), ("sometimes", "有时候"))


def _draw_if(rng: Random) -> Pair:
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
    have = "has" if person.do == "does" else "have"
    day, tag = rng.choice(TIMES_OF[action.times]["future"])
    return (
        f"if {person.en} {have} time {day} , {they.en} will "
        + " ".join(x for x in (action.forms[0], action.tail) if x),
        f"如果{person.zh}{tag}有时间，{they.zh}就会"
        f"{action.before}{action.verb}{action.object}",
    )


def _draw_while(rng: Random) -> Pair:
    """Draw two things that happened at once, or one after the other."""
    a = rng.choice(TOLD)
    u = rng.random()
    if u < 0.5:
        (s, base, tail, zh), (verb, what, first) = (
            rng.choice(LATER),
            rng.choice(FIRST),
        )
        they = _pronoun_of(a)
        third = a.do == "does"
        how, adverb = rng.choice(USUALLY)
        what = what.format(they.own)
        if "{}" in first and they.own in ("our", "their"):
            what, first = "a cup of tea", "喝一杯茶"
            verb = "drink"
        first = first.format(they.zh)
        return (
            f"{a.en} {how} {verb}{'s' if third else ''} {what} before "
            f"{they.en} {s if third else base} {tail}",
            f"{a.zh}{zh}以前{adverb}{first}",
        )
    b = _another(rng, NAMED + PRONOUNS[:2], a)
    one, two = (_draw_action(rng, "progressive", p) for p in (a, b))
    while b.object in one.tail:
        one = _draw_action(rng, "progressive", a)
    while one.verb == two.verb or a.object in two.tail:
        two = _draw_action(rng, "progressive", b)
    was = ["were" if p.be == "are" else "was" for p in (a, b)]
    doing = [
        " ".join(x for x in (t.forms[3], t.tail) if x) for t in (one, two)
    ]
    first, then = (f"{t.before}{t.verb}{t.loose}" for t in (one, two))
    return (
        f"while {a.en} {was[0]} {doing[0]} , {b.en} {was[1]} {doing[1]}",
        f"{a.zh}{first}的时候，{b.zh}在{then}",
    )
