"""Dates: valid days, forms that can be read back, sets without a shared day."""

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import Adam

from dlnotes.data.dates import (
    CHINESE_WEEKDAYS,
    FIRST,
    FORMS,
    LAST,
    MONTHS,
    WEEKDAYS,
    DatePair,
    DateSplits,
    load_dates,
    write_date,
)
from dlnotes.data.pair import Pair
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

# the same forms for `strptime`; it reads 07 as 2007 and 69 as 1969
PATTERNS = (
    "%A, %B %d, %Y",
    "%a, %d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%m/%d/%y",
    "%Y-%m-%d",
)
days = st.dates(FIRST, LAST)
DAY = date(2007, 9, 25)


def read_chinese(text: str) -> tuple[date, str | None]:
    found = re.fullmatch(r"([0-9]+)年([0-9]+)月([0-9]+)日(?:星期(.))?", text)
    assert found is not None
    year, month, day = map(int, found.groups()[:3])
    return date(year, month, day), found[4]


@pytest.fixture(scope="module")
def splits() -> DateSplits:
    return load_dates()


def test_one_day_in_all_forms() -> None:
    full = "2007年9月25日星期二"
    assert [tuple(write_date(DAY, form)) for form in FORMS] == [
        ("Tuesday, September 25, 2007", full),
        ("Tue, 25 Sep 2007", full),
        ("September 25, 2007", "2007年9月25日"),
        ("Sep 25, 2007", "2007年9月25日"),
        ("25 September 2007", "2007年9月25日"),
        ("25 Sep 2007", "2007年9月25日"),
        ("09/25/07", "2007年9月25日"),
        ("2007-09-25", "2007年9月25日"),
    ]
    assert tuple(write_date(date(1999, 1, 3), FORMS[6])) == (
        "01/03/99",
        "1999年1月3日",
    )
    assert write_date(date(1999, 1, 3), FORMS[7]).english == "1999-01-03"
    assert write_date(date(1999, 1, 3), FORMS[0]).english == "Sunday, January 3, 1999"


def test_names_are_those_of_the_calendar() -> None:
    assert [*MONTHS] == [f"{date(2000, m, 1):%B}" for m in range(1, 13)]
    monday = date(2024, 1, 1)
    week = [monday + timedelta(n) for n in range(7)]
    assert [*WEEKDAYS] == [f"{day:%A}" for day in week]
    found = [read_chinese(write_date(day, FORMS[0]).chinese)[1] for day in week]
    assert found == [*CHINESE_WEEKDAYS] == [*"一二三四五六日"]


@given(days)
def test_both_forms_can_be_read_and_say_the_same(day: date) -> None:
    for form, pattern in zip(FORMS, PATTERNS, strict=True):
        pair = write_date(day, form)
        read = datetime.strptime(pair.english, pattern).date()
        assert (read.year - day.year) % 100 == 0
        assert read.replace(year=day.year) == day
        assert "%y" in pattern or read == day
        found, weekday = read_chinese(pair.chinese)
        assert found == day
        named = pattern[:2] in ("%A", "%a")
        assert weekday == (CHINESE_WEEKDAYS[day.weekday()] if named else None)


def test_no_english_date_has_two_meanings() -> None:
    """Of all days, in all forms: two figures of a year tell the century."""
    known: dict[str, str] = {}
    day = FIRST
    while day <= LAST:
        for form in FORMS:
            english, chinese = write_date(day, form)
            assert known.setdefault(english, chinese) == chinese
        day += timedelta(1)
    in_may = 31 * 100  # whose name is as long as its first three letters
    assert len(known) == 8 * 36525 - 2 * in_may


def test_a_date_is_a_pair_of_characters() -> None:
    pair = write_date(DAY, FORMS[1])
    assert isinstance(pair, Pair)
    assert "".join(pair.words) == "Tue, 25 Sep 2007"
    assert pair.words[:5] == ["T", "u", "e", ",", " "]
    assert pair.characters == [*"2007年9月25日星期二"]
    assert DatePair("a b", "1日").words == ["a", " ", "b"]


class TestSplits:
    def test_no_day_is_in_two_sets_or_twice_in_one(self, splits: DateSplits) -> None:
        assert [len(part) for part in splits] == [5500, 500, 500]
        found = [read_chinese(pair.chinese)[0] for part in splits for pair in part]
        assert len(set(found)) == 6500
        assert FIRST <= min(found) < date(1951, 1, 1)
        assert date(2049, 1, 1) < max(found) <= LAST

    def test_days_and_forms_are_equally_likely(self, splits: DateSplits) -> None:
        everywhere = [pair for part in splits for pair in part]
        years = Counter(int(pair.chinese[:4]) // 10 for pair in everywhere)
        assert len(years) == 10
        assert all(500 < n < 800 for n in years.values())
        for part in splits:
            marks = Counter(re.sub(r"[0-9]+", "0", p.english)[0] for p in part)
            assert 0.4 < marks["0"] / len(part) < 0.6  # four of the eight forms
            weekdays = sum("星期" in pair.chinese for pair in part)
            assert 0.17 < weekdays / len(part) < 0.33  # two of them

    def test_a_seed_of_the_book_decides(
        self, splits: DateSplits, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert load_dates() == splits
        monkeypatch.setenv("DLNOTES_SEED_OFFSET", "1")
        assert load_dates().train != splits.train

    def test_few_symbols_are_enough(self, splits: DateSplits) -> None:
        languages = learn_languages(splits.train)
        assert len(languages.english) < 60
        symbols = {"年月日星期", "一二三四五六日", "0123456789"}
        assert set(languages.chinese.tokens[4:]) == set("".join(symbols))
        sources, targets = languages.encode(splits.test)
        unknown = 3
        assert not any((row == unknown).any() for row in [*sources, *targets])


def test_a_few_dates_are_learned_by_heart(splits: DateSplits) -> None:
    few = splits.train[:8]
    torch.manual_seed(0)
    languages = learn_languages(few, min_count=1)
    encoder = Encoder(len(languages.english), 16, 64)
    model = Seq2Seq(encoder, Decoder(len(languages.chinese), 16, 64, 64))
    optimizer = Adam(model.parameters(), lr=0.01)
    fit_translation(model, *languages.encode(few), optimizer, 150, batch_size=8)
    found = translate(model, few, languages).sentences
    assert score_translation(found, few).exact == 1
