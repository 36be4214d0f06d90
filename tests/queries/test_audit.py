"""The audit trail: effects one by one, anonymous refusals counted, and read within a scope."""

import ipaddress
from datetime import timedelta

import pytest

from govapp import audit
from govapp.audit import Actor, Event
from govapp.models import AuditEvent
from govapp.policy import EVERYONE
from tests.queries.arrange import add_group, add_user, events

HERE, THERE = ipaddress.ip_address("203.0.113.7"), ipaddress.ip_address("198.51.100.9")
ANONYMOUS = Actor(user_id=None, address=HERE)
SIGNED_IN = Actor(user_id="bea", session_id="5e55", address=HERE, request_id="r1")


@pytest.fixture
def now(now):
    """The first second of a minute, so that a test does not run into the next one."""
    return now.replace(second=0)


def note(database, event=Event.CSRF_REFUSED, *, actor=ANONYMOUS, now, **facts):
    with database.begin() as db:
        audit.note(db, event, actor=actor, now=now, **facts)


def counts(database):
    return [event.count for event in events(database)]


@pytest.mark.standard("S-120")
def test_an_effect_carries_who_from_where_on_whom_and_why(database, now):
    with database.begin() as db:
        audit.record(
            db,
            Event.SESSION_ENDED,
            actor=SIGNED_IN,
            now=now,
            subject_id="cas",
            session_id="ca5",
            action="admin.session.revocation",
            reason="ended-by-staff",
            details={"note": "lost"},
        )

    (event,) = events(database)
    kept = {column.name: getattr(event, column.name) for column in AuditEvent.__table__.columns}
    assert kept == {
        "id": event.id,
        "at": now,
        "event": "session_ended",
        "outcome": "success",
        "actor_id": "bea",
        "subject_id": "cas",
        "session_id": "ca5",
        "address": HERE,
        "request_id": "r1",
        "action": "admin.session.revocation",
        "reason": "ended-by-staff",
        "details": {"note": "lost"},
        "fold_key": None,
        "count": 1,
    }


def test_without_another_the_session_is_the_actors(database, now):
    with database.begin() as db:
        audit.record(db, Event.CONFIRMED, actor=SIGNED_IN, now=now)
    note(database, actor=SIGNED_IN, now=now)

    assert [event.session_id for event in events(database)] == ["5e55", "5e55"]


@pytest.mark.standard("S-086")
def test_an_effect_that_rolls_back_leaves_no_event(database, now):
    with database() as db:
        audit.record(db, Event.SESSION_ENDED, actor=SIGNED_IN, now=now)
        db.flush()
        db.rollback()

    assert events(database) == []


# ---------------------------------------------------------------- counted instead of repeated


@pytest.mark.standard("S-109")
def test_anonymous_refusals_are_one_counted_row_a_source_event_and_minute(database, now):
    for second in (0, 1, 30, 59):
        note(database, now=now + timedelta(seconds=second))

    (event,) = events(database)
    assert (event.count, event.at, event.outcome) == (4, now, "refused")


@pytest.mark.parametrize(
    "other",
    [
        {"now": timedelta(minutes=1)},
        {"now": timedelta(days=1)},
        {"event": Event.SIGN_IN_FAILED},
        {"actor": Actor(user_id=None, address=THERE)},
        {"actor": Actor(user_id=None)},
        {"subject_id": "bea"},
    ],
)
def test_another_minute_event_source_or_subject_is_another_row(database, now, other):
    note(database, now=now)

    note(database, **{**other, "now": now + other.get("now", timedelta(0))})

    assert counts(database) == [1, 1]


def test_one_site_is_one_source_however_many_addresses_it_has(database, now):
    """A single household has 2**64 addresses of IPv6: a row each would fill the table."""
    for number in range(5):
        address = ipaddress.ip_address(f"2001:db8:1:2::{number}")
        note(database, actor=Actor(user_id=None, address=address), now=now)

    assert counts(database) == [5]


def test_refusals_of_somebody_signed_in_are_rows_of_their_own(database, now):
    for _ in range(3):
        note(database, actor=SIGNED_IN, now=now)

    assert counts(database) == [1, 1, 1]


def test_a_look_at_somebodys_sessions_is_no_refusal(database, now):
    note(
        database,
        Event.SENSITIVE_READ,
        actor=SIGNED_IN,
        now=now,
        subject_id="cas",
        outcome="success",
    )

    (event,) = events(database)
    assert (event.outcome, event.subject_id, event.fold_key) == ("success", "cas", None)


# ---------------------------------------------------------------- who may read what


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({EVERYONE}, ["cas", "sue", None, "stranger"]),
        ({"customers"}, ["cas"]),
        ({"customers", "support"}, ["cas", "sue"]),
        ({"nowhere"}, []),
        (set(), []),
    ],
)
def test_events_are_read_within_a_scope_newest_first(database, now, scope, seen):
    with database.begin() as db:
        ids = {"stranger": "0", None: None}
        for login, group in (("cas", "customers"), ("sue", "support")):
            add_group(db, group, now=now)
            ids[login] = add_user(db, login, groups=[group], now=now).id
        db.query(AuditEvent).delete()
        for login in ("stranger", None, "sue", "cas"):
            audit.record(db, Event.SIGNED_IN, actor=SIGNED_IN, now=now, subject_id=ids[login])

    with database() as db:
        found = db.scalars(audit.events(frozenset(scope))).all()

    assert [event.subject_id for event in found] == [ids[login] for login in seen]


@pytest.mark.standard("S-119")
def test_event_names_are_stable_and_said_once():
    names = [str(event) for event in Event]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)
    assert {
        "authn_login_success",
        "authn_login_fail",
        "authn_password_change",
        "session_created",
        "session_renewed",
        "session_use_after_end",
        "authn_token_reuse",
        "authz_fail",
        "input_validation_fail",
        "sensitive_read",
    } <= set(names)
