import random
import re
from collections import Counter
from pathlib import Path

import pytest
from sacrebleu.tokenizers.tokenizer_zh import TokenizerZh

from dlnotes.data.grammar.people import JOBS
from dlnotes.data.grammar.words import NUMBERS, THINGS
from dlnotes.data.pair import Pair, split_characters
from dlnotes.data.translation import (
    COMBINATIONS,
    TranslationSplits,
    draw_pairs,
    load_translation,
)

HAN = re.compile(r"[\u4e00-\u9fff]+(?:，[\u4e00-\u9fff]+)*[。？]")


@pytest.fixture(scope="module")
def drawn() -> list[Pair]:
    return draw_pairs(40_000, seed=3)


@pytest.fixture(scope="module")
def many() -> list[Pair]:
    return draw_pairs(150_000, seed=1)


@pytest.fixture(scope="module")
def splits() -> TranslationSplits:
    return load_translation()


def test_pairs_are_as_many_as_asked_and_differ(drawn: list[Pair]) -> None:
    assert len(drawn) == 40_000
    assert len({pair.english for pair in drawn}) == 40_000
    assert draw_pairs(0, seed=0) == []


def test_a_seed_gives_the_same_pairs_and_another_gives_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = draw_pairs(500, seed=0)
    assert draw_pairs(500, seed=0) == few
    assert draw_pairs(100, seed=0) == few[:100]
    assert draw_pairs(500, seed=1) != few
    random.seed(5)
    assert draw_pairs(500, seed=0) == few
    monkeypatch.setenv("DLNOTES_SEED_OFFSET", "1")
    assert draw_pairs(500, seed=0) != few
    assert draw_pairs(500, seed=-10_000) == few


def test_no_english_sentence_has_two_translations(
    drawn: list[Pair], many: list[Pair]
) -> None:
    known, others = dict(drawn), dict(many)
    shared = known.keys() & others.keys()
    assert len(shared) > 5000
    assert {en for en in shared if known[en] != others[en]} == set()


def test_sentences_are_words_and_characters_and_end_with_a_mark(
    drawn: list[Pair],
) -> None:
    word = re.compile(r"[a-z]+|'s|[.,?]")
    for english, chinese in drawn:
        assert all(word.fullmatch(w) for w in english.split(" ")), english
        assert english[-2:] in (" .", " ?")
        assert HAN.fullmatch(chinese), chinese
        assert (english[-1] == "?") == (chinese[-1] == "？"), (english, chinese)
    assert Pair("tom 's cat .", "汤姆的猫。").words == ["tom", "'s", "cat", "."]
    assert Pair("a cat .", "一只猫。").characters == ["一", "只", "猫", "。"]


def test_a_few_hundred_words_and_characters_in_sentences_of_all_lengths(
    drawn: list[Pair],
) -> None:
    assert 300 < len({w for pair in drawn for w in pair.words}) < 450
    assert 250 < len({c for pair in drawn for c in pair.characters}) < 350
    lengths = Counter(len(pair.words) for pair in drawn)
    assert min(lengths) <= 4
    assert max(lengths) >= 21
    mean = sum(n * count for n, count in lengths.items()) / len(drawn)
    assert 9 < mean < 10
    assert sum(count for n, count in lengths.items() if n > 12) > 0.1 * len(drawn)


# what goes wrong first in sentences put together from parts
ODD_CHINESE = {
    "at, twice": "在在|正在在|在[^，的]{0,6}在和",
    "of, twice": "的的|的我的",
    "no before the past": "没有[^，的]*了[。，？]",
    "two is 两 before a measure word": "二",
    "both of every day": "每天(?!早上|下午|晚上)(?!都)|早上(?<=每天早上)(?!都)",
    "a negated thing has no number": "(?:没有|不)[^，的有在和]{1,4}一[只条本张顶件]",
    "a question of yes or no": "(?:谁|什么|哪)[^，的]*吗",
    "progressive and past": "正在[^，的]*了[。，]",
    "like the book": "不有",
    "measure words": "一本(?:猫|狗|帽子)|一只(?:书|帽子)|一个(?:书|帽子|茶)",
}
ODD_ENGLISH = {
    "a before a vowel": r"\ba [aeiou]",
    "an before a consonant": r"\ban [^aeiou]",
    "agreement": r"\b(?:he|she|tom|mary) (?:are|were)\b"
    r"|(?:^|that |because )(?:we|they|you) (?:is|has|wants|likes|was)\b"
    r"|\bi (?:is|are|has|were)\b",
    "somebody and himself": r"\bi [a-z]+ me\b|\bwe [a-z]+ us\b|\byou [a-z]+ you\b",
    "can not": r"\bcan not\b",
    "school on a day off": r"at school (?:[a-z ]*(?:sunday|saturday|weekend))",
    "what trials complained of": r"reads? white maps|dance[sd]? at school on sunday",
    "a man in a dress": r"\b(?:he|tom|john|man|boy|father|brother) "
    r"(?:who )?is wearing an? [a-z]+ dress",
}


@pytest.mark.parametrize("what", ODD_CHINESE)
def test_no_chinese_sentence_is_put_together_badly(
    drawn: list[Pair], what: str
) -> None:
    found = re.compile(ODD_CHINESE[what])
    assert [pair for pair in drawn if found.search(pair.chinese)] == []


@pytest.mark.parametrize("what", ODD_ENGLISH)
def test_no_english_sentence_is_put_together_badly(
    drawn: list[Pair], what: str
) -> None:
    found = re.compile(ODD_ENGLISH[what])
    assert [pair for pair in drawn if found.search(pair.english)] == []


def test_each_noun_has_its_measure_word(drawn: list[Pair]) -> None:
    """After a number stands the measure word of the noun that follows."""
    measures = {noun.measure for noun in THINGS.values()} | {"位"}
    number = "".join(character for _, character in NUMBERS) + "几"
    counted = re.compile(f"[{number}]([^天])")
    for pair in drawn:
        for measure in counted.findall(pair.chinese):
            assert measure in measures, pair
    for noun in THINGS.values():
        for phrase in noun.phrases["a"]:
            assert phrase.zh == f"一{noun.measure}{phrase.loose}"
            assert phrase.loose.endswith(noun.zh)


def example(pairs: list[Pair], english: str) -> str:
    """Return the Chinese of the first sentence with a pattern."""
    return next(zh for en, zh in pairs if re.fullmatch(english, en))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (r"\w+ bought an? \w+ in the shop last week \.", ".+上个星期在商店买了一.+"),
        (r"there are three cats under the table \.", "桌子下面有三只猫。"),
        (r"\w+ is reading an? \w+ in the library \.", ".+正在图书馆看一.+"),
        (r"who is swimming in the river \?", "谁在河里游泳？"),
        (r"what (?:did he|is he) read(?:ing)? .*\?", "他.*看了?什么？"),
        (r"[a-z ]+ did not buy an? [a-z ]+ \.", ".*没有.*买[^一]+。"),
        (r"tom is taller than mary \.", "汤姆比玛丽高。"),
        (r"is this hat more expensive than that one \?", "这顶帽子比那顶贵吗？"),
        (
            r"the (\w+) that she bought yesterday is very expensive \.",
            "她昨天买的.+很贵。",
        ),
        (r"do you know the woman who is wearing .*", "你认识那个[穿戴].+的女人吗？"),
        (r"li ming went to beijing by train .*\.", "李明.*坐火车去了北京。"),
        (
            r"[a-z ]+ because it was raining \.",
            "因为下雨，所以.*没有.*。",
        ),
        (r"tom 's sister can .* , but she cannot .*", "汤姆的姐姐会.*，但是不会.*。"),
        (r"how many apples did .*\?", ".*几个(?:[红大])?苹果？"),
        (r"does .* like .*cats \?", ".*喜欢.*猫吗？"),
        (r"[a-z]+ called (?:his|her) mother .*", ".*给[他她]妈妈打了电话。"),
    ],
)
def test_the_orders_of_the_two_languages_differ(
    many: list[Pair], english: str, chinese: str
) -> None:
    assert re.fullmatch(chinese, example(many, english))


def test_the_six_combinations_are_kept_from_training(
    splits: TranslationSplits,
) -> None:
    assert [len(part) for part in splits] == [20_000, 1000, 1000, 250, 500]
    for name, part in splits._asdict().items():
        for pair in part:
            found = [c for c in COMBINATIONS if f" {c}" in pair.english]
            assert bool(found) == (name == "combinations"), pair
    counts = Counter(
        c
        for pair in splits.combinations
        for c in COMBINATIONS
        if f" {c}" in pair.english
    )
    assert set(counts) == set(COMBINATIONS)
    assert min(counts.values()) >= 5


def test_chinese_of_the_combinations_is_not_in_training_either(
    splits: TranslationSplits,
) -> None:
    seen = " ".join(pair.chinese for pair in splits.train)
    for chinese in ("红帽子", "旧车", "新书", "大狗", "漂亮的大衣", "黑笔"):
        assert chinese not in seen
        assert any(chinese in pair.chinese for pair in splits.combinations)


def test_lengths_are_as_told(splits: TranslationSplits) -> None:
    for name, part in splits._asdict().items():
        lengths = [len(pair.words) for pair in part]
        if name == "longer":
            assert min(lengths) == 13
        else:
            assert max(lengths) == 12


def test_no_english_sentence_is_in_two_sets(splits: TranslationSplits) -> None:
    sentences = [pair.english for part in splits for pair in part]
    assert len(set(sentences)) == len(sentences)


def test_every_word_of_the_tests_is_in_the_training_set(
    splits: TranslationSplits,
) -> None:
    for take in (lambda pair: pair.words, lambda pair: pair.characters):
        known = {token for pair in splits.train for token in take(pair)}
        for part in splits[1:]:
            assert {token for pair in part for token in take(pair)} <= known


@pytest.mark.parametrize("offset", ["1", "2"])
def test_other_seeds_fill_the_sets_too(
    offset: str, monkeypatch: pytest.MonkeyPatch, splits: TranslationSplits
) -> None:
    monkeypatch.setenv("DLNOTES_SEED_OFFSET", offset)
    others = load_translation()
    assert [len(part) for part in others] == [20_000, 1000, 1000, 250, 500]
    assert others.train != splits.train


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("她买了一顶红帽子。", list("她买了一顶红帽子。")),
        ("我2:30起床，花了10,000日元。", None),
        ("密码是Wi-Fi的it's 3.5。", None),
        ("MP3播放器", ["MP3", "播", "放", "器"]),
        ("", []),
    ],
)
def test_characters_are_those_of_sacrebleu(
    text: str, characters: list[str] | None
) -> None:
    found = split_characters(text)
    assert found == TokenizerZh()(text).split()
    assert characters in (None, found)


def test_all_sentences_of_the_grammar_split_as_sacrebleu_splits_them(
    splits: TranslationSplits,
) -> None:
    split = TokenizerZh()
    for pair in splits.test + splits.longer:
        assert pair.characters == split(pair.chinese).split()


def test_jobs_have_the_article_that_the_sentence_gives_them() -> None:
    """ "a doctor": no job begins with a vowel."""
    assert all(job[0] not in "aeiou" for job, _ in JOBS)


def test_full_scale_takes_the_pairs_of_tatoeba(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = [f"word{n} x.\t句子{n}。\tCC-BY" for n in range(2100)]
    lines += [f"word{n} x.\t句{n}。" for n in range(2100)]
    lines += ["a " * 15 + "b\t句子。", "a b\t" + "句" * 26]
    (tmp_path / "cmn.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    splits = load_translation()
    assert [len(part) for part in splits] == [200, 2000, 2000, 0, 2]
    english = [{pair.english for pair in part} for part in splits]
    assert [len(part) for part in english] == [100, 1000, 1000, 0, 2]
    assert len(set.union(*english)) == sum(len(part) for part in english)
    assert load_translation() == splits
    monkeypatch.setenv("DLNOTES_SEED_OFFSET", "1")
    assert load_translation().test != splits.test
