"""A clause in both languages: who, when, with whom, where, what."""

from random import Random

from dlnotes.data.grammar.actions import Action
from dlnotes.data.grammar.others import _draw_action
from dlnotes.data.grammar.people import Person
from dlnotes.data.grammar.settings import (
    NEGATION,
    NOWHERE,
    QUESTION,
    STATEMENT,
    Setting,
    _draw_setting,
)
from dlnotes.data.grammar.words import ADJECTIVES, Bilingual

# Chinese before the verb in a statement, its negation and a question
MODALS = {
    "past": ("", "没有", ""),
    "future": ("会", "不会", "会"),
    "progressive": ("正在", "没有在", "在"),
    "habit": ("", "不", ""),
    "want": ("想", "不想", "想"),
    "plan": ("打算", "不打算", "打算"),
    "must": ("必须", "不必", "必须"),
    "can": ("会", "不会", "会"),
    "wear": ("", "没有", ""),
}
NOT_DONE = ["play", "drink", "eat", "work", "swim", "dance", "help", "watch"]
NUMERALS = "两三四五"
OUT = ("踢足球", "打篮球", "游泳", "下棋", "跑步", "散步", "放风筝")


def verb_group(
    subject: Person, tense: str, forms: tuple[str, ...]
) -> tuple[str, str, str]:
    """Return an auxiliary, what follows it, and the group of a statement.

    Where the last is empty, a statement has the auxiliary too.
    """
    base, s, past, ing = forms
    third = subject.do == "does"
    if tense == "past":
        return "did", base, past
    if tense in ("want", "plan"):
        return (
            subject.do,
            f"{tense} to {base}",
            (f"{tense}{'s' if third else ''} to {base}"),
        )
    if tense == "habit":
        return subject.do, base, s if third else base
    if tense in ("progressive", "wear"):
        return subject.be, ing, ""
    return {"future": "will"}.get(tense, tense), base, ""


def english(
    subject: Person, tense: str, action: Action, setting: Setting, mood: int
) -> str:
    """Return the English clause, its words between single blanks."""
    aux, rest, plain = verb_group(subject, tense, action.forms)
    adverb = setting.adverb[0]
    if mood == QUESTION:
        words = [aux, subject.en, rest]
    elif mood == NEGATION:
        words = [subject.en, aux, "not", rest]
    else:
        words = [subject.en, adverb, plain or f"{aux} {rest}"]
    words += [action.tail, setting.company[0], setting.place[0]]
    text = " ".join(word for word in [*words, setting.time[0]] if word)
    return text.replace("can not", "cannot")


def _is_described(action: Action) -> bool:
    """Tell whether the object has an adjective."""
    return not ADJECTIVES.keys().isdisjoint(action.tail.split())


def _object(tense: str, action: Action, mood: int) -> str:
    """Return the Chinese object, without 一顶 where that goes."""
    if mood == NEGATION:
        return action.loose
    if mood == STATEMENT or tense not in ("past", "progressive", "habit"):
        return action.object
    return action.object if _is_described(action) else action.loose


def _go_out(tense: str, action: Action, setting: Setting) -> Action:
    """Put 去 before what will be done somewhere: 会游泳 is "can swim"."""
    out = action.verb in OUT and setting.place == NOWHERE
    if out and tense in ("future", "plan"):
        return action._replace(before="去")
    return action


def chinese(
    tense: str, action: Action, setting: Setting, mood: int, modal: str
) -> str:
    """Return what follows the subject in Chinese."""
    time = setting.time[1]
    if time.startswith("每"):
        time += "都"
    where = setting.company[1] + setting.place[1]
    if modal.endswith("在") and where.startswith("在"):
        where = where[1:]
    thing = _object(tense, action, mood)
    verb, end = action.verb, ""
    if mood == NEGATION and tense == "wear":
        verb = verb.removesuffix("着")
    if tense == "past" and mood != NEGATION:
        counted = not set(thing).isdisjoint("一" + NUMERALS)
        if thing and (mood == STATEMENT or counted):
            verb += "了"
        else:
            end = "了"
    start = time + setting.adverb[1] + modal + where
    if tense == "plan":
        start = modal + time + where
    return f"{start}{action.before}{verb}{thing}{end}"


def _odd_negation(tense: str, action: Action) -> bool:
    """Tell whether it is odd to say that an action is not done."""
    if tense == "habit":
        return action.forms[0] not in NOT_DONE
    giving = action.forms[0] in ("give", "lend", "send", "draw")
    if _is_described(action) and (tense == "progressive" or giving):
        return True
    if " of " in action.tail:  # "did not drink a bottle of juice"
        return True
    return not set(action.object).isdisjoint(NUMERALS)


def draw_clause(
    rng: Random, tense: str, subject: Person, mood: int = STATEMENT
) -> Bilingual:
    """Draw a clause about a subject, without a full stop."""
    action = _draw_action(rng, tense, subject)
    while mood == NEGATION and _odd_negation(tense, action):
        action = _draw_action(rng, tense, subject)
    setting = _draw_setting(rng, tense, subject, action, mood)
    action = _go_out(tense, action, setting)
    en = english(subject, tense, action, setting, mood)
    zh = chinese(tense, action, setting, mood, MODALS[tense][mood])
    return en, subject.zh + zh
