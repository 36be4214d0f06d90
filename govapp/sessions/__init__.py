"""Sessions: one row each, in the request's transaction.

``config.include("govapp.sessions")`` gives an application ``request.session`` (Pyramid's
``ISession``), CSRF tokens, and :func:`begin` and :func:`end`. It needs

* ``request.dbsession`` joined to ``request.tm`` and ``registry["dbsession_factory"]``, as
  pyramid-cookiecutter-starter makes them (or ``config.include("govapp.db")``),
* govapp's tables in that database (``govapp db upgrade``),
* the settings ``govapp.env``, ``govapp.base_url`` and ``govapp.secrets``.

It makes pyramid_tm roll back after any exception and for every status from 400. The session
keeps flash messages, the CSRF token and what ``config.add_session_key(name, max_bytes=…)``
declares; anything else raises :class:`SessionKeyError`. Example::

    def sign_in(request):
        user = check_password(request)          # yours
        govapp.sessions.begin(request, user.id, method="password")
        return HTTPSeeOther("/")

The order of the tweens, outermost first: cookies (only after the commit) · afterwards (refusals,
independent of it) · pyramid_tm · guard (re-check, apply changes) · exception views.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.tweens import EXCVIEW

from govapp.audit import Actor, Event, record
from govapp.db import transaction_rules
from govapp.devices import device_label
from govapp.facts import settings_of
from govapp.models import Session
from govapp.policy import EndReason
from govapp.sessions import afterwards, cookie, csrf, ending, lookup, store, tokens
from govapp.sessions.guard import SessionEnded, lock_own, require_alive
from govapp.sessions.session import RequestSession, SessionKeyError

__all__ = ["SessionEnded", "SessionKeyError", "begin", "end", "end_all", "require_alive", "rotate"]

TM = "pyramid_tm.tm_tween_factory"


def includeme(config: Configurator) -> None:
    """Add sessions; see the module for what they need."""
    config.include("govapp.facts")
    config.include("pyramid_tm")
    config.include(transaction_rules)
    registry = config.registry
    registry["govapp.session_keys"] = {}
    registry.setdefault("govapp.look_up", store.look_up())
    registry.setdefault("govapp.is_active", lambda request, row: True)
    registry.setdefault("govapp.limits", lambda request, row: settings_of(request).user_limits)
    registry.setdefault(
        "govapp.limits_of_user", lambda request, _: settings_of(request).user_limits
    )
    registry.setdefault("govapp.rechecks", [])
    config.add_directive("add_session_key", _add_session_key)
    config.set_session_factory(_session)
    config.set_csrf_storage_policy(csrf.SessionCSRFStoragePolicy())
    config.add_request_method(lookup.presented_session, "presented_session", reify=True)
    config.add_request_method(lambda request: [], "afterwards", reify=True)
    config.add_request_method(lambda request: False, "commit_begun", reify=True)
    config.add_request_method(lambda request: False, "committed", reify=True)
    config.add_request_method(afterwards.actor, "actor", property=True)
    config.add_request_method(afterwards.report, "report")
    config.add_request_method(afterwards.after_commit, "after_commit")
    config.add_tween("govapp.sessions.guard.guard_tween_factory", under=TM, over=EXCVIEW)
    config.add_tween("govapp.sessions.afterwards.afterwards_tween_factory", over=TM)
    config.add_tween(
        "govapp.sessions.cookie.cookie_tween_factory",
        over=["govapp.sessions.afterwards.afterwards_tween_factory", TM],
    )


def begin(request: Request, user_id: str, *, method: str = "password") -> Session:
    """Begin a session for this person in the request's transaction, and return its row.

    Call it after every check has passed. The session that the browser had is ended as replaced;
    a new secret and a new CSRF token go out once the transaction has committed, and nothing kept
    before crosses over. Raises ``store.BeganTooLate`` when a revocation got in between.
    """
    session = request.session
    dbsession = request.dbsession
    if session.row is not None:
        _end_own(request, EndReason.REPLACED)
    token = tokens.new_token()
    row = store.begin(
        dbsession,
        token=token,
        user_id=user_id,
        method=method,
        address=request.source_address,
        device=device_label(request.user_agent).label,
        limits=request.registry["govapp.limits_of_user"](request, user_id),
        now=request.now,
    )
    record(
        dbsession,
        Event.SESSION_CREATED,
        actor=actor_of(request, row),
        now=request.now,
        subject_id=user_id,
        details={"method": method, "device": row.device},
    )
    dbsession.flush()
    session.adopt(row, token)
    return row


def end(request: Request, *, reason: EndReason = EndReason.SIGNED_OUT) -> None:
    """End the requester's own session; the cookie is cleared once that has committed."""
    if request.session.row is not None:
        _end_own(request, reason)
    request.session.become_anonymous()


def end_all(request: Request, user_id: str, *, reason: EndReason, note: str | None = None) -> int:
    """End all sessions of a person, also one whose sign-in is under way; return how many.

    For hosts that disable somebody or set a new password. The requester's own is among them if
    they are the person. Raises SessionEnded if the requester's session ended meanwhile.
    """
    own = request.session.row
    ended = ending.end_all_of(
        request.dbsession,
        user_id,
        own_id=own.id if own is not None else None,
        reason=reason,
        actor=request.actor,
        now=request.now,
        limits=request.registry["govapp.limits_of_user"](request, user_id),
        note=note,
        after_lock=lambda: require_alive(request) if own is not None else None,
    )
    if own is not None and own.user_id == user_id:
        request.session.leave()
    return ended


def rotate(request: Request, *, grace: bool = True, **changes: Any) -> None:
    """Give the requester's session a new secret, and set these columns, e.g. authenticated_at.

    The public id stays. With ``grace`` the old secret still serves requests under way for
    ``govapp.rotation_grace_seconds``. Raises SessionEnded if the session ended meanwhile.
    """
    row = _locked_own(request)
    for name, value in changes.items():
        setattr(row, name, value)
    if grace and _was_rotated_beside(request, row):
        # A double click: the other request has sent the new secret, a third would be nobody's.
        request.dbsession.flush()
        return
    token = tokens.new_token()
    store.rotate(row, token=token, now=request.now, grace=grace)
    record(
        request.dbsession,
        Event.SESSION_ROTATED,
        actor=request.actor,
        now=request.now,
        subject_id=row.user_id,
    )
    request.dbsession.flush()
    request.session.adopt_token(token)


def _was_rotated_beside(request: Request, row: Session) -> bool:
    presented = request.presented_session
    return bool(presented.is_previous or row.token_hash != presented.row.token_hash)


def _locked_own(request: Request) -> Session:
    """Lock the requester's session and return it, alive. Raises SessionEnded."""
    row = lock_own(request)
    if not request.session.begun_here:
        require_alive(request)
    return row


def _end_own(request: Request, reason: EndReason) -> None:
    row = _locked_own(request)
    ending.end(request.dbsession, [row], reason=reason, actor=request.actor, now=request.now)
    request.session.leave()


def actor_of(request: Request, row: Session) -> Actor:
    """Return the actor of a session that this request began."""
    actor = afterwards.actor(request)
    return replace(actor, user_id=row.user_id, session_id=row.public_id.hex)


def _session(request: Request) -> RequestSession:
    presented = request.presented_session
    return RequestSession(
        row=presented.live,
        visit=cookie.read_visit(request),
        now_epoch=int(request.now.timestamp()),
        declared=request.registry["govapp.session_keys"],
        end_own=lambda: _end_own(request, EndReason.SIGNED_OUT),
    )


def _add_session_key(config: Configurator, name: str, *, max_bytes: int) -> None:
    """Declare temporary state that requests may share: its name and its size as JSON."""

    def register() -> None:
        config.registry["govapp.session_keys"][name] = max_bytes

    config.action(("govapp.session_key", name), register)
