import pytest

from dlnotes.data.grammar.actions import Action
from dlnotes.data.grammar.clauses import MODALS, chinese, english
from dlnotes.data.grammar.people import NAMES, PRONOUNS
from dlnotes.data.grammar.settings import NEGATION, QUESTION, STATEMENT, Setting
from dlnotes.data.grammar.verbs import ACTIVITIES, VERBS
from dlnotes.data.grammar.words import ADJECTIVES, THINGS

TOM, ME = NAMES[0], PRONOUNS[0]
NONE = ("", "")
HAT = Action(
    ("buy", "buys", "bought", "buying"),
    "a red hat",
    "",
    "买",
    "一顶红帽子",
    "红帽子",
    (),
    "any",
    False,
)
CHESS = Action(
    ("play", "plays", "played", "playing"), "chess", "", "下棋", "", "", (), "day", True
)
LETTER = Action(
    ("send", "sends", "sent", "sending"),
    "anna a letter",
    "给安娜",
    "寄",
    "一封信",
    "信",
    (),
    "any",
    False,
)
YESTERDAY, DAILY = ("yesterday", "昨天"), ("every day", "每天")
SHOP, PARK = ("in the shop", "在商店"), ("in the park", "在公园里")
ANNA = ("with anna", "和安娜一起")


def both(
    action: Action,
    tense: str,
    mood: int,
    time: tuple[str, str] = NONE,
    company: tuple[str, str] = NONE,
    place: tuple[str, str] = NONE,
    adverb: tuple[str, str] = NONE,
) -> tuple[str, str]:
    """Say of Tom, in both languages, what he does."""
    setting = Setting(time, company, place, adverb)
    zh = chinese(tense, action, setting, mood, MODALS[tense][mood])
    return english(TOM, tense, action, setting, mood), "汤姆" + zh


@pytest.mark.parametrize(
    ("tense", "mood", "en", "zh"),
    [
        ("past", STATEMENT, "tom bought a red hat", "汤姆买了一顶红帽子"),
        ("past", NEGATION, "tom did not buy a red hat", "汤姆没有买红帽子"),
        ("past", QUESTION, "did tom buy a red hat", "汤姆买了一顶红帽子"),
        ("future", STATEMENT, "tom will buy a red hat", "汤姆会买一顶红帽子"),
        ("future", NEGATION, "tom will not buy a red hat", "汤姆不会买红帽子"),
        ("future", QUESTION, "will tom buy a red hat", "汤姆会买一顶红帽子"),
        ("progressive", STATEMENT, "tom is buying a red hat", "汤姆正在买一顶红帽子"),
        ("progressive", NEGATION, "tom is not buying a red hat", "汤姆没有在买红帽子"),
        ("progressive", QUESTION, "is tom buying a red hat", "汤姆在买一顶红帽子"),
        ("habit", STATEMENT, "tom buys a red hat", "汤姆买一顶红帽子"),
        ("habit", NEGATION, "tom does not buy a red hat", "汤姆不买红帽子"),
        ("habit", QUESTION, "does tom buy a red hat", "汤姆买一顶红帽子"),
        ("want", STATEMENT, "tom wants to buy a red hat", "汤姆想买一顶红帽子"),
        ("want", NEGATION, "tom does not want to buy a red hat", "汤姆不想买红帽子"),
        ("plan", STATEMENT, "tom plans to buy a red hat", "汤姆打算买一顶红帽子"),
        ("plan", QUESTION, "does tom plan to buy a red hat", "汤姆打算买一顶红帽子"),
        ("must", STATEMENT, "tom must buy a red hat", "汤姆必须买一顶红帽子"),
        ("can", NEGATION, "tom cannot buy a red hat", "汤姆不会买红帽子"),
        ("can", QUESTION, "can tom buy a red hat", "汤姆会买一顶红帽子"),
    ],
)
def test_tenses_and_moods(tense: str, mood: int, en: str, zh: str) -> None:
    assert both(HAT, tense, mood) == (en, zh)


def test_time_and_place_change_sides() -> None:
    assert both(HAT, "past", STATEMENT, YESTERDAY, place=SHOP) == (
        "tom bought a red hat in the shop yesterday",
        "汤姆昨天在商店买了一顶红帽子",
    )
    assert both(CHESS, "past", STATEMENT, YESTERDAY, ANNA, PARK) == (
        "tom played chess with anna in the park yesterday",
        "汤姆昨天和安娜一起在公园里下棋了",
    )
    assert both(LETTER, "past", STATEMENT, YESTERDAY) == (
        "tom sent anna a letter yesterday",
        "汤姆昨天给安娜寄了一封信",
    )
    assert both(CHESS, "plan", STATEMENT, ("tomorrow", "明天")) == (
        "tom plans to play chess tomorrow",
        "汤姆打算明天下棋",
    )


def test_what_happens_each_day_is_said_with_dou_and_an_adverb_without() -> None:
    assert both(CHESS, "habit", STATEMENT, DAILY, place=PARK) == (
        "tom plays chess in the park every day",
        "汤姆每天都在公园里下棋",
    )
    often = ("often", "经常")
    assert both(CHESS, "habit", STATEMENT, adverb=often, place=PARK) == (
        "tom often plays chess in the park",
        "汤姆经常在公园里下棋",
    )


def test_one_zai_is_enough() -> None:
    zh = both(CHESS, "progressive", STATEMENT, place=PARK)[1]
    assert zh == "汤姆正在公园里下棋"
    assert both(CHESS, "progressive", QUESTION, place=PARK)[1] == "汤姆在公园里下棋"
    assert both(CHESS, "progressive", NEGATION, place=PARK)[1] == "汤姆没有在公园里下棋"


def test_what_is_counted_or_an_activity_has_le_at_its_place() -> None:
    two = HAT._replace(tail="two hats", object="两顶帽子", loose="两顶帽子")
    assert both(two, "past", QUESTION)[1] == "汤姆买了两顶帽子"
    assert both(CHESS, "past", QUESTION, YESTERDAY)[1] == "汤姆昨天下棋了"
    assert both(CHESS, "past", NEGATION, YESTERDAY)[1] == "汤姆昨天没有下棋"


def test_what_is_worn_is_worn_on() -> None:
    wear = HAT._replace(forms=("wear", "wears", "wore", "wearing"), verb="戴着")
    en, zh = both(wear, "wear", STATEMENT)
    assert (en, zh) == ("tom is wearing a red hat", "汤姆戴着一顶红帽子")
    assert both(wear, "wear", NEGATION)[1] == "汤姆没有戴红帽子"


def test_the_verb_agrees_with_its_subject() -> None:
    setting = Setting(NONE, NONE, NONE, NONE)
    for person, clause in zip(
        PRONOUNS,
        ["i am", "you are", "he is", "she is", "we are", "they are"],
        strict=True,
    ):
        words = english(person, "progressive", CHESS, setting, STATEMENT)
        assert words == f"{clause} playing chess"
    assert english(ME, "want", CHESS, setting, STATEMENT) == "i want to play chess"
    assert english(ME, "habit", CHESS, setting, NEGATION) == "i do not play chess"


def test_adjectives_of_two_characters_have_de() -> None:
    hat = {words.en: words.zh for words in THINGS["hat"].phrases["a"]}
    assert hat["a red hat"] == "一顶红帽子"
    assert hat["an expensive hat"] == "一顶昂贵的帽子"
    assert {len(zh.removesuffix("的")) for zh in ADJECTIVES.values() if "的" in zh} == {
        2
    }
    assert {len(zh) for zh in ADJECTIVES.values() if "的" not in zh} == {1}
    dog = {words.en: words.zh for words in THINGS["dog"].phrases["the"]}
    assert dog["the old dog"] == "那条老狗"


def test_tables_name_nouns_that_there_are() -> None:
    for line in VERBS.strip().splitlines():
        assert set(line.split("|")[1].split()) <= set(THINGS)
    assert all(line.count("|") == 5 for line in ACTIVITIES.strip().splitlines())
