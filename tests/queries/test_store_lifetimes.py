"""How long a session lives: lapsed, lowered and touched, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from govapp.db import reader_engine
from govapp.models import Session, User, user_subject
from govapp.policy import Limits
from govapp.sessions import ending, store
from tests.queries.arrange import LIMITS, add_user, begin, end, events, get

SECOND = timedelta(seconds=1)


# ---------------------------------------------------------------- end_lapsed


def end_lapsed(database, *, now, batch=100, limits=LIMITS):
    with database.begin() as db:
        return ending.end_lapsed(db, now=now, limits=limits, batch=batch)


@pytest.mark.standard("S-034")
@pytest.mark.standard("S-041")
def test_what_rested_too_long_is_ended_as_idle_at_the_instant_it_lapsed(database, session, now):
    assert end_lapsed(database, now=session.idle_expires_at - SECOND) == 0

    assert end_lapsed(database, now=session.idle_expires_at + timedelta(minutes=9)) == 1

    row = get(database, session)
    assert (row.end_reason, row.ended_at, row.ended_by) == (
        "idle",
        session.idle_expires_at,
        "system",
    )
    assert end_lapsed(database, now=session.idle_expires_at + timedelta(minutes=9)) == 0


def test_what_lasted_too_long_is_ended_as_expired(database, session, now):
    with database.begin() as db:
        db.get_one(Session, session.id).last_seen_at = session.expires_at
        db.get_one(Session, session.id).idle_expires_at = session.expires_at + timedelta(hours=1)

    assert end_lapsed(database, now=session.expires_at - SECOND) == 0
    assert end_lapsed(database, now=session.expires_at) == 1

    row = get(database, session)
    assert (row.end_reason, row.ended_at) == ("expired", session.expires_at)


def test_a_stricter_policy_ends_now_and_never_in_the_future(database, session, now):
    later = now + timedelta(seconds=61)

    assert end_lapsed(database, now=later, limits=Limits(60, 3600)) == 1

    row = get(database, session)
    assert (row.end_reason, row.ended_at) == ("idle", later)


def test_what_an_instant_or_a_disabling_ended_is_written_down_as_such(database, now):
    with database.begin() as db:
        disabled = add_user(db, "dan", now=now)
        of_disabled, by_instant = begin(db, disabled.id, now=now), begin(db, "bea", now=now)
        db.get_one(User, disabled.id).active = False
        ending.set_not_before(db, user_subject("bea"))

    assert end_lapsed(database, now=now) == 2

    assert get(database, of_disabled).end_reason == "user-disabled"
    assert get(database, by_instant).end_reason == "ended-by-staff"
    assert {event.actor_id for event in events(database, "session_ended")} == {"system"}


@pytest.mark.standard("S-041")
def test_lapsed_sessions_are_ended_in_bounded_batches(database, now):
    with database.begin() as db:
        for _ in range(5):
            begin(db, "bea", now=now)
    later = now + timedelta(days=1)

    counts = [end_lapsed(database, now=later, batch=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]


# ---------------------------------------------------------------- lower_limits


def lower(database, limits, *, user_ids=("bea",)):
    with database.begin() as db:
        store.lower_limits(db, user_ids, limits)


def test_limits_are_lowered_for_these_people_and_nobody_else(database, session, now):
    with database.begin() as db:
        bobs = begin(db, "bob", now=now)

    lower(database, Limits(300, 1800))

    row = get(database, session)
    assert (row.idle_seconds, row.idle_expires_at) == (300, now + timedelta(seconds=300))
    assert row.expires_at == now + timedelta(seconds=1800)
    assert get(database, bobs).expires_at == bobs.expires_at


@pytest.mark.parametrize("limits", [LIMITS, Limits(601, 3601), Limits(10**8, 10**8)])
def test_limits_are_never_raised(database, session, limits):
    lower(database, limits)

    row = get(database, session)
    assert (row.idle_seconds, row.idle_expires_at, row.expires_at) == (
        session.idle_seconds,
        session.idle_expires_at,
        session.expires_at,
    )


def test_an_ended_session_keeps_the_limits_that_it_had(database, session, now):
    with database.begin() as db:
        end(db, [db.get_one(Session, session.id)], now=now)

    lower(database, Limits(60, 60))

    assert get(database, session).expires_at == session.expires_at


# ---------------------------------------------------------------- touch


@pytest.fixture
def touched(database_url, database, session):
    """Return a function that touches the session as looked up earlier, and shows the row then."""
    engine = reader_engine(make_url(database_url))

    def touched(seen, *, at, touch_seconds=60):
        with engine.connect() as connection:
            store.touch(connection, seen, now=at, touch_seconds=touch_seconds)
        return get(database, session)

    yield touched
    engine.dispose()


@pytest.mark.standard("S-037")
@pytest.mark.parametrize(("after_seconds", "moves"), [(59, False), (60, True), (61, True)])
def test_last_activity_moves_at_most_once_a_minute(touched, session, now, after_seconds, moves):
    at = now + timedelta(seconds=after_seconds)

    row = touched(session, at=at)

    assert row.last_seen_at == (at if moves else now)
    assert row.idle_expires_at == row.last_seen_at + timedelta(seconds=600)


@pytest.mark.standard("S-035")
def test_a_touch_never_moves_the_end(touched, session, now):
    for minute in range(1, 9):
        row = touched(session, at=now + timedelta(minutes=minute))

    assert row.expires_at == session.expires_at


@pytest.mark.standard("S-047")
def test_a_touch_in_flight_leaves_an_ended_session_ended(database, touched, session, now):
    with database.begin() as db:
        end(db, [db.get_one(Session, session.id)], now=now)

    row = touched(session, at=now + timedelta(minutes=5))

    assert (row.ended_at, row.last_seen_at) == (now, now)


def test_a_touch_in_flight_does_not_lengthen_a_session_whose_limits_were_lowered(
    database, touched, session, now
):
    lower(database, Limits(300, 3600))

    row = touched(session, at=now + timedelta(seconds=100))

    assert row.idle_expires_at == now + timedelta(seconds=300)


@pytest.mark.parametrize("lapsed", ["idle_expires_at", "expires_at"])
def test_a_touch_comes_too_late_for_what_has_lapsed(database, touched, session, now, lapsed):
    at = now + timedelta(seconds=120)
    with database.begin() as db:
        setattr(db.get_one(Session, session.id), lapsed, at)

    assert touched(session, at=at).last_seen_at == now


@pytest.mark.standard("S-090")
def test_a_touch_skips_a_row_that_somebody_holds(database, database_url, touched, session, now):
    with database() as db:
        # PostgreSQL locks the row; SQLite, with its one writer, refuses at once.
        db.get(Session, session.id, with_for_update=True)
        at = now + timedelta(seconds=120)

        if database_url.startswith("sqlite"):
            with pytest.raises(OperationalError, match="locked"):
                touched(session, at=at)
        else:
            touched(session, at=at)
        db.rollback()

    assert get(database, session).last_seen_at == now
    assert touched(session, at=at).last_seen_at == at
