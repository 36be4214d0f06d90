"""The database itself keeps ended sessions ended: attacked with plain SQL, by whoever has it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from govapp.models import EVERYONE, NotBefore, Session, user_subject
from govapp.models.base import UTCDateTime
from govapp.sessions import ending, store, tokens
from tests.queries.arrange import begin, end, get


@pytest.fixture
def live(database, now):
    with database.begin() as db:
        return begin(db, "bea", now=now)


@pytest.fixture
def ended(database, now):
    with database.begin() as db:
        row = begin(db, "bea", now=now)
        end(db, [row], now=now)
        return row


def run(database, statement, **values):
    """Send a statement as it is, and commit. Values named ``at`` are instants."""
    with database.begin() as db:
        if "at" in values:
            dialect = db.get_bind().dialect
            values["at"] = UTCDateTime().process_bind_param(values["at"], dialect)
            if dialect.name == "sqlite":
                # As SQLAlchemy stores it there: text, always with six digits after the second.
                values["at"] = values["at"].isoformat(" ", timespec="microseconds")
        return db.execute(text(statement), values).rowcount


def refused(database, statement, **values):
    with pytest.raises(IntegrityError, match="govapp: "):
        run(database, statement, **values)


@pytest.mark.standard("S-046")
@pytest.mark.parametrize(
    "change",
    [
        "ended_at = NULL",
        "ended_at = NULL, end_reason = NULL, ended_by = NULL",
        "ended_at = :at",
        "end_reason = NULL",
        "end_reason = 'signed-out'",
        "token_hash = :token",
        "ended_at = NULL, token_hash = :token, end_reason = NULL",
        "user_id = 'eve'",
        "ended_at = ended_at, end_reason = 'idle'",
    ],
)
def test_an_ended_session_stays_as_it_ended(database, ended, now, change):
    before = get(database, ended)
    values = {"id": ended.id}
    if ":at" in change:
        values["at"] = now + timedelta(days=1)
    if ":token" in change:
        values["token"] = tokens.digest(tokens.new_token())

    refused(database, f"UPDATE govapp_session SET {change} WHERE id = :id", **values)

    after = get(database, ended)
    assert (after.ended_at, after.end_reason, after.token_hash, after.user_id) == (
        before.ended_at,
        before.end_reason,
        before.token_hash,
        before.user_id,
    )


@pytest.mark.standard("S-046")
def test_one_ended_session_among_many_stops_the_whole_statement(database, live, ended):
    refused(database, "UPDATE govapp_session SET ended_at = NULL, end_reason = NULL")

    assert get(database, ended).ended_at is not None


@pytest.mark.standard("S-046")
def test_an_ended_session_is_not_written_over(database, ended, now):
    """INSERT OR REPLACE and ON CONFLICT DO UPDATE are an UPDATE by another name."""
    sqlite = database.kw["bind"].dialect.name == "sqlite"
    columns = ", ".join(column.name for column in Session.__table__.columns)
    values = columns.replace("ended_at", "NULL").replace("end_reason", "NULL")
    copy = f"INTO govapp_session ({columns}) SELECT {values} FROM govapp_session WHERE id = :id"

    with suppress(IntegrityError):
        if sqlite:
            run(database, f"INSERT OR REPLACE {copy}", id=ended.id)
        else:
            run(
                database,
                f"INSERT {copy} ON CONFLICT (id) DO UPDATE SET ended_at = NULL",
                id=ended.id,
            )

    assert get(database, ended).ended_at is not None


@pytest.mark.standard("S-046")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kept", ["public_id", "token_hash"])
def test_an_ended_session_is_not_replaced_by_one_that_shares_what_is_unique(database, ended, kept):
    """SQLite's REPLACE would delete the ended row for a live one with another number."""
    other = {"id": "id + 1000", "ended_at": "NULL", "end_reason": "NULL"}
    other |= {name: "randomblob(32)" for name in ("public_id", "token_hash") if name != kept}
    names = [column.name for column in Session.__table__.columns]
    values = ", ".join(other.get(name, name) for name in names)

    with pytest.raises(IntegrityError, match="never lives again"):
        run(
            database,
            f"INSERT OR REPLACE INTO govapp_session ({', '.join(names)})"
            f" SELECT {values} FROM govapp_session WHERE id = :id",
            id=ended.id,
        )

    assert get(database, ended).ended_at is not None


@pytest.mark.parametrize("state", ["live", "ended"])
@pytest.mark.parametrize(
    "change",
    [
        "user_id = 'eve'",
        "begun_at = :at",
        "created_at = :at",
        "expires_at = :at",
        "idle_seconds = idle_seconds + 1",
        "expires_at = :at, idle_seconds = 1",
    ],
)
def test_a_session_changes_no_owner_no_beginning_and_never_lasts_longer(
    database, live, ended, now, state, change
):
    row = {"live": live, "ended": ended}[state]
    values = {"id": row.id}
    if ":at" in change:
        values["at"] = row.expires_at + timedelta(microseconds=1)

    refused(database, f"UPDATE govapp_session SET {change} WHERE id = :id", **values)

    after = get(database, row)
    assert (after.user_id, after.begun_at, after.expires_at, after.idle_seconds) == (
        row.user_id,
        row.begun_at,
        row.expires_at,
        row.idle_seconds,
    )


def test_limits_may_be_lowered(database, live, now):
    changed = run(
        database,
        "UPDATE govapp_session SET expires_at = :at, idle_seconds = idle_seconds - 1"
        " WHERE id = :id",
        id=live.id,
        at=live.expires_at - timedelta(microseconds=1),
    )

    row = get(database, live)
    assert changed == 1
    assert row.expires_at == live.expires_at - timedelta(microseconds=1)
    assert row.idle_seconds == live.idle_seconds - 1


def test_what_is_kept_beside_may_change_and_equal_values_are_no_change(database, live, ended, now):
    for row in (live, ended):
        changed = run(
            database,
            "UPDATE govapp_session SET device = 'x', address = NULL, expires_at = expires_at,"
            " end_reason = end_reason, user_id = user_id WHERE id = :id",
            id=row.id,
        )
        assert changed == 1


def test_an_ended_session_may_be_deleted(database, ended):
    assert run(database, "DELETE FROM govapp_session WHERE id = :id", id=ended.id) == 1


# ---------------------------------------------------------------- not-before instants


@pytest.fixture
def instants(database):
    with database.begin() as db:
        for subject in (EVERYONE, user_subject("bea")):
            ending.set_not_before(db, subject)
        return {s: db.get_one(NotBefore, s).instant for s in (EVERYONE, user_subject("bea"))}


@pytest.mark.parametrize("subject", [EVERYONE, "user:bea"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE govapp_not_before SET instant = :at WHERE subject = :subject",
        "UPDATE govapp_not_before SET subject = 'user:eve' WHERE subject = :subject",
        "DELETE FROM govapp_not_before WHERE subject = :subject",
    ],
)
def test_an_instant_never_goes_back_and_stays(database, instants, subject, statement):
    values = {"subject": subject}
    if ":at" in statement:
        values["at"] = instants[subject] - timedelta(microseconds=1)

    refused(database, statement, **values)

    with database() as db:
        assert db.get_one(NotBefore, subject).instant == instants[subject]


def test_instants_are_not_emptied(database, instants):
    sqlite = database.kw["bind"].dialect.name == "sqlite"

    refused(database, f"{'DELETE FROM' if sqlite else 'TRUNCATE'} govapp_not_before")

    with database() as db:
        assert db.get_one(NotBefore, EVERYONE).instant == instants[EVERYONE]


def test_an_instant_is_not_written_over_with_an_earlier_one(database, instants):
    sqlite = database.kw["bind"].dialect.name == "sqlite"
    at = instants[EVERYONE] - timedelta(days=1)
    insert = "INTO govapp_not_before (subject, instant) VALUES ('everyone', :at)"

    with suppress(IntegrityError):
        if sqlite:
            run(database, f"INSERT OR REPLACE {insert}", at=at)
        else:
            run(
                database,
                f"INSERT {insert} ON CONFLICT (subject) DO UPDATE SET instant = excluded.instant",
                at=at,
            )

    with database() as db:
        assert db.get_one(NotBefore, EVERYONE).instant == instants[EVERYONE]


def test_an_instant_may_move_on(database, instants):
    at = instants[EVERYONE] + timedelta(microseconds=1)

    run(database, "UPDATE govapp_not_before SET instant = :at WHERE subject = 'everyone'", at=at)

    with database() as db:
        assert db.get_one(NotBefore, EVERYONE).instant == at


def test_everyones_instant_is_there_from_the_start(database):
    with database() as db:
        assert db.get_one(NotBefore, EVERYONE).instant == store.EPOCH
