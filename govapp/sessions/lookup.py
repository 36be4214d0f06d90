"""Which session does this request present? One statement, lazily, outside the transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import Select
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session as DBSession

from govapp import audit, db, policy
from govapp.audit import Actor, Event
from govapp.facts import settings_of
from govapp.models import Session
from govapp.policy import LAPSED, EndReason, Limits
from govapp.sessions import ending, store, tokens
from govapp.sessions.cookie import sent_secrets

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presented:
    """What the request's cookie stands for.

    ``row`` is the looked-up row, or None for no session; ``over`` says why it is not live, None
    while it is. ``sent`` tells whether there was a cookie at all; ``is_previous`` whether it held
    the secret before the current one, within its grace.
    """

    sent: bool
    row: Any = None
    over: str | None = None
    is_previous: bool = False

    @property
    def live(self) -> Any:
        """The row of a live session, or None."""
        return self.row if self.over is None else None


def presented_session(request: Request) -> Presented:
    """Look up the session of this request's cookie (``request.presented_session``).

    Raises SQLAlchemy's errors when the database cannot be asked: nobody is then anybody.
    """
    sent = sent_secrets(request)
    token = tokens.parse_token(sent[0]) if len(sent) == 1 else None
    if token is None:
        return Presented(sent=bool(sent))
    digest = tokens.digest(token)
    statement = statement_of(request)
    row = _fetch(request, statement.where(Session.token_hash == digest))
    if row is None:
        return _previous(request, statement, digest)
    return _judged(request, row)


def statement_of(request: Request) -> Select[Any]:
    """Return the application's look-up statement, to be given a WHERE."""
    statement: Select[Any] = request.registry["govapp.look_up"]
    return statement


def over_of(request: Request, row: Any) -> str | None:
    """Return why a looked-up row is not live, or None."""
    return policy.why_over(
        row,
        now=request.now,
        limits=limits_of(request, row),
        not_before=store.not_before(row),
        active=request.registry["govapp.is_active"](request, row),
    )


def limits_of(request: Request, row: Any) -> Limits:
    """Return the limits that policy sets for this row's person now."""
    limits: Limits = request.registry["govapp.limits"](request, row)
    return limits


def _fetch(request: Request, statement: Select[Any]) -> Any:
    """Run the look-up, and once more where a pooled connection was lost."""
    reader = db.engines(request.registry).reader

    def ask() -> Any:
        with reader.connect() as connection:
            return connection.execute(statement).one_or_none()

    return db.asked_again(ask)


def _previous(request: Request, statement: Select[Any], digest: bytes) -> Presented:
    """Judge a token that is not current: rotated a moment ago, stolen, or made up."""
    row = _fetch(request, statement.where(Session.previous_hash == digest))
    if row is None:
        request.report(Event.SESSION_UNKNOWN)
        return Presented(sent=True)
    grace = timedelta(seconds=settings_of(request).rotation_grace_seconds)
    if request.now <= row.rotated_at + grace:
        return replace(_judged(request, row), is_previous=True)
    if row.ended_at is None:
        _end_reused(request, row)
    return Presented(sent=True, row=row, over=row.end_reason or EndReason.TOKEN_REUSED)


def _end_reused(request: Request, row: Any) -> None:
    """End a session whose replaced secret came back: one of its two holders is a thief."""
    actor = Actor(
        user_id=audit.SYSTEM, address=request.source_address, request_id=request.request_id
    )

    def write(dbsession: DBSession) -> None:
        locked = ending.lock_alive(
            dbsession,
            Session.id == row.id,
            own_id=None,
            now=request.now,
            limits=limits_of(request, row),
        )
        ending.end(dbsession, locked, reason=EndReason.TOKEN_REUSED, actor=actor, now=request.now)
        audit.record(
            dbsession,
            Event.TOKEN_REUSED,
            actor=actor,
            now=request.now,
            subject_id=row.user_id,
            session_id=row.public_id.hex,
            outcome="refused",
        )

    request.afterwards.append((write, False))


def _judged(request: Request, row: Any) -> Presented:
    over = over_of(request, row)
    if over is None:
        _touch(request, row)
    else:
        request.report(
            Event.SESSION_USED_AFTER_END,
            subject_id=row.user_id,
            session_id=row.public_id.hex,
            reason=over,
        )
        if over in LAPSED and row.ended_at is None:
            request.afterwards.append((_end_of(request, row), False))
        elif over == EndReason.USER_DISABLED and row.ended_at is None:
            # Written down at once: a host that enables the person again revives nothing.
            request.afterwards.append((_end_disabled(request, row), False))
    return Presented(sent=True, row=row, over=over)


def _end_of(request: Request, row: Any) -> Callable[[DBSession], None]:
    def write(dbsession: DBSession) -> None:
        ending.end_lapsed(
            dbsession,
            now=request.now,
            limits=limits_of(request, row),
            batch=1,
            session_id=row.id,
        )

    return write


def _end_disabled(request: Request, row: Any) -> Callable[[DBSession], None]:
    def write(dbsession: DBSession) -> None:
        session = dbsession.get_one(Session, row.id, with_for_update=True)
        ending.end(
            dbsession,
            [session],
            reason=EndReason.USER_DISABLED,
            actor=Actor(user_id=audit.SYSTEM),
            now=request.now,
        )

    return write


def _touch(request: Request, row: Any) -> None:
    touch_seconds = settings_of(request).touch_seconds
    if request.now - row.last_seen_at < timedelta(seconds=touch_seconds):
        return
    try:
        with db.engines(request.registry).reader.connect() as connection:
            store.touch(connection, row, now=request.now, touch_seconds=touch_seconds)
    except (OperationalError, InternalError) as error:
        # SQLite's one writer is busy, or the database goes or only reads: the next request will
        # tell.
        log.info("a touch was given up: %s", type(error.orig).__name__)
