"""Questions with who, what, where, how many, which and whose."""

from random import Random

from dlnotes.data.grammar.actions import (
    _draw_row_action,
    _owned,
    _plain_action,
    _with_object,
)
from dlnotes.data.grammar.clauses import (
    MODALS,
    _go_out,
    chinese,
    draw_clause,
    english,
)
from dlnotes.data.grammar.people import (
    HE,
    KNOWN,
    NAMES,
    PRONOUNS,
    Person,
    _single,
)
from dlnotes.data.grammar.rows import ROWS, _Row, _rows_for
from dlnotes.data.grammar.settings import (
    NO_SETTING,
    QUESTION,
    STATEMENT,
    _draw_setting,
)
from dlnotes.data.grammar.states import SHARED
from dlnotes.data.grammar.words import THINGS, Words

WHO = _single("who", "谁", ("", ""), "name")
ASKED = [p for p in KNOWN if p.en not in ("i", "we")] + [PRONOUNS[1]] * 30


def _draw_who(rng: Random) -> tuple[str, str, str]:
    """Draw "who bought a hat yesterday"."""
    tense = rng.choice(("past", "past", "future", "progressive", "habit"))
    action = _draw_row_action(rng, tense, WHO)
    setting = _draw_setting(rng, tense, WHO, action, QUESTION)
    action = _go_out(tense, action, setting)
    en = english(WHO, tense, action, setting, STATEMENT)
    mood = QUESTION if tense == "progressive" else STATEMENT
    modal = MODALS[tense][QUESTION]
    return en, "谁" + chinese(tense, action, setting, mood, modal), "?"


WHAT = Words("", "什么", "什么")
WHAT_ROWS = {
    tense: [
        row
        for row in ROWS
        if row.nouns
        and tense in row.tenses
        and row.who == "all"
        and row.forms[0] not in ("make", "watch", "wear")
    ]
    for tense in ("past", "future", "progressive")
}


def _draw_what(rng: Random) -> tuple[str, str, str]:
    """Draw "what did mary read in the library"."""
    tense = rng.choice(("past", "past", "future", "progressive"))
    person = rng.choice(ASKED)
    action = _with_object(rng.choice(WHAT_ROWS[tense]), WHAT)
    setting = _draw_setting(rng, tense, person, action, QUESTION)
    en = english(person, tense, action, setting, QUESTION)
    modal = MODALS[tense][QUESTION]
    zh = chinese(tense, action, setting, STATEMENT, modal)
    return f"what {en}", person.zh + zh, "?"


COUNTED = [row for row in ROWS if "count" in row.kinds and row.who == "all"]


def _draw_how_many(rng: Random) -> tuple[str, str, str]:
    """Draw "how many apples did tom buy": 汤姆买了几个苹果."""
    row, person = rng.choice(COUNTED), rng.choice(ASKED)
    choice = THINGS[rng.choice(row.nouns)].phrases["many"]
    words = rng.choice(choice)
    while words.en.startswith("old ") and row.forms[0] == "buy":
        words = rng.choice(choice)
    thing = f"几{words.zh}"
    action = _with_object(row, Words("", thing, thing))
    setting = _draw_setting(rng, "past", person, action, QUESTION)
    en = english(person, "past", action, setting, QUESTION)
    zh = chinese("past", action, setting, STATEMENT, "")
    return f"how many {words.en} {en}", person.zh + zh, "?"


def _draw_where(rng: Random) -> tuple[str, str, str]:
    """Draw "where is tom playing chess": 汤姆在哪儿下棋."""
    tense = rng.choice(("progressive", "progressive", "habit", "future"))
    person = rng.choice(ASKED)
    row = rng.choice(_rows_for(person, tense))
    while not _has_a_where(row, tense):
        row = rng.choice(_rows_for(person, tense))
    action = _plain_action(row)._replace(places=())
    setting = _draw_setting(rng, tense, person, action, QUESTION)
    if row.zh == "工作":
        setting = NO_SETTING
    en = english(person, tense, action, setting, QUESTION)
    setting = setting._replace(place=("", "在哪儿"))
    modal = "" if tense == "progressive" else MODALS[tense][QUESTION]
    zh = chinese(tense, action, setting, QUESTION, modal)
    return f"where {en}", person.zh + zh, "?"


def _has_a_where(row: _Row, tense: str) -> bool:
    """Tell whether one may ask where this is done, but not who is at work."""
    at_work = tense == "progressive" and row.zh == "工作"
    return not row.nouns and len(row.places) > 1 and not at_work


SHOWN = [
    *("book", "hat", "coat", "shirt", "dress", "umbrella"),
    *("bag", "pen", "watch", "phone", "bicycle", "car"),
    *("cat", "dog", "horse", "film", "novel", "house"),
]


def _draw_which(rng: Random) -> tuple[str, str, str]:
    """Draw "which hat do you like", "whose hat is this" or their answers."""
    key = rng.choice(SHOWN)
    noun = THINGS[key]
    words = rng.choice(noun.phrases["noun"])
    u = rng.random()
    if u < 0.35:
        person = rng.choice(ASKED)
        en = f"which {words.en} {person.do} {person.en} like"
        return en, f"{person.zh}喜欢哪{noun.measure}{words.zh}", "?"
    if key in ("film", "novel"):
        key = "car"
        noun = THINGS[key]
        words = rng.choice(noun.phrases["noun"])
    if u < 0.6:
        while "的" in words.zh:
            words = rng.choice(noun.phrases["noun"])
        return f"whose {words.en} is this", f"这是谁的{words.zh}", "?"
    while words.zh[:2] in ("昂贵", "便宜"):
        words = rng.choice(noun.phrases["noun"])
    owner = rng.choice(PRONOUNS + NAMES)
    while owner.en in ("we", "they") and key not in SHARED:
        owner = rng.choice(PRONOUNS + NAMES)
    if key == "dress" and owner.they == HE:
        owner = PRONOUNS[0]
    thing = _owned(words, owner.own, owner.zh)
    if u < 0.85:
        return f"this is {thing.en}", f"这是{thing.zh}", "."
    return f"is this {thing.en}", f"这是{thing.zh}吗", "?"


def _draw_doing(rng: Random) -> tuple[str, str, str]:
    """Draw "what did you do yesterday" and its like."""
    person = rng.choice(ASKED)
    u = rng.random()
    if u < 0.3:
        time = rng.choice((
            ("yesterday", "昨天"),
            ("last sunday", "上个星期天"),
            ("yesterday afternoon", "昨天下午"),
            ("last night", "昨晚"),
        ))  # fmt: skip
        en = f"what did {person.en} do {time[0]}"
        return en, f"{person.zh}{time[1]}做了什么", "?"
    if u < 0.65:
        place = rng.choice((
            ("in the park", "公园里"),
            ("in the kitchen", "厨房里"),
            ("in the library", "图书馆"),
            ("in the garden", "花园里"),
            ("at the station", "车站"),
            ("by the river", "河边"),
        ))  # fmt: skip
        en = f"what {person.be} {person.en} doing {place[0]}"
        return en, f"{person.zh}在{place[1]}做什么", "?"
    tense, en, zh = rng.choice((
        ("did", "yesterday", "昨天去了哪儿"),
        ("did", "last week", "上个星期去了哪儿"),
        ("will", "tomorrow", "明天会去哪儿"),
        ("will", "next sunday", "下个星期天会去哪儿"),
    ))  # fmt: skip
    return f"where {tense} {person.en} go {en}", person.zh + zh, "?"


def _draw_yes_no(rng: Random) -> tuple[str, str, str]:
    """Draw a question that asks for a yes or a no."""
    tense = rng.choice(
        ("past",) * 5
        + ("future", "future", "progressive", "progressive")
        + ("habit", "habit", "want", "plan", "can")
    )
    person: Person = rng.choice(ASKED)
    en, zh = draw_clause(rng, tense, person, QUESTION)
    return en, f"{zh}吗", "?"
