"""Times of the grammar: when a verb of a group happens, by tense."""

NO_TIME = ("", "")
TIMES = {
    "yesterday": "昨天",
    "last night": "昨晚",
    "last week": "上个星期",
    "last sunday": "上个星期天",
    "two days ago": "两天前",
    "yesterday morning": "昨天上午",
    "yesterday afternoon": "昨天下午",
    "this morning": "今天早上",
    "today": "今天",
    "tomorrow": "明天",
    "tonight": "今晚",
    "next week": "下个星期",
    "next sunday": "下个星期天",
    "tomorrow morning": "明天上午",
    "tomorrow afternoon": "明天下午",
    "this afternoon": "今天下午",
    "every day": "每天",
    "every morning": "每天早上",
    "every afternoon": "每天下午",
    "every evening": "每天晚上",
    "every weekend": "每个周末",
    "on sundays": "每个星期天",
}
# which times go with a group of verbs: past; future; habit
WHEN = {
    "any": "yesterday, last week, last sunday, two days ago, "
    "yesterday afternoon; tomorrow, next week, next sunday; "
    "every day",
    "day": "yesterday, yesterday morning, yesterday afternoon, "
    "this morning, last sunday; tomorrow, tomorrow morning, "
    "tomorrow afternoon, this afternoon, next sunday; every day, "
    "every morning, every evening, on sundays, every weekend",
    "light": "yesterday, yesterday afternoon, this morning, last sunday; "
    "tomorrow, tomorrow afternoon, this afternoon, next sunday; "
    "every day, every afternoon, on sundays, every weekend",
    "evening": "last night; tonight; every evening, on sundays",
    "night": "last night; tonight; every evening, every day",
    "noon": "yesterday, last sunday; tomorrow, next sunday; "
    "every day, on sundays",
    "morning": "this morning, yesterday; tomorrow; every day, on sundays",
    "habit": "yesterday; tomorrow; every day, every morning",
    "weekly": "last sunday; tomorrow; every weekend",
    "now": "yesterday; tomorrow; every day",
    "today": "today; today; every day",
}


def _read_times(group: str) -> dict[str, list[tuple[str, str]]]:
    """Return the times (en, zh) of a group of verbs, for each tense."""
    past, future, habit = (
        [(en.strip(), TIMES[en.strip()]) for en in part.split(",")]
        for part in WHEN[group].split(";")
    )
    return {
        "past": past,
        "future": future,
        "plan": future,
        "must": future,
        "habit": habit,
        "want": [NO_TIME, NO_TIME, NO_TIME if group == "now" else future[0]],
        "can": [NO_TIME],
        "progressive": [NO_TIME],
        "wear": [NO_TIME, ("today", "今天")],
    }


TIMES_OF = {group: _read_times(group) for group in WHEN}
