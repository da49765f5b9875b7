"""Sentences of two clauses, one beside or before the other."""

from random import Random

from dlnotes.data.grammar.actions import _with_object
from dlnotes.data.grammar.clauses import (
    _object,
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
from dlnotes.data.grammar.rows import ROWS, _rows_for
from dlnotes.data.grammar.settings import (
    QUESTION,
    STATEMENT,
    _draw_setting,
)
from dlnotes.data.grammar.states import LIKED
from dlnotes.data.grammar.words import THINGS, Bilingual

MEALS = ("breakfast", "lunch", "dinner")

BUYING = [row for row in ROWS if row.forms[0] == "buy"]
ALIKE = (  # who buys one of these may have wanted the other
    ("hat", "coat", "shirt"),
    ("hat", "coat", "shirt"),
    ("umbrella", "bag"),
    ("watch", "phone"),
    ("table", "chair"),
)


def _draw_contrast(rng: Random) -> Bilingual:
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
        while (
            one[1][-2:] == other[1][-2:]
            or a.en in other[0].split()
            or _two_meals(one[0], other[0])
        ):
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
    first, second = rng.sample(rng.choice(ALIKE), 2)
    row = next(r for r in BUYING if first in r.nouns)
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


def _two_meals(one: str, other: str) -> bool:
    """Tell whether one has breakfast while another cooks dinner."""
    meals = {m for m in MEALS if m in one} | {m for m in MEALS if m in other}
    return len(meals) > 1


def _skill(rng: Random, person: Person) -> Bilingual:
    """Draw what somebody can do."""
    row = rng.choice(_rows_for(person, "can"))
    return f"{row.forms[0]} {row.tail}".strip(), row.zh + row.thing


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


def _draw_while(rng: Random) -> Bilingual:
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
    while (
        one.verb == two.verb
        or a.object in two.tail
        or _two_meals(one.tail, two.tail)
    ):
        two = _draw_action(rng, "progressive", b)
    was = ["were" if p.be == "are" else "was" for p in (a, b)]
    doing = [
        " ".join(x for x in (t.forms[3], t.tail) if x) for t in (one, two)
    ]
    first, then = (
        f"{t.before}{t.verb}{_object('progressive', t, QUESTION)}"
        for t in (one, two)
    )
    return (
        f"while {a.en} {was[0]} {doing[0]} , {b.en} {was[1]} {doing[1]}",
        f"{a.zh}{first}的时候，{b.zh}在{then}",
    )
