"""``store.alive`` in SQL and ``policy.why_over`` in Python are one rule, held together here."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from govapp.models import EVERYONE, NotBefore, Session, User, user_subject
from govapp.policy import EndReason, Limits, why_over
from govapp.sessions import store, tokens

NOW = datetime(2026, 11, 3, 14, 2, 9, 500_000, tzinfo=UTC)
# The database's clock is another one: instants and begun_at are only compared with each other.
DATABASE_NOW = datetime(2026, 11, 3, 13, 0, 0, tzinfo=UTC)
_ids = itertools.count()


def near(*comfortable_seconds):
    """Return distances from a boundary: mostly comfortable ones, often just beside it or on it."""
    comfortable = st.sampled_from([timedelta(seconds=n) for n in comfortable_seconds])
    boundary = st.sampled_from(
        [
            timedelta(0),
            timedelta(microseconds=1),
            -timedelta(microseconds=1),
            timedelta(microseconds=500_000),
            -timedelta(microseconds=500_000),
            timedelta(seconds=1),
            -timedelta(seconds=1),
        ]
    )
    return st.one_of(comfortable, comfortable, comfortable, boundary)


@dataclass(frozen=True)
class History:
    """How far each fact of a session lies from where it would begin to matter."""

    expires: timedelta
    idle_expires: timedelta
    created: timedelta
    last_seen: timedelta
    begun_after_everyone: timedelta
    begun_after_own: timedelta
    end_reason: str | None
    active: bool | None


HISTORIES = st.builds(
    History,
    expires=near(3600, 86_400),
    idle_expires=near(60, 600),
    created=near(60, 3000),
    last_seen=near(60, 599),
    begun_after_everyone=near(1, 86_400),
    begun_after_own=near(1, 86_400),
    end_reason=st.sampled_from([None] * 12 + list(EndReason)),
    active=st.sampled_from([True, True, True, True, None, False]),
)
LIMITS = st.builds(Limits, st.sampled_from([60, 600, 604_800]), st.sampled_from([600, 2_592_000]))


def insert(db, history, limits, everyone):
    """Insert this history and return its row with the latest instant that concerns it."""
    user_id = f"u{next(_ids)}"
    begun_at = everyone + history.begun_after_everyone
    own = begun_at - history.begun_after_own
    row = Session(
        public_id=tokens.new_public_id(),
        token_hash=tokens.digest(tokens.new_token()),
        csrf_token="t",
        user_id=user_id,
        method="password",
        device="Firefox on Linux",
        created_at=NOW - timedelta(seconds=limits.absolute_seconds) + history.created,
        begun_at=begun_at,
        authenticated_at=NOW,
        last_seen_at=NOW - timedelta(seconds=limits.idle_seconds) + history.last_seen,
        expires_at=NOW + history.expires,
        idle_seconds=limits.idle_seconds,
        idle_expires_at=NOW + history.idle_expires,
        ended_at=NOW if history.end_reason else None,
        end_reason=history.end_reason,
        data={},
    )
    db.add(row)
    db.add(NotBefore(subject=user_subject(user_id), instant=own))
    if history.active is not None:
        db.add(User(id=user_id, login=user_id, login_key=user_id, name="x",
                    active=history.active, created_at=NOW))  # fmt: skip
    return row, max(everyone, own)


@pytest.mark.standard("S-041")
@settings(
    max_examples=60,
    deadline=None,
    # The message names the one history: to make the list shorter would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories=st.lists(HISTORIES, min_size=60, max_size=60), limits=LIMITS)
def test_sql_and_python_agree_on_every_history(database, histories, limits):
    with database() as db:
        db.execute(update(NotBefore).where(NotBefore.subject == EVERYONE)
                   .values(instant=DATABASE_NOW))  # fmt: skip
        made = [(*insert(db, history, limits, DATABASE_NOW), history) for history in histories]
        db.flush()

        found = set(db.scalars(select(Session.id).where(store.alive(now=NOW, limits=limits))))

        for row, not_before, history in made:
            over = why_over(
                row,
                now=NOW,
                limits=limits,
                not_before=not_before,
                # In a host application the users are the host's: no row says nothing.
                active=history.active is not False,
            )
            assert (row.id in found) is (over is None), (history, over)
        db.rollback()


def test_times_read_back_to_the_microsecond(database, now):
    odd = now + timedelta(microseconds=1)
    with database() as db:
        row, _ = insert(db, History(*[timedelta(seconds=60)] * 6, None, True), Limits(60, 600), now)
        row.expires_at, row.idle_expires_at = odd, now
        db.flush()
        db.expire(row)

        assert (row.expires_at, row.idle_expires_at) == (odd, now)
        assert row.expires_at.tzinfo is UTC
        db.rollback()


def test_a_session_of_nobody_known_lives_for_hosts_with_their_own_users(database):
    limits = Limits(600, 3600)
    comfortable = History(*[timedelta(seconds=60)] * 6, None, None)
    with database() as db:
        row, _ = insert(db, comfortable, limits, DATABASE_NOW)
        db.flush()

        assert db.scalar(select(Session.id).where(store.alive(now=NOW, limits=limits))) == row.id
        db.rollback()
