"""``/account/password``: change one's own password (S-114)."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from govapp import attempts, passwords, sessions, users
from govapp.audit import Event
from govapp.filters import plural
from govapp.forms import posted
from govapp.models import Session, User
from govapp.policy import EndReason
from govapp.security import SIGNED_IN
from govapp.sessions import ending
from govapp.sessions.lookup import limits_of
from govapp.throttle import Throttled

TEMPLATE = "templates/password.jinja2"


@view_config(
    route_name="account.password", request_method="GET", renderer=TEMPLATE, permission=SIGNED_IN
)
def form(request: Request) -> dict[str, Any]:
    """Ask for the present password and a new one."""
    return _page(request)


@view_config(
    route_name="account.password",
    request_method="POST",
    require_csrf=True,
    renderer=TEMPLATE,
    permission=SIGNED_IN,
)
def change(request: Request) -> Any:
    """Change the password, give this session a new secret, and end the others if asked to."""
    try:
        seen, is_last = attempts.prove_own_password(request, posted(request, "current"))
    except Throttled as throttled:
        return attempts.too_many(
            request, throttled, Event.CONFIRM_THROTTLED, subject_id=request.identity.user_id
        )
    if seen is None:
        if is_last:
            return attempts.end_after_failures(request)
        request.report(Event.PASSWORD_CHANGE_FAILED, subject_id=request.identity.user_id)
        return _rejected(request, "current", "This is not your present password.")
    new = posted(request, "new")
    problem = passwords.problem(new, about=[seen.login, seen.name])
    if problem is not None:
        return _rejected(request, "new", problem)
    return _store(request, seen, attempts.hasher_of(request).hash(new))


def _store(request: Request, seen: User, new_hash: str) -> Any:
    dbsession, identity = request.dbsession, request.identity
    # Sessions are locked before the person, as everywhere, so that nobody waits in a circle.
    locked = ending.lock_alive(
        dbsession,
        Session.user_id == identity.user_id,
        own_id=identity.session_row_id,
        now=request.now,
        limits=limits_of(request, request.presented_session.live),
    )
    user = users.unchanged_since(dbsession, seen, exclusive=True)
    if user is None:
        return _rejected(request, "current", "Your password was changed meanwhile. Try again.")
    users.set_password(dbsession, user, new_hash, actor=request.actor, now=request.now)
    sessions.rotate(request, grace=False, authenticated_at=request.now)
    ended = 0
    if posted(request, "end_others"):
        ended = ending.end(
            dbsession,
            [row for row in locked if row.id != identity.session_row_id],
            reason=EndReason.PASSWORD_CHANGED,
            actor=request.actor,
            now=request.now,
        )
    said = "Your password is changed."
    request.session.flash(f"{said} {plural(ended, 'other session')} ended." if ended else said)
    return HTTPSeeOther(request.route_path("account"))


def _rejected(request: Request, field: str, message: str) -> dict[str, Any]:
    request.response.status_int = 400
    return _page(request, field=field, message=message, end_others=posted(request, "end_others"))


def _page(
    request: Request, *, field: str = "", message: str = "", end_others: str = "1"
) -> dict[str, Any]:
    return {
        "login": request.identity.login,
        "errors": {field: message} if message else {},
        "end_others": bool(end_others),
    }
