"""What is to be written after the transaction is over, on the independent connection.

Refusals survive the rollback of what they refused; reads of other people's sessions are
recorded once the page was answered; a throttle is reset only after a sign-in committed. All of
it waits until pyramid_tm is done, since on SQLite the request may hold the one write lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session as DBSession
from sqlalchemy.orm import scoped_session

from govapp import audit, db
from govapp.audit import Actor, Event

log = logging.getLogger(__name__)
Write = Callable[[DBSession], None]


def report(request: Request, event: Event, **facts: Any) -> None:
    """Record a refusal, or a sensitive read, after this request (``request.report``)."""
    actor = request.actor

    def write(dbsession: DBSession) -> None:
        audit.note(dbsession, event, actor=actor, now=request.now, **facts)

    log.info("%s", event, extra={"event": str(event), "request_id": request.request_id})
    request.afterwards.append((write, False))


def after_commit(request: Request, write: Write) -> None:
    """Run ``write`` on the independent connection if this request commits."""
    request.afterwards.append((write, True))


def actor(request: Request) -> Actor:
    """Return who acts in this request, for the audit trail (``request.actor``).

    Asks nothing of the database: who is not known yet is nobody.
    """
    presented = vars(request).get("presented_session")
    row = presented.live if presented is not None else None
    return Actor(
        user_id=row.user_id if row is not None else None,
        session_id=row.public_id.hex if row is not None else None,
        address=request.source_address,
        request_id=request.request_id,
    )


def afterwards_tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Write what waited for the end of the transaction."""

    def afterwards_tween(request: Request) -> Response:
        try:
            return handler(request)
        finally:
            # Also when no error page could be made: what was refused was refused.
            _release(request)
            _write(request)

    return afterwards_tween


def _release(request: Request) -> None:
    """Roll back what is still open.

    The transaction package leaves it so when a before-commit hook raises; on SQLite that would
    keep everyone from writing until the garbage collector comes by.
    """
    dbsession = vars(request).get("dbsession")
    if isinstance(dbsession, scoped_session):
        dbsession = dbsession()
    if dbsession is not None and dbsession.in_transaction():
        dbsession.close()


def _write(request: Request) -> None:
    due = [write for write, if_commit in _waiting(request) if request.committed or not if_commit]
    if not due:
        return
    try:
        with db.independent_session(request.registry) as dbsession:
            for write in due:
                write(dbsession)
    except SQLAlchemyError:
        # The answer stands either way; staff must learn that the trail has a gap.
        log.exception("the audit trail could not be written, request %s", request.request_id)


def _waiting(request: Request) -> list[tuple[Write, bool]]:
    waiting: list[tuple[Write, bool]] = vars(request).get("afterwards", [])
    return waiting
