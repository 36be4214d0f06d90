"""The words that templates make of values, with the boundary on each side."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from govapp import filters

NOW = datetime(2026, 11, 3, 14, 2, 9, tzinfo=UTC)  # a Tuesday
NAIVE = NOW.replace(tzinfo=None)
TOKYO = timezone(timedelta(hours=9))


def at(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59, microseconds=999_999), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(minutes=2), "2 minutes ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=1, minutes=59), "1 hour ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 hours ago"),
        (timedelta(days=1), "yesterday"),
    ],
)
def test_elapsed_time_is_told_in_minutes_and_hours(elapsed: timedelta, words: str) -> None:
    assert filters.relative(NOW - elapsed, NOW) == words


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (at(2026, 11, 2, 0, 0, 0), "yesterday"),
        (at(2026, 11, 1, 23, 59, 59), "2 days ago"),
        (at(2026, 10, 28, 0, 0, 0), "6 days ago"),
        (at(2026, 10, 27, 23, 59, 59), "27 Oct"),
        (at(2026, 1, 1, 0, 0, 0), "1 Jan"),
        (at(2025, 12, 31, 23, 59, 59), "31 Dec 2025"),
    ],
)
def test_past_days_are_calendar_days_and_then_dates(instant: datetime, words: str) -> None:
    assert filters.relative(instant, NOW) == words


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (NOW + timedelta(microseconds=1), "in less than a minute"),
        (NOW + timedelta(seconds=59), "in less than a minute"),
        (NOW + timedelta(minutes=1), "in 1 minute"),
        (NOW + timedelta(minutes=59, seconds=59), "in 59 minutes"),
        (NOW + timedelta(hours=1), "in 1 hour"),
        (NOW + timedelta(hours=6, minutes=30), "in 6 hours"),
        (NOW + timedelta(hours=23, minutes=59, seconds=59), "in 23 hours"),
        (NOW + timedelta(days=1), "tomorrow"),
        (at(2026, 11, 4, 23, 59, 59), "tomorrow"),
        (at(2026, 11, 5, 0, 0, 0), "in 2 days"),
        (at(2026, 11, 9, 23, 59, 59), "in 6 days"),
        (at(2026, 11, 10, 0, 0, 0), "10 Nov"),
        (at(2027, 1, 1, 0, 0, 0), "1 Jan 2027"),
    ],
)
def test_the_future_is_told_like_the_past(instant: datetime, words: str) -> None:
    assert filters.relative(instant, NOW) == words


def test_a_short_distance_over_midnight_is_told_in_hours() -> None:
    just_after_midnight = at(2026, 11, 3, 0, 30)

    assert filters.relative(at(2026, 11, 2, 23, 0), just_after_midnight) == "1 hour ago"


def test_the_zone_of_an_instant_does_not_change_the_words() -> None:
    instant = at(2026, 11, 1, 23, 59, 59)

    assert filters.relative(instant.astimezone(TOKYO), NOW.astimezone(TOKYO)) == "2 days ago"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(microseconds=1), "in under 1 min"),
        (timedelta(seconds=59), "in under 1 min"),
        (timedelta(minutes=1), "in 1 min"),
        (timedelta(minutes=59, seconds=59), "in 59 min"),
        (timedelta(hours=1), "in 1 h"),
        (timedelta(hours=6, minutes=59), "in 6 h"),
        (timedelta(hours=47, minutes=59), "in 47 h"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(days=29, hours=23), "in 29 days"),
    ],
)
def test_what_remains_is_told_in_short_and_rounded_down(left: timedelta, words: str) -> None:
    assert filters.remaining(NOW + left, NOW) == words


@pytest.mark.parametrize(
    ("over", "words"), [(timedelta(0), "just now"), (timedelta(minutes=5), "5 minutes ago")]
)
def test_nothing_remains_of_what_has_passed(over: timedelta, words: str) -> None:
    assert filters.remaining(NOW - over, NOW) == words


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (NOW, "Tue 3 Nov 2026 14:02 UTC"),
        (at(2026, 1, 1, 0, 0, 0), "Thu 1 Jan 2026 00:00 UTC"),
        (at(2028, 2, 29, 23, 59, 59), "Tue 29 Feb 2028 23:59 UTC"),
        (at(2026, 12, 31, 9, 5), "Thu 31 Dec 2026 09:05 UTC"),
        (datetime(2026, 11, 8, 1, 30, tzinfo=TOKYO), "Sat 7 Nov 2026 16:30 UTC"),
    ],
)
def test_exact_names_weekday_date_minute_and_zone(instant: datetime, words: str) -> None:
    assert filters.exact(instant) == words


def test_iso_is_utc_without_fractions() -> None:
    instant = datetime(2026, 11, 3, 23, 2, 9, 987_654, tzinfo=TOKYO)

    assert filters.iso(instant) == "2026-11-03T14:02:09Z"


@pytest.mark.parametrize(
    "call",
    [
        lambda: filters.relative(NAIVE, NOW),
        lambda: filters.relative(NOW, NAIVE),
        lambda: filters.remaining(NAIVE, NOW),
        lambda: filters.exact(NAIVE),
        lambda: filters.iso(NAIVE),
    ],
)
def test_a_naive_datetime_is_refused(call: Callable[[], str]) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        call()


@pytest.mark.parametrize(
    ("n", "nouns", "words"),
    [
        (0, ("session",), "0 sessions"),
        (1, ("session",), "1 session"),
        (2, ("session",), "2 sessions"),
        (1, ("person", "people"), "1 person"),
        (14, ("person", "people"), "14 people"),
        (1001, ("session",), "1\u202f001 sessions"),
    ],
)
def test_plural_agrees_with_the_number(n: int, nouns: tuple[str, ...], words: str) -> None:
    assert filters.plural(n, *nouns) == words


@pytest.mark.parametrize(
    ("n", "cap", "words"),
    [
        (0, None, "0"),
        (999, None, "999"),
        (1000, None, "1\u202f000"),
        (-1000, None, "-1\u202f000"),
        (1_234_567, None, "1\u202f234\u202f567"),
        (9_999, 10_000, "9\u202f999"),
        (10_000, 10_000, "10\u202f000"),
        (10_001, 10_000, "10\u202f000+"),
    ],
)
def test_count_sets_thousands_apart_and_says_when_it_stopped(
    n: int, cap: int | None, words: str
) -> None:
    assert filters.count(n, cap) == words


@pytest.mark.parametrize(
    "hostile",
    [
        "\x00",  # null
        "\x1b",  # escape
        "\x7f",  # delete
        "\x85",  # next line
        "\n",
        "\t",
        "\u00ad",  # soft hyphen
        "\u061c",  # Arabic letter mark
        "\u200b",  # zero width space
        "\u200e",  # left-to-right mark
        "\u200f",  # right-to-left mark
        "\u2028",  # line separator
        "\u2029",  # paragraph separator
        "\u202a",  # left-to-right embedding
        "\u202e",  # right-to-left override
        "\u2066",  # left-to-right isolate
        "\u2069",  # pop directional isolate
        "\ufeff",  # byte order mark
        "\ud800",  # lone surrogate
        "\U000e0041",  # tag letter
    ],
)
def test_a_character_that_hides_or_reorders_is_replaced(hostile: str) -> None:
    assert filters.printable(f"a{hostile}b") == "a\ufffdb"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ann Ito",
        "Hana Nov\u00e1k",
        "\u0645\u062d\u0645\u062f \u0639\u0644\u06cc",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with its joiner
        "\U0001f469\u200d\U0001f4bb",  # an emoji made of two
        "<script>alert('x')</script>",  # escaping is the template's work
    ],
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert filters.printable(text) == text


@pytest.mark.parametrize(
    ("text", "max_length", "shown"),
    [
        ("abcd", 5, "abcd"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd\u2026"),
        ("abc\x00ef", 5, "abc\ufffd\u2026"),
        ("x" * 200, 200, "x" * 200),
        ("x" * 100_000, 200, "x" * 199 + "\u2026"),
    ],
)
def test_long_text_is_cut_to_the_length(text: str, max_length: int, shown: str) -> None:
    assert filters.printable(text, max_length) == shown
