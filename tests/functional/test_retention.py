"""What is kept, how long, to the second; and that keeping less harms nothing."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from sqlalchemy import create_engine, delete, select, text

from govapp import db, retention
from govapp.models import AuditEvent, OneTimeLink, Session, Throttle
from govapp.network import coarse
from govapp.policy import EndReason
from govapp.sessions import ending, tokens
from govapp.settings import read
from tests.support.world import SYSTEM

DAY = 86_400
NOTHING = {
    "sessions_shortened": 0,
    "sessions_ended": 0,
    "sessions_removed": 0,
    "events_removed": 0,
    "links_removed": 0,
    "throttles_removed": 0,
    "session_addresses_shortened": 0,
    "event_addresses_shortened": 0,
}


@pytest.fixture
def engine(database_url):
    made = db.writer_engine(db.make_url(database_url))
    yield made
    made.dispose()


@pytest.fixture
def purge(engine, settings, clock):
    """Purge with the settings under test, and return what was done."""

    def run(**changed):
        ini = settings | {f"govapp.{name}": str(value) for name, value in changed.items()}
        counts = retention.purge(engine, read(ini, {}), now=clock())
        return {name: count for name, count in counts.items() if count}

    return run


@pytest.fixture
def signed_in(world, browser):
    """Sign a new customer in and return the session's row."""

    def sign_in(login="bea", group="customers"):
        user_id = world.user(login, group)
        browser().sign_in(login)
        with world.db() as dbsession:
            # The count of the attempt would be purged too, a day later.
            dbsession.execute(delete(Throttle))
        return world.only_session(user_id)

    return sign_in


def end(world, row):
    with world.db() as dbsession:
        found = dbsession.get(Session, row.id)
        ending.end(dbsession, [found], reason=EndReason.SIGNED_OUT, actor=SYSTEM, now=world.clock())


def add_event(world, address=None, **facts):
    with world.db() as dbsession:
        event = AuditEvent(
            at=world.clock(), event="x", outcome="refused", address=address, details={}, **facts
        )
        dbsession.add(event)
        dbsession.flush()
        return event.id


# ---------------------------------------------------------------- boundaries


@pytest.mark.standard("S-129")
def test_an_ended_session_is_kept_to_the_second(world, signed_in, clock, purge):
    end(world, signed_in())

    clock.advance(seconds=30 * DAY - 1)
    assert "sessions_removed" not in purge() and len(world.sessions()) == 1

    clock.advance(seconds=1)
    assert purge()["sessions_removed"] == 1 and world.sessions() == []


def test_a_session_that_lapsed_is_ended_and_then_kept_from_its_end(world, signed_in, clock, purge):
    row = signed_in()

    clock.advance(seconds=7 * DAY - 1)
    assert purge() == {}
    clock.advance(seconds=1)
    assert purge() == {"sessions_ended": 1}

    (ended,) = world.sessions()
    assert (ended.end_reason, ended.ended_at) == ("idle", row.idle_expires_at)
    clock.now = row.idle_expires_at + timedelta(days=30)
    assert purge()["sessions_removed"] == 1


@pytest.mark.standard("S-129")
def test_an_audit_event_is_kept_to_the_second(world, clock, purge):
    old = add_event(world)
    known = len(world.events())

    clock.advance(seconds=180 * DAY - 1)
    assert purge() == {}
    clock.advance(seconds=1)
    assert purge() == {"events_removed": known}

    assert old not in {event.id for event in world.events()}


@pytest.mark.standard("S-129")
def test_links_go_when_they_were_used_or_are_too_old(world, clock, purge):
    user_id = world.user("bea")
    with world.db() as dbsession:
        for seconds, used_at in ((DAY, None), (DAY + 1, None), (2 * DAY, clock())):
            dbsession.add(
                OneTimeLink(
                    token_hash=tokens.digest(tokens.new_token()),
                    user_id=user_id,
                    created_at=clock(),
                    expires_at=clock() + timedelta(seconds=seconds),
                    used_at=used_at,
                )
            )

    clock.advance(seconds=DAY - 1)
    assert purge() == {"links_removed": 1}
    clock.advance(seconds=1)
    assert purge() == {"links_removed": 1}

    with world.db() as dbsession:
        assert len(dbsession.scalars(select(OneTimeLink)).all()) == 1


@pytest.mark.standard("S-129")
def test_counts_of_attempts_go_after_a_day(world, clock, purge):
    with world.db() as dbsession:
        now = clock()
        dbsession.add(Throttle(key="source:x", attempts=9, last_at=now, blocked_until=now))

    clock.advance(seconds=DAY - 1)
    assert purge() == {}
    clock.advance(seconds=1)
    assert purge() == {"throttles_removed": 1}


# ---------------------------------------------------------------- addresses


@pytest.mark.standard("S-127")
def test_addresses_are_cut_to_the_second_live_or_ended(world, signed_in, clock, purge):
    live, ended = signed_in("bea"), signed_in("mia")
    end(world, ended)
    limits = {
        "idle_seconds": 60 * DAY,
        "absolute_seconds": 60 * DAY,
        "keep_ended_seconds": 60 * DAY,
    }

    clock.advance(seconds=DAY - 1)
    assert purge(keep_address_seconds=DAY, **limits) == {}
    clock.advance(seconds=1)
    counts = purge(keep_address_seconds=DAY, **limits)

    assert counts["session_addresses_shortened"] == 2
    assert {str(row.address) for row in world.sessions()} == {"203.0.113.0"}
    addresses = {event.address for event in world.events() if event.address}
    assert addresses == {ip_address("203.0.113.0")}
    assert [row.ended_at is None for row in world.sessions()] == [True, False]
    assert live.id == world.sessions()[0].id


@pytest.mark.standard("S-127")
@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "192.0.2.0", "0.0.0.1", "2001:db8:1:2::3", "2001:db8:1::", "::1", "::ffff", "::"],
)
def test_every_kind_of_address_is_cut_once(world, clock, purge, address):
    address = ip_address(address)
    id_ = add_event(world, address, fold_key=f"x|{address}")
    clock.advance(days=30)

    expected = {} if coarse(address) == address else {"event_addresses_shortened": 1}
    assert purge() == expected
    assert purge() == {}

    (event,) = [event for event in world.events() if event.id == id_]
    assert event.address == coarse(address)
    # The key that folds repetitions holds the address as text.
    assert str(address) not in (event.fold_key or "") or coarse(address) == address


# ---------------------------------------------------------------- stricter limits


def test_rows_are_lowered_to_stricter_settings_and_never_raised(world, signed_in, purge):
    row = signed_in()
    purge(idle_seconds=600, absolute_seconds=1200)

    (lowered,) = world.sessions()
    assert lowered.idle_seconds == 600
    assert lowered.expires_at == row.created_at + timedelta(seconds=1200)
    assert lowered.idle_expires_at == row.created_at + timedelta(seconds=600)

    assert purge() == {}
    assert world.sessions()[0].expires_at == lowered.expires_at


def test_staff_limits_concern_those_who_hold_a_grant(world, signed_in, purge):
    bea, ann = signed_in("bea"), signed_in("ann", "auditors")

    assert purge(staff_idle_seconds=300) == {"sessions_shortened": 1}

    assert [row.idle_seconds for row in world.sessions()] == [7 * DAY, 300]
    assert bea.id < ann.id


def test_what_a_stricter_limit_ends_is_ended_by_the_same_purge(world, signed_in, clock, purge):
    signed_in()
    clock.advance(hours=1)

    assert purge(idle_seconds=3600) == {"sessions_shortened": 1, "sessions_ended": 1}

    assert world.sessions()[0].end_reason == "idle"


# ---------------------------------------------------------------- batches


@pytest.mark.standard("S-129")
def test_more_than_a_batch_is_done_and_twice_does_nothing(
    world, signed_in, clock, purge, monkeypatch
):
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention.repeat, "__kwdefaults__", {"size": 2})
    for login in ("ann", "bea", "cid", "dan", "eve"):
        signed_in(login)

    clock.advance(days=8)
    assert purge(idle_seconds=3600) == {"sessions_shortened": 5, "sessions_ended": 5}
    clock.advance(days=31)
    assert purge()["sessions_removed"] == 5
    before = [vars(event) for event in world.events() if event.event != "purge"]

    assert purge() == {}
    assert len(before) == len([event for event in world.events() if event.event != "purge"])


@pytest.mark.standard("S-129")
def test_a_purge_is_recorded_without_personal_data(world, signed_in, clock, purge):
    row = signed_in("bea@example.org")
    clock.advance(days=8)

    purge()

    (event,) = world.events("purge")
    assert event.details == NOTHING | {"sessions_ended": 1}
    assert (event.actor_id, event.subject_id, event.session_id) == ("system", None, None)
    assert row.user_id not in str(event.details)


def test_what_somebody_holds_is_left_for_next_time(world, signed_in, clock, purge):
    if world.engine.dialect.name == "sqlite":
        # Its one writer holds everything or nothing: the purge of the test above waits its turn.
        assert purge() == {}
        return
    ended, other = signed_in("bea"), signed_in("mia")
    end(world, ended)
    end(world, other)
    clock.advance(days=30)
    holder = create_engine(world.engine.url)
    with holder.connect() as connection:
        connection.execute(
            text("SELECT 1 FROM govapp_session WHERE id = :id FOR UPDATE"), {"id": ended.id}
        )

        assert purge()["sessions_removed"] == 1

    holder.dispose()
    assert [row.id for row in world.sessions()] == [ended.id]
    assert purge()["sessions_removed"] == 1


def test_the_present_is_given_and_aware(purge, clock):
    clock.now = datetime(2030, 1, 1, tzinfo=UTC)

    assert purge() == {}
