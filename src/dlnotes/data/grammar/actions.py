"""What somebody does: a verb with its object, drawn for a subject."""

from random import Random
from typing import NamedTuple

from dlnotes.data.grammar.people import OWN, OWNERS, Person, _several
from dlnotes.data.grammar.rows import Place, _Row, _rows_for
from dlnotes.data.grammar.words import THINGS, Words


class Action(NamedTuple):
    """A verb with its object: English forms and tail; Chinese in parts.

    In Chinese, 给汤姆 (before) 寄 (verb) 了 一封信 (object); of an activity
    the verb is all, and 了 comes at its end.
    """

    forms: tuple[str, ...]
    tail: str
    before: str
    verb: str
    object: str
    loose: str
    places: tuple[Place, ...]
    times: str
    company: bool


OF_ALL = ("house", "car", "table", "chair", "book", "novel", "flower")
SINGLE = {"i": "我", "you": "你", "he": "他", "she": "她"}


def _owned(noun: Words, own: str, zh: str) -> Words:
    """Return a noun with its owner: 我的书, but 我漂亮的大衣."""
    joint = "" if "的" in noun.zh else "的"
    text = f"{zh.removesuffix('的')}{joint}{noun.zh}"
    return Words(f"{own} {noun.en}", text, text)


def _draw_object(rng: Random, key: str, kind: str, subject: Person) -> Words:
    """Draw the phrase of a noun, of a kind: "a red hat", "his old car"."""
    phrases = THINGS[key].phrases
    taker = subject.they[0] or "they"
    if kind in ("own", "other") and taker not in SINGLE:
        kind = "the" if "the" in phrases else "a"
    if kind not in ("own", "other"):
        return rng.choice(phrases[kind])
    own, zh = OWN[taker], SINGLE[taker]
    if kind == "other":
        own, zh = rng.choice([owner for owner in OWNERS if owner[0] != own])
        same = subject.own == own or subject.en.startswith(f"{own} ")
        if same:
            own, zh = OWN[taker], SINGLE[taker]
    thing = rng.choice(phrases["noun"])
    while thing.zh[:2] in ("昂贵", "便宜"):  # said of one's own things rarely
        thing = rng.choice(phrases["noun"])
    return _owned(thing, own, zh)


def _plain_action(row: _Row) -> Action:
    """Return the action of a row that has no nouns."""
    return Action(
        row.forms,
        row.tail,
        "",
        row.zh,
        row.thing,
        row.thing,
        row.places,
        row.times,
        row.company,
    )


def _with_object(row: _Row, thing: Words) -> Action:
    """Return the action of a row of the table of verbs with its object."""
    return Action(
        row.forms,
        thing.en,
        "",
        row.zh,
        thing.zh,
        thing.loose,
        row.places,
        row.times,
        row.company,
    )


def _draw_row_action(rng: Random, tense: str, subject: Person) -> Action:
    """Draw a row of the tables, and its object."""
    row = rng.choice(_rows_for(subject, tense))
    if not row.nouns:
        return _plain_action(row)
    key, kind = rng.choice(row.nouns), rng.choice(row.kinds)
    if kind == "count" and tense != "past":
        kind = "a"
    if kind == "the" and tense == "plan" and "a" in row.kinds:
        kind = "a"
    if kind in ("a", "loose") and _several(subject):
        if row.forms[0] == "buy" and key not in OF_ALL:
            kind = "count"
        elif row.forms[0] in ("eat", "drink"):
            kind = "count" if tense == "past" else "plain"
    hers = row.forms[0] not in ("wear", "wash") or subject.they[0] == "she"
    if key == "dress" and not hers:
        key = "coat"
    thing = _draw_object(rng, key, kind, subject)
    unlike = {"buy": "旧", "draw": "老"}.get(row.forms[0], "-")
    while unlike in thing.zh and key != "car":
        thing = _draw_object(rng, key, kind, subject)
    return _with_object(row, thing)
