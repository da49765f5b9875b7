"""Who does what, and whose things they are."""

from random import Random
from typing import NamedTuple


class Person(NamedTuple):
    """A subject or an object: pronoun, name, or somebody's kin.

    `en`, `zh` are the subject, `object` the English object, `own` the
    possessive; `they` is the pronoun (en, zh) that takes up the person,
    empty for those whose pronoun is not known.
    """

    en: str
    zh: str
    object: str
    own: str
    they: tuple[str, str]
    be: str
    do: str
    kind: str  # pronoun, name, kin, adult, young, several


HE, SHE, THEY = ("he", "他"), ("she", "她"), ("they", "他们")
OWN = {"i": "my", "you": "your", "he": "his", "she": "her"}
OWN |= {"we": "our", "they": "their"}
OBJECT = {"i": "me", "he": "him", "she": "her", "we": "us", "they": "them"}


def _pronoun(en: str, zh: str) -> Person:
    """Return one of the six pronouns."""
    be = {"i": "am", "he": "is", "she": "is"}.get(en, "are")
    do = "does" if be == "is" else "do"
    object_ = OBJECT.get(en, en)
    return Person(en, zh, object_, OWN[en], (en, zh), be, do, "pronoun")


def _single(en: str, zh: str, they: tuple[str, str], kind: str) -> Person:
    """Return one person of the third person."""
    return Person(en, zh, en, f"{en} 's", they, "is", "does", kind)


PRONOUNS = [
    _pronoun(en, zh)
    for en, zh in zip(
        ["i", "you", "he", "she", "we", "they"],
        ["我", "你", "他", "她", "我们", "他们"],
        strict=True,
    )
]
NAMES = [
    _single("tom", "汤姆", HE, "name"),
    _single("john", "约翰", HE, "name"),
    _single("mary", "玛丽", SHE, "name"),
    _single("anna", "安娜", SHE, "name"),
    _single("li ming", "李明", HE, "name"),
    _single("wang fang", "王芳", SHE, "name"),
]
KIN = (
    ("mother", "妈妈", SHE),
    ("father", "爸爸", HE),
    ("sister", "姐姐", SHE),
    ("brother", "弟弟", HE),
)
OWNERS = (
    ("my", "我"),
    ("your", "你"),
    ("his", "他"),
    ("her", "她"),
    ("tom 's", "汤姆的"),
    ("mary 's", "玛丽的"),
)


def _kin_of(own: str, zh: str) -> list[Person]:
    """Return the kin of a person whose possessive is `own`."""
    return [
        _single(f"{own} {en}", zh + name, they, "kin")
        for en, name, they in KIN
    ]


RELATIVES = [person for owner in OWNERS for person in _kin_of(*owner)]
KIN_OF = {
    own: [p for p in RELATIVES if p.en.startswith(f"{own} ")]
    for own in ("my", "his", "her")
}
JOBS = (
    ("teacher", "老师"),
    ("doctor", "医生"),
    ("driver", "司机"),
)
NONE = ("", "")
OTHERS = [
    *(_single(f"the {en}", zh, NONE, "adult") for en, zh in JOBS),
    _single("the man", "那个男人", HE, "adult"),
    _single("the woman", "那个女人", SHE, "adult"),
    _single("the boy", "那个男孩", HE, "young"),
    _single("the girl", "那个女孩", SHE, "young"),
    _single("the student", "那个学生", NONE, "young"),
    Person(
        "the children",
        "孩子们",
        "the children",
        "",
        THEY,
        "are",
        "do",
        "young",
    ),
    Person(
        "the students",
        "学生们",
        "the students",
        "",
        THEY,
        "are",
        "do",
        "young",
    ),
]
SINGULAR = PRONOUNS[:4]
ALL = PRONOUNS * 6 + NAMES * 5 + RELATIVES + OTHERS * 2
KNOWN = PRONOUNS * 8 + NAMES * 8 + RELATIVES  # whose pronoun is known

TELLERS = [person for person in ALL if person.en != "you"]
NAMED = [*NAMES * 8, *RELATIVES]
TOLD = [person for person in KNOWN if person.en != "you"]
SPEAKERS = [*NAMES * 8, *PRONOUNS[2:4] * 8, *RELATIVES]


def _several(person: Person) -> bool:
    """Tell whether a person is a group, which shares neither hat nor tea."""
    return person.be == "are" and person.en != "you"


def _another(rng: Random, choice: list[Person], person: Person) -> Person:
    """Draw one of a choice who is somebody else."""
    while True:
        found = rng.choice(choice)
        if not _overlap(person, found):
            return found


def _overlap(a: Person, b: Person) -> bool:
    """Tell whether two persons may be one: no one sees himself here."""
    first = {"i", "we", "you"}
    if a.en in first and b.en in first:
        return a.en == b.en or {a.en, b.en} != {"i", "you"}
    if a.kind == b.kind == "pronoun":
        return a.en == b.en or "they" in (a.en, b.en)
    if a.kind == b.kind == "kin":
        return a.en == b.en or a.en.split()[0] != b.en.split()[0]
    if {a.kind, b.kind} == {"name", "kin"}:
        name, kin = (a, b) if a.kind == "name" else (b, a)
        own = kin.en.split()[0]
        strange = own in ("his", "her") and own != OWN[name.they[0]]
        return strange or own == name.en
    return a.en == b.en


def _pronoun_of(person: Person) -> Person:
    """Return the pronoun that takes up a person."""
    return next(p for p in PRONOUNS if p.en == person.they[0])
