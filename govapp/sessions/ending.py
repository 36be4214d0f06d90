"""Ending sessions: locked in one order, recorded with their reason, and never undone.

Functions of ``(dbsession, …, *, now)``, as in :mod:`govapp.sessions.store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session as DBSession
from sqlalchemy.orm import aliased

from govapp import audit
from govapp.audit import Actor, Event
from govapp.models import EVERYONE, NotBefore, Session, User, user_subject
from govapp.policy import EndReason, Limits, why_over
from govapp.sessions import store


def lock_alive(
    dbsession: DBSession,
    where: ColumnElement[bool],
    *,
    own_id: int | None,
    now: datetime,
    limits: Limits,
) -> Sequence[Session]:
    """Lock and return the live sessions that match, and the actor's own, ordered by id.

    One statement in one order: two people who end each other cannot deadlock, the second waits
    and is then told that their session has ended.
    """
    wanted = and_(where, store.alive(now=now, limits=limits))
    if own_id is not None:
        wanted = or_(Session.id == own_id, wanted)
    return dbsession.scalars(
        select(Session)
        .where(wanted)
        .order_by(Session.id)
        .with_for_update(of=Session)
        .execution_options(populate_existing=True)
    ).all()


def end(
    dbsession: DBSession,
    sessions: Iterable[Session],
    *,
    reason: EndReason,
    actor: Actor,
    now: datetime,
    note: str | None = None,
) -> int:
    """End these locked sessions, record each, and return how many were still going."""
    ended = 0
    for session in sessions:
        if session.ended_at is not None:
            continue
        _end(dbsession, session, reason=reason, at=now, actor=actor, now=now, note=note)
        ended += 1
    dbsession.flush()
    return ended


def _end(
    dbsession: DBSession,
    session: Session,
    *,
    reason: str,
    at: datetime,
    actor: Actor,
    now: datetime,
    note: str | None = None,
) -> None:
    session.ended_at = at
    session.end_reason = reason
    session.ended_by = actor.user_id
    session.end_note = note
    audit.record(
        dbsession,
        Event.SESSION_ENDED,
        actor=actor,
        now=now,
        subject_id=session.user_id,
        session_id=session.public_id.hex,
        reason=reason,
        details={"note": note} if note else None,
    )


def set_not_before(dbsession: DBSession, subject: str) -> None:
    """End by instant all that began up to now under a subject, even what is not yet visible.

    The instant is the clock read after the row is locked, and never goes back.
    """
    row = lock_instant(dbsession, subject)
    row.instant = max(store.clock(dbsession), row.instant)
    dbsession.flush()


def lock_instant(dbsession: DBSession, subject: str) -> NotBefore:
    """Return a subject's instant, locked: sign-ins under way are waited for, new ones wait."""
    store.ensure_instant(dbsession, subject)
    return dbsession.scalars(
        select(NotBefore)
        .where(NotBefore.subject == subject)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def end_all_of(
    dbsession: DBSession,
    user_id: str,
    *,
    own_id: int | None,
    reason: EndReason,
    actor: Actor,
    now: datetime,
    limits: Limits,
    note: str | None = None,
    after_lock: Callable[[], None] = lambda: None,
) -> int:
    """End all sessions of a person, also one whose sign-in is under way; return how many.

    ``after_lock`` may raise to refuse: it is asked once everything is locked and before anything
    is changed, since afterwards the new instant hides whether the actor's session was alive.
    """
    locked = lock_alive(
        dbsession, Session.user_id == user_id, own_id=own_id, now=now, limits=limits
    )
    after_lock()
    set_not_before(dbsession, user_subject(user_id))
    theirs = [session for session in locked if session.user_id == user_id]
    ended = end(dbsession, theirs, reason=reason, actor=actor, now=now, note=note)
    # The instant is an effect of its own, also where no session was live.
    audit.record(
        dbsession,
        Event.SESSIONS_ENDED,
        actor=actor,
        now=now,
        subject_id=user_id,
        reason=reason,
        details={"count": ended} | ({"note": note} if note else {}),
    )
    return ended


def end_lapsed(
    dbsession: DBSession,
    *,
    now: datetime,
    limits: Limits,
    batch: int,
    session_id: int | None = None,
) -> int:
    """Write down the end of sessions that are over but not yet marked; return how many.

    Rows that somebody holds are left for next time, so that several machines can do this at
    once and nobody waits.
    """
    everyone, own = aliased(NotBefore), aliased(NotBefore)
    statement = (
        select(Session, everyone.instant, own.instant, User.active)
        .select_from(Session)
        .join(everyone, everyone.subject == EVERYONE)
        .join(own, own.subject == "user:" + Session.user_id)
        .outerjoin(User, User.id == Session.user_id)
        .where(Session.ended_at.is_(None), ~store.alive(now=now, limits=limits))
        .order_by(Session.id)
        .limit(batch)
        .with_for_update(skip_locked=True, of=Session)
        .execution_options(populate_existing=True)
    )
    if session_id is not None:
        statement = statement.where(Session.id == session_id)
    lapsed = dbsession.execute(statement).all()
    for session, everyone_instant, own_instant, active in lapsed:
        over = why_over(
            session,
            now=now,
            limits=limits,
            not_before=max(everyone_instant, own_instant),
            active=active is not False,
        )
        # What the row itself stored says when it was over; a limit set since then ends it now.
        stored = {EndReason.EXPIRED: session.expires_at, EndReason.IDLE: session.idle_expires_at}
        _end(
            dbsession,
            session,
            reason=str(over),
            at=min(now, stored.get(EndReason(str(over)), now)),
            actor=Actor(user_id=audit.SYSTEM),
            now=now,
        )
    dbsession.flush()
    return len(lapsed)
