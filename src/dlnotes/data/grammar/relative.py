"""Sentences with a relative clause."""

from random import Random

from dlnotes.data.grammar.actions import (
    _draw_row_action,
    _with_object,
)
from dlnotes.data.grammar.clauses import MODALS, _object, chinese, english
from dlnotes.data.grammar.locations import PLACED
from dlnotes.data.grammar.people import (
    NAMES,
    PRONOUNS,
    TELLERS,
    TOLD,
    _single,
)
from dlnotes.data.grammar.qualities import (
    QUALITIES_OF,
    _judged,
)
from dlnotes.data.grammar.rows import ROWS
from dlnotes.data.grammar.settings import QUESTION, STATEMENT, _draw_setting
from dlnotes.data.grammar.times import NO_TIME
from dlnotes.data.grammar.words import THINGS, Bilingual, Words

HEADS = {
    "buy": "hat coat shirt dress umbrella bag watch phone book "
    "novel car table house",
    "read": "book novel",
    "write": "letter",
    "draw": "cat horse flower",
    "borrow": "book novel",
}
HEAD_ROWS = [
    (row, key)
    for row in ROWS
    for key in row.nouns
    if key in HEADS.get(row.forms[0], "").split()
]
NOTHING = Words("", "", "")


def _draw_thing_clause(rng: Random) -> tuple[str, Bilingual]:
    """Draw "the hat that she bought yesterday": its noun, its words."""
    row, key = rng.choice(HEAD_ROWS)
    person = rng.choice(TELLERS)
    if row.who == "adult":
        person = rng.choice([*PRONOUNS[2:], *NAMES])
    going = "progressive" in row.tenses and rng.random() < 0.3
    tense = "progressive" if going else "past"
    action = _with_object(row, NOTHING)
    setting = _draw_setting(rng, tense, person, action, STATEMENT)
    en = english(person, tense, action, setting, STATEMENT)
    modal = MODALS[tense][STATEMENT]
    zh = chinese(tense, action, setting, STATEMENT, modal)
    zh = zh.removesuffix("了")
    noun = THINGS[key]
    return key, (f"the {noun.one} that {en}", f"{person.zh}{zh}的{noun.zh}")


def _draw_about_thing(rng: Random) -> tuple[str, str, str]:
    """Draw a sentence about a thing with a relative clause."""
    key, (en, zh) = _draw_thing_clause(rng)
    u = rng.random()
    if u < 0.5 and key in QUALITIES_OF:
        quality, _, chinese_ = rng.choice(QUALITIES_OF[key])
        too = quality not in ("interesting", "beautiful")
        return _judged(rng, (en, zh), quality, chinese_, too)
    if u < 0.6:
        return f"where is {en}", f"{zh}在哪儿", "?"
    places = [(e, z) for e, z, noun in PLACED if noun == key]
    if u < 0.75 and places:
        place, where = rng.choice(places)
        return f"{en} is {place}", f"{zh}在{where}", "."
    who = rng.choice(TOLD)
    if u < 0.9:
        does = "likes" if who.do == "does" else "like"
        if rng.random() < 0.3:
            text = f"{who.en} {who.do} not like {en}"
            return text, f"{who.zh}不喜欢{zh}", "."
        return f"{who.en} {does} {en}", f"{who.zh}喜欢{zh}", "."
    return f"this is {en}", f"这是{zh}", "."


IDENTITIES = {
    ("man", "男人"): ("my father 我爸爸, a doctor 医生, my teacher 我的老师, "
                    "a driver 司机, tom 's father 汤姆的爸爸, "
                    "our teacher 我们的老师, her father 她爸爸"),
    ("woman", "女人"): ("my mother 我妈妈, a doctor 医生, "
                      "my teacher 我的老师, mary 's mother 玛丽的妈妈, "
                      "his mother 他妈妈"),
    ("boy", "男孩"): ("my brother 我弟弟, tom 's friend 汤姆的朋友, "
                    "her brother 她弟弟, a student 学生, "
                    "my friend 我的朋友"),
    ("girl", "女孩"): ("my sister 我姐姐, mary 's friend 玛丽的朋友, "
                     "his sister 他姐姐, a student 学生, "
                     "my friend 我的朋友"),
}  # fmt: skip


def _draw_about_person(rng: Random) -> tuple[str, str, str]:
    """Draw "the woman who is wearing a red hat is my mother"."""
    (en, zh), known = rng.choice(list(IDENTITIES.items()))
    kind = "adult" if en in ("man", "woman") else "young"
    they = ("she", "她") if en in ("woman", "girl") else ("he", "他")
    person = _single(f"the {en} who", zh, they, kind)
    tense = rng.choice(("progressive", "progressive", "wear"))
    action = _draw_row_action(rng, tense, person)
    setting = _draw_setting(rng, tense, person, action, STATEMENT)
    plain = _object(tense, action, QUESTION)
    action = action._replace(object=plain)
    if tense == "wear":
        setting = setting._replace(time=NO_TIME)
        bare = action.loose.replace("的", "")
        action = action._replace(verb=action.verb[0], object=bare)
    clause = english(person, tense, action, setting, STATEMENT)
    said = chinese(tense, action, setting, STATEMENT, MODALS[tense][0])
    head = f"那个{said}的{zh}"
    u = rng.random()
    if u < 0.25:
        who = rng.choice([PRONOUNS[1]] * 3 + NAMES + PRONOUNS[2:4])
        return f"{who.do} {who.en} know {clause}", f"{who.zh}认识{head}吗", "?"
    if u < 0.4:
        who = rng.choice([PRONOUNS[0]] * 3 + NAMES + PRONOUNS[2:4])
        text = f"{who.en} {who.do} not know {clause}"
        return text, f"{who.zh}不认识{head}", "."
    if u < 0.5:
        return f"who is {clause}", f"{head}是谁", "?"
    identity, _, name = rng.choice(known.split(", ")).rpartition(" ")
    said_already = "医生 司机" if "working" in clause else ""
    if any(word in clause for word in ("study", "homework", "school")):
        said_already = "学生"
    while name in said_already:
        identity, _, name = rng.choice(known.split(", ")).rpartition(" ")
    return f"{clause} is {identity}", f"{head}是{name}", "."
