"""Sentences that say what somebody has, likes, is or feels."""

from random import Random

from dlnotes.data.grammar.people import (
    JOBS,
    KNOWN,
    NAMES,
    Person,
    _several,
)
from dlnotes.data.grammar.words import THINGS, Bilingual, Words

LIKED = [
    "cat",
    "dog",
    "horse",
    "flower",
    "hat",
    "dress",
    "coat",
    "film",
    "novel",
    "bird",
    "car",
    "apple",
    "cup_of_tea",
    "cup_of_coffee",
    "fish",
]
OWNED = [
    "cat",
    "dog",
    "horse",
    "car",
    "bicycle",
    "umbrella",
    "house",
    "ticket",
]
NEEDED = [
    "umbrella",
    "hat",
    "coat",
    "bag",
    "pen",
    "ticket",
    "table",
    "chair",
    "phone",
    "bicycle",
]
WANTED = [
    "cup_of_tea",
    "cup_of_coffee",
    "glass_of_water",
    "bowl_of_noodles",
    "bottle_of_juice",
    "piece_of_cake",
]
FOR_NEED = (" old ", " expensive ", " beautiful ")  # nobody needs these
SHARED = ("cat", "dog", "horse", "car", "house", "table")  # by several
STATES = (
    ("like", "喜欢", LIKED, "bare"),
    ("have", "有", OWNED, "a"),
    ("have", "有", OWNED, "count"),
    ("need", "需要", NEEDED, "a"),
    ("want", "想要", WANTED, "a"),
)


def _draw_state(rng: Random, subject: Person, mood: int) -> Bilingual:
    """Draw a clause that says what somebody likes, has, needs or wants."""
    several = _several(subject)
    verb, zh, nouns, kind = rng.choice(STATES)
    noun = rng.choice(nouns)
    while several and kind == "a" and noun not in SHARED:
        verb, zh, nouns, kind = rng.choice(STATES)
        noun = rng.choice(nouns)
    if mood:
        kind = "a" if kind == "count" else kind
    phrases = THINGS[noun].phrases[kind]
    words: Words = rng.choice(phrases)
    unlike = FOR_NEED if verb == "need" else (" old ",) if mood else ()
    while any(adjective in words.en for adjective in unlike):
        words = rng.choice(phrases)
    does = "has" if verb == "have" else f"{verb}s"
    if mood == 1:
        no = "没" if verb == "have" else "不"
        en = f"{subject.en} {subject.do} not {verb} {words.en}"
        return en, f"{subject.zh}{no}{zh}{words.loose}"
    if mood == 2:
        en = f"{subject.do} {subject.en} {verb} {words.en}"
        plain = verb == "have" and words == phrases[0]
        thing = words.loose if plain else words.zh
        return en, f"{subject.zh}{zh}{thing}"
    verb = does if subject.do == "does" else verb
    return f"{subject.en} {verb} {words.en}", f"{subject.zh}{zh}{words.zh}"


FEELINGS = (
    ("tired", "累"),
    ("busy", "忙"),
    ("happy", "高兴"),
    ("hungry", "饿"),
    ("thirsty", "渴"),
)


def _draw_feeling(rng: Random) -> tuple[str, str, str]:
    """Draw how somebody feels, or what somebody is."""
    person = rng.choice(KNOWN)
    if rng.random() < 0.4:
        job, zh = rng.choice(JOBS)
        be = person.be
        if be == "are":
            person, be = NAMES[rng.randrange(6)], "is"
        if rng.random() < 0.3 and person.en != "i":
            return f"is {person.en} a {job}", f"{person.zh}是{zh}吗", "?"
        return f"{person.en} {be} a {job}", f"{person.zh}是{zh}", "."
    en, zh = rng.choice(FEELINGS)
    if rng.random() < 0.4 or person.en == "you":
        be = "were" if person.be == "are" else "was"
        return (
            f"{person.en} {be} very {en} yesterday",
            f"{person.zh}昨天很{zh}",
            ".",
        )
    if rng.random() < 0.3 and person.en != "i":
        return f"{person.be} {person.en} {en}", f"{person.zh}{zh}吗", "?"
    return (
        f"{person.en} {person.be} very {en} today",
        f"{person.zh}今天很{zh}",
        ".",
    )
