"""Sentences that say what things and persons are like, and compare."""

from random import Random

from dlnotes.data.grammar.people import (
    HE,
    NAMED,
    NAMES,
    PRONOUNS,
    SINGULAR,
    SPEAKERS,
    Person,
    _another,
)
from dlnotes.data.grammar.words import THINGS, Bilingual

# adjective, its comparative, Chinese | nouns
QUALITIES = """
expensive|more expensive|贵|hat coat shirt dress umbrella bag watch phone \
bicycle car house table pen
cheap|cheaper|便宜|hat coat shirt dress umbrella bag watch phone bicycle pen
beautiful|more beautiful|漂亮|hat coat dress house flower cat horse \
bird watch
interesting|more interesting|有意思|book novel film
long|longer|长|letter film dress novel
big|bigger|大|house box table dog bag hat fish
small|smaller|小|house hat coat shirt dress bag box
"""
QUALITIES_OF: dict[str, list[tuple[str, str, str]]] = {}
for _line in QUALITIES.strip().splitlines():
    _en, _more, _zh, _nouns = _line.split("|")
    for _noun in _nouns.split():
        QUALITIES_OF.setdefault(_noun, []).append((_en, _more, _zh))
QUALIFIED = [
    (noun, *quality)
    for noun, found in QUALITIES_OF.items()
    for quality in found
]


def _judged(
    rng: Random, thing: Bilingual, en: str, zh: str, too: bool = True
) -> tuple[str, str, str]:
    """Say of a thing that it is, is not, or is too expensive; or ask."""
    u = rng.random()
    if u < 0.45:
        return f"{thing[0]} is very {en}", f"{thing[1]}很{zh}", "."
    if u < 0.65 and too:
        return f"{thing[0]} is too {en}", f"{thing[1]}太{zh}了", "."
    if u < 0.8:
        no = "没" if zh.startswith("有") else "不"
        return f"{thing[0]} is not {en}", f"{thing[1]}{no}{zh}", "."
    return f"is {thing[0]} {en}", f"{thing[1]}{zh}吗", "?"


def _plain_thing(rng: Random, key: str) -> Bilingual:
    """Draw "this hat", "that hat" or "my hat", without an adjective."""
    if rng.random() < 0.35 and key not in ("film", "novel", "fish", "flower"):
        owner = rng.choice(SINGULAR + NAMES)
        if key == "dress" and owner.they == HE:
            owner = PRONOUNS[0]
        return (
            f"{owner.own} {THINGS[key].one}",
            f"{owner.zh}的{THINGS[key].zh}",
        )
    kind = rng.choice(("this", "that", "this"))
    words = THINGS[key].phrases[kind][0]
    return words.en, words.zh


def _draw_quality(rng: Random) -> tuple[str, str, str]:
    """Draw "this hat is too expensive"."""
    key, en, _, zh = rng.choice(QUALIFIED)
    too = en not in ("interesting", "beautiful")
    return _judged(rng, _plain_thing(rng, key), en, zh, too)


# comparative, adjective, Chinese, of persons
TRAITS = (
    ("taller", "tall", "高"),
    ("shorter", "short", "矮"),
    ("busier", "busy", "忙"),
)
# how well somebody does something: English, Chinese, comparative
SKILLS = (
    ("runs", "fast", "faster", "跑得", "快"),
    ("swims", "fast", "faster", "游得", "快"),
    ("sings", "well", "better", "唱得", "好"),
    ("dances", "well", "better", "跳得", "好"),
)


def _two_persons(rng: Random) -> tuple[Person, Person]:
    """Draw two persons to compare."""
    a = rng.choice(SPEAKERS)
    return a, _another(rng, NAMED, a)


def _draw_comparison(rng: Random) -> tuple[str, str, str]:
    """Draw a comparison of two persons or of two things of a kind."""
    u = rng.random()
    if u < 0.4:
        key, en, more, zh = rng.choice(QUALIFIED)
        noun = THINGS[key]
        this, that = f"这{noun.measure}{noun.zh}", f"那{noun.measure}"
        start = f"this {noun.one}"
        if u < 0.24:
            return (
                f"{start} is {more} than that one",
                f"{this}比{that}{zh}",
                ".",
            )
        if u < 0.32:
            text = f"{start} is not as {en} as that one"
            return text, f"{this}没有{that}{zh}", "."
        text = f"is {start} {more} than that one"
        return text, f"{this}比{that}{zh}吗", "?"
    a, b = _two_persons(rng)
    if u < 0.55:
        verb, _, more, zh, well = rng.choice(SKILLS)
        return (
            f"{a.en} {verb} {more} than {b.en}",
            f"{a.zh}比{b.zh}{zh}{well}",
            ".",
        )
    more, en, zh = rng.choice(TRAITS)
    if u < 0.7:
        return f"{a.en} is {more} than {b.en}", f"{a.zh}比{b.zh}{zh}", "."
    if u < 0.8:
        return f"{a.en} is as {en} as {b.en}", f"{a.zh}和{b.zh}一样{zh}", "."
    if u < 0.9:
        return f"{a.en} is not as {en} as {b.en}", f"{a.zh}没有{b.zh}{zh}", "."
    return f"is {a.en} {more} than {b.en}", f"{a.zh}比{b.zh}{zh}吗", "?"
