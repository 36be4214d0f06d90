"""What templates need to turn values into words. Pure functions: `now` is always passed in.

Every instant is an aware datetime; it is read as UTC, whatever its own zone. Month and weekday
names are our own, because `strftime` follows the locale of the process.
"""

import unicodedata
from datetime import UTC, datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

ELLIPSIS = "\u2026"
NARROW_SPACE = "\u202f"  # Does not break, so a number stays on one line.
REPLACEMENT = "\ufffd"

# Controls (Cc), formats such as bidirectional overrides (Cf), lone surrogates (Cs), and line and
# paragraph separators (Zl, Zp) can hide or reorder the text around them.
UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Persian, Indic and other names are misspelt without the two joiners.
JOINERS = frozenset("\u200c\u200d")


def relative(instant: datetime, now: datetime) -> str:
    """Return the distance from `now` in words: "2 hours ago", "yesterday", "3 Nov", "in 6 hours".

    Hours and less are elapsed time, rounded down; days are calendar days in UTC, and from a week
    on the date itself, with the year if it is not the year of `now`.
    Raises ValueError for a naive datetime.
    """
    instant, now = _utc(instant), _utc(now)
    distance = abs(instant - now)
    is_past = instant <= now
    if distance < timedelta(minutes=1):
        return "just now" if is_past else "in less than a minute"
    if distance < timedelta(hours=1):
        return _direct(plural(distance // timedelta(minutes=1), "minute"), is_past=is_past)
    if distance < timedelta(days=1):
        return _direct(plural(distance // timedelta(hours=1), "hour"), is_past=is_past)
    days = abs((instant.date() - now.date()).days)
    if days == 1:
        return "yesterday" if is_past else "tomorrow"
    if days < 7:
        return _direct(f"{days} days", is_past=is_past)
    date = f"{instant.day} {MONTHS[instant.month - 1]}"
    return date if instant.year == now.year else f"{date} {instant.year}"


def remaining(instant: datetime, now: datetime) -> str:
    """Return the time left in short: "in 25 min", "in 6 h", "in 3 days"; rounded down.

    An instant that has come is told as `relative` tells it. Raises ValueError for a naive datetime.
    """
    left = _utc(instant) - _utc(now)
    if left <= timedelta(0):
        return relative(instant, now)
    if left < timedelta(minutes=1):
        return "in under 1 min"
    if left < timedelta(hours=1):
        return f"in {left // timedelta(minutes=1)} min"
    if left < timedelta(days=2):
        return f"in {left // timedelta(hours=1)} h"
    return f"in {left.days} days"


def exact(instant: datetime) -> str:
    """Return "Tue 3 Nov 2026 14:02 UTC". Raises ValueError for a naive datetime."""
    instant = _utc(instant)
    weekday, month = WEEKDAYS[instant.weekday()], MONTHS[instant.month - 1]
    return f"{weekday} {instant.day} {month} {instant.year} {instant:%H:%M} UTC"


def iso(instant: datetime) -> str:
    """Return "2026-11-03T14:02:09Z", for `<time datetime>`. Raises ValueError if naive."""
    return _utc(instant).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return the number with its noun: "1 session", "14 sessions"; `many` defaults to one + "s"."""
    if many is None:
        many = one + "s"
    return f"{count(n)} {one if n == 1 else many}"


def count(n: int, cap: int | None = None) -> str:
    """Return the number with its thousands apart, "12 345"; above `cap`, "10 000+".

    A query that stops counting at `cap` + 1 rows says so by passing that number and its cap.
    """
    if cap is not None and n > cap:
        return f"{count(cap)}+"
    return f"{n:,}".replace(",", NARROW_SPACE)


def printable(text: str, max_length: int = 200) -> str:
    """Return the text made inert: at most `max_length` characters, unprintable ones as U+FFFD.

    What is cut off leaves an ellipsis, which counts. This is not HTML escaping; Jinja does that.
    """
    if len(text) > max_length:
        text = text[: max_length - 1] + ELLIPSIS
    return "".join(REPLACEMENT if _is_unprintable(character) else character for character in text)


def _is_unprintable(character: str) -> bool:
    return character not in JOINERS and unicodedata.category(character) in UNPRINTABLE_CATEGORIES


def _direct(length: str, *, is_past: bool) -> str:
    return f"{length} ago" if is_past else f"in {length}"


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        # astimezone() would silently read it as the machine's local time.
        raise ValueError(f"{instant!r} has no time zone")
    return instant.astimezone(UTC)
