"""Sentences that say where things are."""

from random import Random

from dlnotes.data.grammar.actions import (
    _draw_object,
)
from dlnotes.data.grammar.people import (
    PRONOUNS,
    SINGULAR,
)
from dlnotes.data.grammar.words import THINGS, Bilingual

ME = PRONOUNS[0]
LOCATIONS = """
on the table|桌子上|book letter key pen phone watch \
flower ticket apple
under the table|桌子下面|cat dog box bag
on the chair|椅子上|hat coat bag cat shirt
under the bed|床下面|cat box bag
in the box|箱子里|key watch pen letter hat
in the bag|包里|book umbrella key phone apple ticket
behind the door|门后面|umbrella box bag dog
in front of the school|学校前面|car bicycle
in front of the house|房子前面|car bicycle horse dog
in the garden|花园里|cat dog bird chair
in the river|河里|fish
in the tree|树上|bird cat
next to the bed|床旁边|chair table box
by the window|窗户旁边|table chair cat
"""
PLACED = [
    (en, zh, noun)
    for en, zh, nouns in (
        line.split("|") for line in LOCATIONS.strip().splitlines()
    )
    for noun in nouns.split()
]

WILD = ("bird", "fish", "flower", "apple")  # nobody's


def _the_thing(rng: Random, key: str) -> Bilingual:
    """Draw "the hat", 帽子, or "the red hat", 那顶红帽子, or somebody's."""
    if rng.random() < 0.4 and key not in WILD:
        owner = rng.choice(SINGULAR)
        words = _draw_object(rng, key, "own", owner)
        while " long " in words.en:
            words = _draw_object(rng, key, "own", owner)
        return words.en, words.zh
    found = rng.choice(THINGS[key].phrases["the"])
    plain = found == THINGS[key].phrases["the"][0]
    return found.en, THINGS[key].zh if plain else found.zh


def _draw_location(rng: Random) -> tuple[str, str, str]:
    """Draw a sentence on where a thing is: English, Chinese, its end."""
    en, zh, key = rng.choice(PLACED)
    name, chinese = _the_thing(rng, key)
    u = rng.random()
    if u < 0.4:
        return f"{name} is {en}", f"{chinese}在{zh}", "."
    if u < 0.55:
        return f"{name} is not {en}", f"{chinese}不在{zh}", "."
    if u < 0.8:
        return f"is {name} {en}", f"{chinese}在{zh}吗", "?"
    return f"where is {name}", f"{chinese}在哪儿", "?"


def _draw_existence(rng: Random) -> tuple[str, str, str]:
    """Draw "there are three cats under the table"."""
    en, zh, key = rng.choice(PLACED)
    phrases = THINGS[key].phrases
    u = rng.random()
    a, count = rng.choice(phrases["a"]), rng.choice(phrases["count"])
    many, bare = rng.choice(phrases["many"]), rng.choice(phrases["bare"])
    if u < 0.35:
        return f"there is {a.en} {en}", f"{zh}有{a.zh}", "."
    if u < 0.65:
        return f"there are {count.en} {en}", f"{zh}有{count.zh}", "."
    if u < 0.75:
        return f"are there any {bare.en} {en}", f"{zh}有{bare.zh}吗", "?"
    if u < 0.85:
        return f"there are no {bare.en} {en}", f"{zh}没有{bare.zh}", "."
    return f"how many {many.en} are there {en}", f"{zh}有几{many.zh}", "?"
