"""Is a session alive, and if not why: one row per line of the rule, one second each side."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from govapp.policy import EndReason, Limits, why_over

NOW = datetime(2026, 11, 3, 14, 2, 9, tzinfo=UTC)
LIMITS = Limits(idle_seconds=600, absolute_seconds=3600)
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Times:
    """The columns that decide; as it stands, a session that lives."""

    created_at: datetime = NOW - timedelta(seconds=60)
    begun_at: datetime = NOW - timedelta(seconds=60)
    last_seen_at: datetime = NOW
    expires_at: datetime = NOW + timedelta(seconds=3540)
    idle_expires_at: datetime = NOW + timedelta(seconds=600)
    ended_at: datetime | None = None
    end_reason: str | None = None


def over(*, not_before=None, active=True, limits=LIMITS, **times):
    session = replace(Times(), **times)
    return why_over(session, now=NOW, limits=limits, not_before=not_before, active=active)


def test_a_session_within_all_limits_lives():
    assert over() is None


@pytest.mark.parametrize("reason", list(EndReason))
def test_an_ended_session_is_over_for_the_reason_in_its_row(reason):
    assert over(ended_at=NOW, end_reason=reason) == reason


def test_an_ended_session_is_over_even_if_its_row_gives_no_reason():
    assert over(ended_at=NOW, end_reason=None) is not None


def test_an_end_that_lies_in_the_future_is_an_end():
    assert over(ended_at=NOW + SECOND, end_reason=EndReason.SIGNED_OUT) == EndReason.SIGNED_OUT


def test_a_disabled_person_has_no_live_session():
    assert over(active=False) == EndReason.USER_DISABLED


@pytest.mark.parametrize(
    ("instant", "reason"),
    [
        (None, None),
        (Times.begun_at - SECOND, None),
        (Times.begun_at - INSTANT, None),
        (Times.begun_at, EndReason.ENDED_BY_STAFF),
        (Times.begun_at + INSTANT, EndReason.ENDED_BY_STAFF),
        (Times.begun_at + SECOND, EndReason.ENDED_BY_STAFF),
        # The instant is on the database's clock, which may run ahead of ours.
        (NOW + timedelta(hours=1), EndReason.ENDED_BY_STAFF),
    ],
)
def test_what_began_at_or_before_the_instant_is_over(instant, reason):
    assert over(not_before=instant) == reason


def test_the_instant_is_compared_with_begun_at_and_nothing_else():
    instant = Times.begun_at + SECOND

    assert over(not_before=instant, begun_at=instant + INSTANT, created_at=instant - SECOND) is None


@pytest.mark.standard("S-035")
@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (SECOND, None),
        (INSTANT, None),
        (timedelta(0), EndReason.EXPIRED),
        (-INSTANT, EndReason.EXPIRED),
        (-SECOND, EndReason.EXPIRED),
    ],
)
def test_a_session_expires_at_the_instant_in_its_row_however_active(left, reason):
    assert over(expires_at=NOW + left, last_seen_at=NOW) == reason


@pytest.mark.standard("S-040")
@pytest.mark.parametrize(
    ("age_seconds", "reason"), [(3599, None), (3600, EndReason.EXPIRED), (3601, EndReason.EXPIRED)]
)
def test_a_stricter_absolute_limit_bites_before_the_row_says_so(age_seconds, reason):
    created_at = NOW - timedelta(seconds=age_seconds)

    assert over(created_at=created_at, expires_at=NOW + timedelta(days=9)) == reason


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (SECOND, None),
        (INSTANT, None),
        (timedelta(0), EndReason.IDLE),
        (-INSTANT, EndReason.IDLE),
        (-SECOND, EndReason.IDLE),
    ],
)
def test_a_session_that_rests_until_the_instant_in_its_row_is_idle(left, reason):
    assert over(idle_expires_at=NOW + left) == reason


@pytest.mark.standard("S-040")
@pytest.mark.parametrize(
    ("rest_seconds", "reason"), [(599, None), (600, EndReason.IDLE), (601, EndReason.IDLE)]
)
def test_a_stricter_idle_limit_bites_before_the_row_says_so(rest_seconds, reason):
    last_seen_at = NOW - timedelta(seconds=rest_seconds)

    assert over(last_seen_at=last_seen_at, idle_expires_at=NOW + timedelta(days=9)) == reason


def test_a_looser_policy_lengthens_nothing():
    loose = Limits(idle_seconds=10**8, absolute_seconds=10**8)

    assert over(expires_at=NOW, limits=loose) == EndReason.EXPIRED
    assert over(idle_expires_at=NOW, limits=loose) == EndReason.IDLE


# Every reason at once; each row takes the first one away.
EVERY_REASON = {
    "ended_at": NOW,
    "end_reason": EndReason.REPLACED,
    "active": False,
    "not_before": NOW,
    "expires_at": NOW,
    "idle_expires_at": NOW,
}


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ((), EndReason.REPLACED),
        (("ended_at", "end_reason"), EndReason.USER_DISABLED),
        (("ended_at", "end_reason", "active"), EndReason.ENDED_BY_STAFF),
        (("ended_at", "end_reason", "active", "not_before"), EndReason.EXPIRED),
        (("ended_at", "end_reason", "active", "not_before", "expires_at"), EndReason.IDLE),
        (tuple(EVERY_REASON), None),
    ],
)
def test_of_several_reasons_the_first_in_order_is_told(gone, reason):
    assert (
        over(**{name: value for name, value in EVERY_REASON.items() if name not in gone}) == reason
    )


@pytest.mark.parametrize(
    ("mine", "other", "strictest"),
    [
        (Limits(1, 2), Limits(3, 4), Limits(1, 2)),
        (Limits(3, 4), Limits(1, 2), Limits(1, 2)),
        (Limits(1, 4), Limits(3, 2), Limits(1, 2)),
        (Limits(3, 2), Limits(3, 2), Limits(3, 2)),
    ],
)
def test_the_strictest_limits_are_the_smaller_of_each(mine, other, strictest):
    assert mine.strictest(other) == strictest
