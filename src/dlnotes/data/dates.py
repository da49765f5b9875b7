"""Dates as English writes them, in many forms, and their Chinese form."""

from datetime import date
from random import Random
from typing import NamedTuple

from dlnotes.data.pair import Pair
from dlnotes.seed import shifted

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("Saturday", "Sunday"),
)
CHINESE_WEEKDAYS = "一二三四五六日"  # each behind 星期
FORMS = (
    "{weekday}, {month} {d}, {year}",  # Tuesday, September 25, 2007
    "{weekday:.3}, {d} {month:.3} {year}",  # Tue, 25 Sep 2007
    "{month} {d}, {year}",  # September 25, 2007
    "{month:.3} {d}, {year}",  # Sep 25, 2007
    "{d} {month} {year}",  # 25 September 2007
    "{d} {month:.3} {year}",  # 25 Sep 2007
    "{m:02}/{d:02}/{y:02}",  # 09/25/07, with the month first
    "{year}-{m:02}-{d:02}",  # 2007-09-25
)
FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)  # 07 is 2007, 50 is 1950


class DatePair(Pair):
    """A date in English and in Chinese, both as characters."""

    @property
    def words(self) -> list[str]:
        """The characters of the English form, with the blanks."""
        return list(self.english)

    @property
    def characters(self) -> list[str]:
        """The characters of the Chinese form: each figure is one."""
        return list(self.chinese)


class DateSplits(NamedTuple):
    """Three sets of dates; no day is in two of them, whatever its forms."""

    train: list[DatePair]
    val: list[DatePair]
    test: list[DatePair]


def write_date(day: date, form: str) -> DatePair:
    """Write a day in one of the English `FORMS`, and in Chinese.

    The weekday is in the Chinese form where it is in the English one, so
    that both say the same: 2007年9月25日, or 2007年9月25日星期二.
    """
    english = form.format(
        weekday=WEEKDAYS[day.weekday()],
        month=MONTHS[day.month - 1],
        d=day.day,
        m=day.month,
        y=day.year % 100,
        year=day.year,
    )
    chinese = f"{day.year}年{day.month}月{day.day}日"
    if "weekday" in form:
        chinese += f"星期{CHINESE_WEEKDAYS[day.weekday()]}"
    return DatePair(english, chinese)


def load_dates() -> DateSplits:
    """Return 5,500 dates for training, 500 to validate, 500 to test.

    The days differ. They are drawn from the hundred years from `FIRST` to
    `LAST`, all equally likely, and so is the form of each.
    """
    rng = Random(shifted(0))
    every = range(FIRST.toordinal(), LAST.toordinal() + 1)
    days = [date.fromordinal(n) for n in rng.sample(every, 6500)]
    pairs = [write_date(day, rng.choice(FORMS)) for day in days]
    return DateSplits(pairs[:5500], pairs[5500:6000], pairs[6000:])
