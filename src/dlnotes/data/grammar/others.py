"""Actions that take somebody else, or that go somewhere."""

from random import Random

from dlnotes.data.grammar.actions import Action, _draw_row_action
from dlnotes.data.grammar.people import (
    KIN_OF,
    NAMES,
    OWN,
    PRONOUNS,
    Person,
    _another,
)
from dlnotes.data.grammar.rows import WHERE, Place
from dlnotes.data.grammar.words import THINGS

STRANGERS = [*NAMES, *NAMES, *PRONOUNS]


def _draw_other(rng: Random, subject: Person) -> Person:
    """Draw somebody who is not the subject: a name, kin, or a pronoun."""
    own = OWN.get(subject.they[0], "my")
    choice = STRANGERS
    if subject.kind in ("pronoun", "name") and rng.random() < 0.3:
        choice = KIN_OF.get(own, choice)
    return _another(rng, choice, subject)


# forms, nouns, Chinese before and at the verb, how English says it with "to"
GIVING = (
    ("give gives gave giving", "book flower ticket pen watch",
     "", "送 给{}", "to"),
    ("send sends sent sending", "letter book",
     "给{}", "寄", "to"),
    ("lend lends lent lending", "umbrella bicycle pen book",
     "", "借 给{}", "to"),
    ("buy buys bought buying", "hat coat watch flower phone bag",
     "给{}", "买", "for"),
)  # fmt: skip


def _draw_giving(rng: Random, subject: Person) -> Action:
    """Draw an action with two objects: "gave tom a book"."""
    forms, nouns, before, verb, link = rng.choice(GIVING)
    other = _draw_other(rng, subject)
    kind = rng.choice(("a", "a", "a", "count"))
    if verb in ("借 给{}", "买"):
        kind = "a"
    things = THINGS[rng.choice(nouns.split())].phrases[kind]
    thing = rng.choice(things)
    while " old " in thing.en and link == "for":
        thing = rng.choice(things)
    tail = f"{other.object} {thing.en}"
    if rng.random() < 0.5 or other.kind == "kin":
        tail = f"{thing.en} {link} {other.object}"
    receiver, zh, loose = other.zh, thing.zh, thing.loose
    if not before:
        zh, loose = f"{zh}给{receiver}", f"{loose}给{receiver}"
    return Action(
        tuple(forms.split()),
        tail,
        before.format(receiver),
        verb[0],
        zh,
        loose,
        (),
        "any",
        False,
    )


# forms, tail, Chinese before and at the verb, object, places, times, tenses
WITH_PEOPLE = (
    ("call calls called calling", "{}", "给{}打 电话", "", "day",
     "past future progressive want plan must"),
    ("visit visits visited visiting", "{}", "-去看望 {}", "", "any",
     "past future want plan must"),
    ("meet meets met meeting", "{}", "-遇见 {}",
     "station park bookshop riverside", "day", "past"),
    ("wait waits waited waiting", "for {}", "-等 {}",
     "station park cafe cinema", "now", "progressive"),
    ("help helps helped helping", "{} cook dinner", "帮{}做 晚饭", "", "night",
     "past future progressive habit want"),
    ("help helps helped helping", "{} clean the kitchen", "帮{}打扫 厨房", "",
     "day", "past future progressive want"),
)  # fmt: skip
WITH_PEOPLE_IN = {
    tense: [row for row in WITH_PEOPLE if tense in row[5].split()]
    for tense in [
        "past",
        "future",
        "progressive",
        "habit",
        "want",
        "plan",
        "must",
    ]
}
LANDS = (
    ("to school", "学校"),
    ("to the park", "公园"),
    ("to the library", "图书馆"),
    ("to the market", "市场"),
    ("to the hospital", "医院"),
    ("to the station", "车站"),
)
CITIES = (("to beijing", "北京"), ("to shanghai", "上海"))
NEAR = (
    ("", ""),
    ("", ""),
    (" by bus", "坐公共汽车"),
    (" by bicycle", "骑自行车"),
    (" on foot", "走路"),
    (" by taxi", "坐出租车"),
)
FAR = (("", ""), (" by train", "坐火车"), (" by plane", "坐飞机"))
GO = ("go", "goes", "went", "going")


def _draw_going(rng: Random, tense: str) -> Action:
    """Draw a way to a place: "went to beijing by train"."""
    if tense != "habit" and rng.random() < 0.4:
        (to, zh), (by, how) = rng.choice(CITIES), rng.choice(FAR)
        times = "any"
    else:
        lands = LANDS[:4] if tense == "habit" else LANDS
        (to, zh), (by, how) = rng.choice(lands), rng.choice(NEAR)
        times = "light"
    return Action(GO, to + by, how, "去", zh, zh, (), times, True)


def _draw_with_people(rng: Random, tense: str, subject: Person) -> Action:
    """Draw an action whose object is somebody."""
    forms, tail, zh, places, times, _ = rng.choice(WITH_PEOPLE_IN[tense])
    other = _draw_other(rng, subject)
    start, _, thing = zh.format(other.zh).partition(" ")
    before, verb = "", start.removeprefix("-")
    if verb == "去看望" and other.object in ("me", "us"):
        verb = "来看望"
    for end in ("打扫", "打", "做"):
        if start.endswith(end):
            before, verb = start.removesuffix(end), end
            break
    where: tuple[Place, ...] = tuple(WHERE[key] for key in places.split())
    return Action(
        tuple(forms.split()),
        tail.format(other.object),
        before,
        verb,
        thing,
        thing,
        where,
        times,
        False,
    )


def _draw_others(rng: Random, tense: str, subject: Person) -> Action:
    """Draw a call, a visit, help, or a way; no chance meeting."""
    if rng.random() < 0.3:
        return _draw_going(rng, tense)
    action = _draw_with_people(rng, tense, subject)
    while action.forms[0] == "meet":
        action = _draw_with_people(rng, tense, subject)
    return action


def _draw_action(rng: Random, tense: str, subject: Person) -> Action:
    """Draw what a subject does in a tense."""
    u = rng.random()
    if u < 0.08 and tense in ("past", "future", "want"):
        return _draw_giving(rng, subject)
    if 0.1 < u < 0.18 and tense in ("past", "future", "plan", "habit", "want"):
        return _draw_going(rng, tense)
    if 0.2 < u < 0.3 and tense not in ("can", "wear"):
        return _draw_with_people(rng, tense, subject)
    return _draw_row_action(rng, tense, subject)
