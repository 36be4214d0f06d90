"""The last thing before commit: is the requester still allowed to have done this?

A tween directly under pyramid_tm. If the response would commit and something was written, it
flushes, re-reads the requester's session under a row lock, and applies what this request changed
in the session. A session that ended meanwhile, or a permission that was taken away, is answered
here through an exception view, so that the commit veto undoes everything (invariant 7).

In a before-commit hook the flush would come after the check, and raising there would leak the
transaction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm import Session as DBSession
from zope.sqlalchemy import datamanager

from govapp import db
from govapp.models import Session
from govapp.sessions import store
from govapp.sessions.lookup import Presented, over_of, statement_of


class SessionEnded(HTTPForbidden):
    """Raised when the requester's session ended while the request was under way."""


def guard_tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Settle the session before pyramid_tm commits."""

    def guard_tween(request: Request) -> Response:
        response = handler(request)
        if not _would_commit(request, response):
            return response
        try:
            settle(request)
        except Exception as error:
            try:
                return request.invoke_exception_view(sys.exc_info(), reraise=False)
            except HTTPNotFound:
                # No view answers for it; pyramid_tm rolls back and passes it on.
                raise error from None
        # From here on nobody but the database knows what became of it.
        request.commit_begun = True
        request.tm.get().addAfterCommitHook(_note_outcome, (request,))
        return response

    return guard_tween


def _would_commit(request: Request, response: Response) -> bool:
    # The veto first: it also takes X-Tm away, from doomed transactions too.
    vetoed = db.commit_veto(request, response)
    return "tm.active" in request.environ and not vetoed and not request.tm.isDoomed()


def _note_outcome(success: bool, request: Request) -> None:
    request.committed = success


def settle(request: Request) -> None:
    """Flush, re-check and lock the requester's session, and apply the session's changes.

    Raises SessionEnded or HTTPForbidden if what this request did is no longer allowed.
    """
    session = vars(request).get("session")
    if session is not None:
        session.validate()
    changed = session is not None and session.row is not None and session.has_changes
    joined = _joined(request)
    for dbsession in joined:
        dbsession.flush()
    if not changed and not any(map(_has_written, joined)):
        return
    # Exclusively before shared: two requests that both hold it shared could not go on.
    stored = lock_own(request) if changed else None
    if vars(request).get("presented_session") is not None:
        _recheck(request)
    if stored is not None:
        _apply(request, stored)


def _joined(request: Request) -> list[DBSession]:
    """Return the database sessions in this transaction, however the application made them."""
    return [
        manager.session
        for manager in request.tm.get()._resources
        if isinstance(manager, datamanager.SessionDataManager) and manager.session is not None
    ]


def _has_written(dbsession: DBSession) -> bool:
    """Tell whether committing now would change the database."""
    return bool(datamanager._SESSION_STATE.get(dbsession) == datamanager.STATUS_CHANGED)


def _recheck(request: Request) -> None:
    presented = request.presented_session
    if presented.live is None:
        return
    session = vars(request).get("session")
    row, over = judge(request)
    # Only a session that was alive, under lock, when this request left it may be over now.
    left = session is not None and session.left_row == session.proven_row == presented.live.id
    if over is not None and not left:
        _refuse(request, row, over)
    for recheck in request.registry["govapp.rechecks"]:
        recheck(request, row)


def judge(request: Request) -> tuple[Any, str | None]:
    """Re-read the presented session under shared locks; return its row, and why it is over."""
    statement = store.lock_look_up(statement_of(request), request.presented_session.live.id)
    row = request.dbsession.execute(statement).one_or_none()
    return row, "gone" if row is None else over_of(request, row)


def require_alive(request: Request) -> None:
    """Raise SessionEnded unless the requester's session lives, as locked in this transaction.

    To be asked after the rows that the request ends are locked, and before it ends its own.
    """
    row, over = judge(request)
    if over is not None:
        _refuse(request, row, over)
    request.session.proven_row = row.id


def _refuse(request: Request, row: Any, over: str) -> NoReturn:
    request.presented_session = Presented(sent=True, row=row, over=over)
    raise SessionEnded


def lock_own(request: Request) -> Session:
    """Lock the row of ``request.session`` and return it. Raises SessionEnded."""
    dbsession: DBSession = request.dbsession
    stored = dbsession.get(
        Session, request.session.row.id, with_for_update=True, populate_existing=True
    )
    if stored is None or stored.ended_at is not None:
        raise SessionEnded
    return stored


def _apply(request: Request, stored: Session) -> None:
    session = request.session
    stored.data = session.apply(stored.data)
    if session.new_csrf is not None:
        stored.csrf_token = session.new_csrf
    request.dbsession.flush()
