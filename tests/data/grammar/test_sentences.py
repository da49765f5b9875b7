"""What a strict reader of both languages found, and shall not find again."""

import re
from collections import defaultdict
from collections.abc import Iterator
from random import Random

import pytest

from dlnotes.data.grammar.clauses import draw_clause
from dlnotes.data.grammar.people import NAMES, PRONOUNS, _several
from dlnotes.data.grammar.relative import _draw_about_person
from dlnotes.data.grammar.sentences import _names_twice
from dlnotes.data.grammar.settings import NEGATION, QUESTION, STATEMENT
from dlnotes.data.grammar.words import ADJECTIVES
from dlnotes.data.pair import Pair
from dlnotes.data.translation import draw_pairs

ADJECTIVE = rf"(?:{'|'.join(ADJECTIVES)})"
GROUP = r"\b(?:we|they|children|students) (?:do not |are not |are |want to |will )?"
OUT = "踢足球|打篮球|游泳|下棋|跑步|散步|放风筝"
MINE = r"我们?[。，？]"


@pytest.fixture(scope="module")
def drawn() -> list[Pair]:
    return draw_pairs(24_000, seed=8)


# English, Chinese: no pair matches both
ODD = {
    "will without a time": (r"\bwill\b", r"^(?!.*[明今下]).*会"),
    "will that is can": (r"\bwill\b", rf"会(?:[^，]{{1,6}}一起)?(?:{OUT})"),
    "an effect before its cause": ("", "，因为"),
    "because before who did it": ("because (?!it)", "^因为"),
    "an adjective that hangs": (rf"^did .*\ban? {ADJECTIVE}\b", "^[^一]*了吗？"),
    "a negated gift": (rf"\bnot (?:give|lend|send) .*\b{ADJECTIVE}\b", ""),
    "what is lent has no place": (r"\blen[dt]\b|\bg[ia]ve\b", "[借送]了?给"),
    "leisure that is a skill": (r"^if .* (?:has|have) time", "就会|，[他她我你]们?就"),
    "leisure for a duty": (r"^if .* time .* go to (?:school|the hospital)", ""),
    "one coat for all": (rf"{GROUP}wearing", ""),
    "one cup for all": (
        rf"{GROUP}(?:eat|drink|ate|drank|eating|drinking|want) an? ",
        "",
    ),
    "one ticket for all": (r"\b(?:we|they|children|students) bought a (?:ti|pe)", ""),
    "a coat or a fish": (r"bought an? (?:\w+ )?(?:hat|coat).* not buy an? fish", ""),
    "one hat for all": (r"this (?:is )?(?:our|their) (?!.*(?:house|ca[rt]|do|ho))", ""),
    "a fruit without its number": (rf"ing an? {ADJECTIVE} apple", "吃[大红]"),
    "a number in the way": ("who is eating an apple", "一个苹果"),
    "the wrong direction": ("", rf"去看望了?{MINE}"),
    "what all students do": (r"who is .*(?:study|homework|school).* a student", ""),
    "two jobs": (r"who is working .* is a (?:doctor|driver)", ""),
    "an insult": (r"\bdr[ae]w(?:ing)? .*old (?:dog|cat|horse)", ""),
    "in, of a house": ("", "在家(?!里)"),
    "a glass of something that is not": (r"\bnot (?:buy|eat|drink) an? \w+ of", ""),
    "a man at home": (r"\bdanc\w+ with .*at home", ""),
    "breakfast at dinner": (r"(?:breakfast|lunch).* (?:and|,) .*dinner$", "正在"),
    "no hospital for the ill": (r"\bnot go to the hospital .*because", ""),
}


@pytest.mark.parametrize("what", ODD)
def test_what_a_reader_found_is_gone(drawn: list[Pair], what: str) -> None:
    en, zh = (re.compile(pattern) for pattern in ODD[what])
    assert [p for p in drawn if en.search(p.english) and zh.search(p.chinese)] == []


# English, Chinese of what stands there in its stead
GOOD = {
    "will": (r"\w+ will swim tomorrow \.", "(.+)明天会去游泳。"),
    "a plan": (r"[a-z' ]+ plans? to play \w+ tomorrow \.", ".+打算明天去.+。"),
    "cause": (r"\w+ is very sad because \w+ lost .*", ".+弄丢了.+，所以很难过。"),
    "reason": (r"\w+ did not .* because she was ill \.", ".+因为病了，所以.+没有.+。"),
    "hunger": (r"\w+ ate .* because he was hungry \.", ".+因为饿了，所以吃了.+。"),
    "question": (
        r"did \w+ buy an? (?:new|small|big|red) \w+ .*\?",
        r".+买了一.[新小大红].+吗？",
    ),
    "plain question": (r"did \w+ buy a (?:hat|coat|bag) .*\?", r".+买[^了一]+了吗？"),
    "loan": (r"\w+ lent \w+ a .*", r".+借了一.+给.+。"),
    "loan, asked": (r"did \w+ lend \w+ a (?:book|pen) .*", r".+借[书笔]给.+了吗？"),
    "leisure": (
        r"if .+ time .+ , \w+ will (?:swim|play .+|run) \.",
        ".+有时间，就去.+。",
    ),
    "visit": (r"\w+ visited (?:me|us) .*", ".+来看望了我.*"),
    "described": (r".* is eating an? (?:big|red) apple .*", ".+吃一个[大红]苹果.*"),
    "habit": (r"who swims .* every .*", "谁每.+都.*游泳？"),
    "work": (r"where does \w+ work \?", ".+在哪儿工作？"),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_is_said_instead(drawn: list[Pair], what: str) -> None:
    en, zh = GOOD[what]
    found = [pair for pair in drawn if re.fullmatch(en, pair.english)]
    assert found
    assert [pair for pair in found if not re.fullmatch(zh, pair.chinese)] == []


def test_no_chinese_sentence_stands_for_two_that_mean_different_things(
    drawn: list[Pair],
) -> None:
    """Two English sentences with the same Chinese have the same auxiliaries."""
    meanings = defaultdict(set)
    for en, zh in drawn:
        verb = re.findall(r"\b(?:can|will|am|is|are|do|does|did)\b", en)
        meanings[zh].add(" ".join(verb))
    assert {zh: found for zh, found in meanings.items() if len(found) > 1} == {}


def test_no_name_comes_twice(drawn: list[Pair]) -> None:
    assert _names_twice("tom hopes that you will call tom")
    assert not _names_twice("tom hopes that you will call anna")
    names = re.compile(rf"\b({'|'.join(p.en for p in NAMES)})\b.*\b\1\b")
    assert [pair for pair in drawn if names.search(pair.english)] == []


def clauses(tense: str, mood: int, count: int = 3000) -> Iterator[tuple[str, str]]:
    """Draw clauses about Anna."""
    rng = Random(2)
    return (draw_clause(rng, tense, NAMES[3], mood) for _ in range(count))


@pytest.mark.parametrize("mood", [STATEMENT, NEGATION, QUESTION])
def test_what_will_be_is_told_with_its_time(mood: int) -> None:
    times = re.compile("明天|今晚|今天|下个")
    assert all(times.search(zh) for _, zh in clauses("future", mood))


def test_what_is_asked_of_a_habit_is_told_with_its_time() -> None:
    assert all("每" in zh for _, zh in clauses("habit", QUESTION))


def test_a_gift_that_was_not_made() -> None:
    found = [zh for en, zh in clauses("past", NEGATION) if " give " in en]
    assert found
    assert all(re.fullmatch("安娜.*没有送[书花票笔手表]+给.+", zh) for zh in found)


def test_we_they_and_groups_are_several_and_you_are_not() -> None:
    assert [p.en for p in PRONOUNS if _several(p)] == ["we", "they"]
    assert not any(_several(person) for person in NAMES)


def test_a_student_may_do_what_others_do() -> None:
    rng = Random(1)
    drawn = [_draw_about_person(rng)[0] for _ in range(3000)]
    assert any(text.endswith("is a student") for text in drawn)
