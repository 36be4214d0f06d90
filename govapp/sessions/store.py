"""Every query on session rows. Functions of ``(dbsession, …, *, now)``; no request, no cookie.

Nothing here makes an ended session live again: updates are narrow and guarded, and the database
itself refuses it (the triggers of the initial migration).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session as DBSession
from sqlalchemy.orm import aliased

from govapp.models import (
    EVERYONE,
    Grant,
    Membership,
    NotBefore,
    Session,
    User,
    user_subject,
)
from govapp.models.base import IPAddress, UTCDateTime
from govapp.policy import Limits
from govapp.sessions import tokens
from govapp.upsert import insert, is_sqlite

# "Never": earlier than any session (PostgreSQL's -infinity has no Python value).
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BeganTooLate(Exception):
    """Raised when a sign-in met a revocation on its way; the person may sign in again."""


# ---------------------------------------------------------------- look-up

_everyone = aliased(NotBefore, name="everyone")
_own = aliased(NotBefore, name="own")


def look_up() -> Select[Any]:
    """Return the statement that reads a session with the instants that concern it.

    ``govapp.security`` adds the person and the grants as further columns.
    """
    return (
        select(
            *Session.__table__.columns,
            _everyone.instant.label("everyone_not_before"),
            _own.instant.label("own_not_before"),
        )
        .select_from(Session)
        .join(_everyone, _everyone.subject == EVERYONE)
        .join(_own, _own.subject == "user:" + Session.user_id)
    )


def lock_look_up(statement: Select[Any], session_id: int) -> Select[Any]:
    """Return the look-up of one session under shared locks, as its transaction re-reads it.

    The instants are locked too: ending everyone or a person waits for this transaction, or
    this one sees it. (SQLite has no row locks; its writer is alone.)
    """
    return statement.where(Session.id == session_id).with_for_update(
        read=True, of=[Session.__table__, _everyone, _own]
    )


def not_before(row: Any) -> datetime:
    """Return the latest instant that concerns a looked-up row."""
    latest: datetime = max(row.everyone_not_before, row.own_not_before)
    return latest


def alive(
    *, now: datetime, limits: Limits, staff_limits: Limits | None = None
) -> ColumnElement[bool]:
    """Return the condition that a session lives: ``policy.why_over`` in SQL.

    With ``staff_limits``, these hold for the sessions of whoever holds a grant, and ``limits``
    for those of everybody else; otherwise ``limits`` hold for all.
    """
    instants = aliased(NotBefore)
    ended_by_instant = (
        select(instants.subject)
        .where(
            instants.subject.in_([EVERYONE, "user:" + Session.user_id]),
            instants.instant >= Session.begun_at,
        )
        .correlate(Session)
        .exists()
    )
    disabled = (
        select(User.id)
        .where(User.id == Session.user_id, User.active.is_(False))
        .correlate(Session)
        .exists()
    )
    return and_(
        Session.ended_at.is_(None),
        Session.expires_at > now,
        Session.idle_expires_at > now,
        _within(now, limits, staff_limits),
        ~ended_by_instant,
        ~disabled,
    )


def _within(now: datetime, limits: Limits, staff_limits: Limits | None) -> ColumnElement[bool]:
    """Return the condition that a session is within the limits that policy sets now."""
    within = and_(
        Session.created_at > now - timedelta(seconds=limits.absolute_seconds),
        Session.last_seen_at > now - timedelta(seconds=limits.idle_seconds),
    )
    if staff_limits is None:
        return within
    # Who holds a grant is asked only of those whom the stricter limits would end.
    return and_(within, or_(_within(now, staff_limits, None), ~holds_grant(Session.user_id)))


def holds_grant(user_id: Any) -> ColumnElement[bool]:
    """Return the condition that a column's person holds any grant, and has staff's limits."""
    return (
        select(Grant.group_name)
        .join(Membership, Membership.group_name == Grant.group_name)
        .where(Membership.user_id == user_id)
        .exists()
    )


# ---------------------------------------------------------------- begin


def begin(
    dbsession: DBSession,
    *,
    token: str,
    user_id: str,
    method: str,
    address: IPAddress | None,
    device: str,
    limits: Limits,
    now: datetime,
) -> Session:
    """Add a session and return it, flushed. Raises BeganTooLate.

    The instants are share-locked first: a revocation of everyone or of the person either waits
    for this transaction, and then its instant is later than ``begun_at``; or it is seen here.
    """
    for subject in (EVERYONE, user_subject(user_id)):
        ensure_instant(dbsession, subject)
    instants = dbsession.scalars(
        select(NotBefore.instant)
        .where(NotBefore.subject.in_([EVERYONE, user_subject(user_id)]))
        .order_by(NotBefore.subject)
        .with_for_update(read=True)
    ).all()
    begun_at = transaction_start(dbsession)
    if max(instants) >= begun_at:
        raise BeganTooLate
    session = Session(
        public_id=tokens.new_public_id(),
        token_hash=tokens.digest(token),
        csrf_token=tokens.new_token(),
        user_id=user_id,
        method=method,
        address=address,
        device=device,
        created_at=now,
        begun_at=begun_at,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(seconds=limits.absolute_seconds),
        idle_seconds=limits.idle_seconds,
        idle_expires_at=now + timedelta(seconds=limits.idle_seconds),
        data={},
    )
    dbsession.add(session)
    dbsession.flush()
    return session


def ensure_instant(dbsession: DBSession, subject: str) -> None:
    """Add the subject's instant if it has none, so that it can be locked."""
    missing = select(literal(subject), literal(EPOCH, UTCDateTime)).where(
        ~select(NotBefore.subject).where(NotBefore.subject == subject).exists()
    )
    dbsession.execute(
        insert(dbsession, NotBefore)
        .from_select(["subject", "instant"], missing)
        .on_conflict_do_nothing()
    )


def transaction_start(dbsession: DBSession) -> datetime:
    """Return the database's clock at the start of this transaction.

    On SQLite the writer is alone once it has begun, and its machine's clock is Python's.
    """
    if is_sqlite(dbsession):
        return datetime.now(UTC)
    start: datetime = dbsession.execute(select(func.now())).scalar_one()
    return start


def clock(dbsession: DBSession) -> datetime:
    """Return the database's clock at this very moment."""
    if is_sqlite(dbsession):
        return datetime.now(UTC)
    moment: datetime = dbsession.execute(select(func.clock_timestamp())).scalar_one()
    return moment


# ---------------------------------------------------------------- change


def rotate(session: Session, *, token: str, now: datetime, grace: bool) -> None:
    """Give a locked session a new secret; with ``grace`` the old one works for some seconds."""
    session.previous_hash = session.token_hash if grace else None
    session.token_hash = tokens.digest(token)
    session.rotated_at = now


def lower_limits(dbsession: DBSession, user_ids: Iterable[str], limits: Limits) -> None:
    """Lower what these people's sessions store to stricter limits; never raise anything."""
    locked = dbsession.scalars(
        select(Session)
        .where(Session.user_id.in_(list(user_ids)), Session.ended_at.is_(None))
        .order_by(Session.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for session in locked:
        end = session.created_at + timedelta(seconds=limits.absolute_seconds)
        session.expires_at = min(session.expires_at, end)
        session.idle_seconds = min(session.idle_seconds, limits.idle_seconds)
        rest_ends = session.last_seen_at + timedelta(seconds=session.idle_seconds)
        session.idle_expires_at = min(session.idle_expires_at, rest_ends)


def touch(connection: Connection, row: Any, *, now: datetime, touch_seconds: int) -> None:
    """Note that a session was used; ``connection`` is AUTOCOMMIT.

    Skips a row that somebody holds locked and never waits: losing a touch is harmless. Guarded,
    so that it can neither revive a session nor lengthen one whose limits were lowered.
    """
    locked = select(Session.id).where(
        Session.id == row.id,
        Session.ended_at.is_(None),
        Session.expires_at > now,
        Session.idle_expires_at > now,
        Session.idle_seconds == row.idle_seconds,
        Session.last_seen_at <= now - timedelta(seconds=touch_seconds),
    )
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        # A touch need not reach the disk before the answer; a revocation must.
        quick = func.set_config("synchronous_commit", "off", True) == "off"
        locked = locked.where(quick).with_for_update(skip_locked=True)
    statement = (
        update(Session)
        .where(Session.id == locked.scalar_subquery())
        .values(last_seen_at=now, idle_expires_at=now + timedelta(seconds=row.idle_seconds))
    )
    if not sqlite:
        connection.execute(statement)
        return
    wait = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
    connection.execute(text("PRAGMA busy_timeout = 0"))
    try:
        connection.execute(statement)
    finally:
        connection.execute(text(f"PRAGMA busy_timeout = {int(wait)}"))
