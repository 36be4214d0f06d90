"""Sessions begun, rotated and ended, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from govapp.audit import Actor
from govapp.models import EVERYONE, NotBefore, Session, user_subject
from govapp.sessions import ending, store, tokens
from govapp.sessions.store import BeganTooLate
from tests.queries.arrange import LIMITS, begin, end, end_all_of, events, get

SECOND = timedelta(seconds=1)


def alive_ids(database, *, now, limits=LIMITS):
    with database() as db:
        return set(db.scalars(select(Session.id).where(store.alive(now=now, limits=limits))))


# ---------------------------------------------------------------- begin


def test_a_session_begins_alive_with_its_own_limits(database, session, now):
    row = get(database, session)

    assert (row.created_at, row.authenticated_at, row.last_seen_at) == (now, now, now)
    assert row.expires_at == now + timedelta(seconds=3600)
    assert (row.idle_seconds, row.idle_expires_at) == (600, now + timedelta(seconds=600))
    assert (row.ended_at, row.end_reason, row.data) == (None, None, {})
    assert alive_ids(database, now=now) == {row.id}


@pytest.mark.standard("S-003")
def test_a_row_holds_the_digest_and_nowhere_the_token(database, now):
    token = tokens.new_token()
    with database.begin() as db:
        row = begin(db, "bea", now=now, token=token)

    kept = get(database, row)

    assert kept.token_hash == tokens.digest(token) and len(kept.token_hash) == 32
    values = [getattr(kept, column.key) for column in Session.__table__.columns]
    assert not [value for value in values if token in str(value)]
    assert kept.csrf_token not in {token, kept.public_id.hex}


@pytest.mark.standard("S-049")
def test_a_sign_in_that_began_before_the_instant_is_too_late(database, now):
    with database.begin() as db:
        ending.set_not_before(db, EVERYONE)
        (instant,) = db.scalars(select(NotBefore.instant).where(NotBefore.subject == EVERYONE))
        later = instant + timedelta(hours=1)
        db.get_one(NotBefore, EVERYONE).instant = later

    with database() as db, pytest.raises(BeganTooLate):
        begin(db, "bea", now=now)


@pytest.mark.standard("S-049")
@pytest.mark.parametrize("subject", [EVERYONE, "user:bea"])
def test_a_session_begins_after_an_instant_that_has_passed(database, subject, now):
    with database.begin() as db:
        ending.set_not_before(db, subject)

    with database.begin() as db:
        row = begin(db, "bea", now=now)

    assert alive_ids(database, now=now) == {row.id}


def test_two_sessions_never_share_a_token(database, now):
    token = tokens.new_token()
    with database.begin() as db:
        begin(db, "bea", now=now, token=token)

    with database() as db, pytest.raises(IntegrityError):
        begin(db, "bob", now=now, token=token)


# ---------------------------------------------------------------- rotate


@pytest.mark.parametrize("grace", [True, False])
def test_a_rotated_session_keeps_everything_but_its_secret(database, session, now, grace):
    token = tokens.new_token()
    with database.begin() as db:
        store.rotate(db.get_one(Session, session.id), token=token, now=now + SECOND, grace=grace)

    row = get(database, session)

    assert row.token_hash == tokens.digest(token)
    assert row.previous_hash == (session.token_hash if grace else None)
    assert row.rotated_at == now + SECOND
    assert (row.public_id, row.expires_at, row.created_at) == (
        session.public_id,
        session.expires_at,
        session.created_at,
    )


@pytest.mark.standard("S-029")
def test_a_second_rotation_without_grace_leaves_no_earlier_secret(database, session, now):
    with database.begin() as db:
        row = db.get_one(Session, session.id)
        store.rotate(row, token=tokens.new_token(), now=now, grace=True)
        store.rotate(row, token=tokens.new_token(), now=now, grace=False)

    assert get(database, session).previous_hash is None


# ---------------------------------------------------------------- end


def test_an_end_is_kept_with_who_when_and_why_and_recorded(database, session, now):
    staff = Actor(user_id="sue", request_id="r1")
    with database.begin() as db:
        rows = [db.get_one(Session, session.id)]
        ended = end(db, rows, now=now + SECOND, reason="ended-by-staff", actor=staff, note="lost")

    row = get(database, session)
    assert ended == 1
    assert (row.ended_at, row.end_reason, row.ended_by, row.end_note) == (
        now + SECOND,
        "ended-by-staff",
        "sue",
        "lost",
    )
    (event,) = events(database, "session_ended")
    assert (event.actor_id, event.subject_id, event.session_id) == ("sue", "bea", row.public_id.hex)
    assert (event.reason, event.details, event.request_id) == (
        "ended-by-staff",
        {"note": "lost"},
        "r1",
    )
    assert alive_ids(database, now=now) == set()


@pytest.mark.standard("S-046")
def test_an_ended_session_keeps_its_first_end(database, session, now):
    with database.begin() as db:
        end(db, [db.get_one(Session, session.id)], now=now)
    before = vars(get(database, session))

    with database.begin() as db:
        row = db.get_one(Session, session.id)
        again = end(db, [row], now=now + SECOND, reason="ended-by-staff", note="again")

    after = vars(get(database, session))
    assert again == 0
    assert {**before, "_sa_instance_state": None} == {**after, "_sa_instance_state": None}
    assert len(events(database, "session_ended")) == 1


@pytest.mark.standard("S-086")
def test_an_end_and_its_event_fall_together(database, session, now):
    with database() as db:
        end(db, [db.get_one(Session, session.id)], now=now)
        db.rollback()

    assert get(database, session).ended_at is None
    assert events(database, "session_ended") == []


def test_ending_all_of_a_person_ends_theirs_and_only_theirs(database, now):
    with database.begin() as db:
        beas = [begin(db, "bea", now=now) for _ in range(3)]
        end(db, beas[:1], now=now)
        bobs = begin(db, "bob", now=now)

    with database.begin() as db:
        ended = end_all_of(db, "bea", now=now + SECOND, note="stolen")

    assert ended == 2
    assert alive_ids(database, now=now + SECOND) == {bobs.id}
    assert [get(database, row).end_reason for row in beas] == [
        "ended-by-owner",
        "ended-by-staff",
        "ended-by-staff",
    ]


def test_ending_all_of_a_person_leaves_the_actors_own_session(database, now):
    with database.begin() as db:
        begin(db, "bea", now=now)
        own = begin(db, "sue", now=now)

    with database.begin() as db:
        assert end_all_of(db, "bea", own_id=own.id, now=now) == 1

    assert alive_ids(database, now=now) == {own.id}


@pytest.mark.standard("S-049")
def test_what_was_not_yet_visible_is_ended_by_instant(database, database_url, now):
    """A sign-in begins, everything of that person is ended, and only then the sign-in commits."""
    if database_url.startswith("sqlite"):
        # SQLite's writer is alone: a sign-in cannot be under way beside it. Its instant still
        # ends a session that began at that very microsecond or before.
        with database.begin() as db:
            early = begin(db, "bea", now=now)
            ending.set_not_before(db, user_subject("bea"))
    else:
        with database() as sign_in:
            # The sign-in's transaction has started, and has not yet locked the instants.
            store.transaction_start(sign_in)
            with database.begin() as db:
                end_all_of(db, "bea", now=now)
            with pytest.raises(BeganTooLate):
                begin(sign_in, "bea", now=now)
            sign_in.rollback()
        early = None

    assert alive_ids(database, now=now) == set()
    assert early is None or get(database, early).ended_at is None


def test_an_instant_never_goes_back_even_if_the_clock_does(database):
    with database.begin() as db:
        ending.set_not_before(db, EVERYONE)
        row = db.get_one(NotBefore, EVERYONE)
        ahead = row.instant = row.instant + timedelta(days=1)

    with database.begin() as db:
        ending.set_not_before(db, EVERYONE)

    with database() as db:
        assert db.get_one(NotBefore, EVERYONE).instant == ahead


def test_locking_returns_what_lives_and_the_actors_own_in_order_of_id(database, now):
    with database.begin() as db:
        own, first, ended, last = [begin(db, "bea", now=now) for _ in range(4)]
        end(db, [ended, own], now=now)

    with database.begin() as db:
        found = ending.lock_alive(
            db, Session.user_id == "bea", own_id=own.id, now=now, limits=LIMITS
        )

        assert [row.id for row in found] == sorted([own.id, first.id, last.id])
