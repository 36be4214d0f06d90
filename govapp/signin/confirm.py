"""``/confirm``: prove again that it is you, before something is changed."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from govapp import audit, db, sessions
from govapp.attempts import confirm_bucket, hasher_of, reserve, too_many
from govapp.audit import Event
from govapp.forms import posted
from govapp.models import User
from govapp.paths import local_path
from govapp.policy import EndReason
from govapp.security import SIGNED_IN
from govapp.throttle import Throttled, reset

TEMPLATE = "templates/confirm.jinja2"


@view_config(route_name="confirm", request_method="GET", renderer=TEMPLATE, permission=SIGNED_IN)
def form(request: Request) -> dict[str, Any]:
    """Ask for the password."""
    return _page(request, next_path=request.GET.get("next"))


@view_config(
    route_name="confirm",
    request_method="POST",
    require_csrf=True,
    renderer=TEMPLATE,
    permission=SIGNED_IN,
)
def confirm(request: Request) -> Any:
    """Renew the proof and the session's secret; after too many failures, end the session."""
    identity = request.identity
    bucket = confirm_bucket(identity.session_id)
    try:
        attempts = reserve(request, [bucket])
    except Throttled as throttled:
        return too_many(request, throttled)
    with db.reading_session(request.registry) as reader:
        user = reader.get(User, identity.user_id)
    stored = user.password_hash if user is not None else None
    if not hasher_of(request).verify(stored, posted(request, "password")):
        return _refuse(request, last=attempts >= bucket.free)
    sessions.rotate(request, authenticated_at=request.now)
    audit.record(
        request.dbsession,
        Event.CONFIRMED,
        actor=request.actor,
        now=request.now,
        subject_id=identity.user_id,
    )
    request.after_commit(lambda dbsession: reset(dbsession, [bucket], now=request.now))
    return HTTPSeeOther(local_path(posted(request, "next")) or "/")


def _refuse(request: Request, *, last: bool) -> Any:
    if last:
        request.report(Event.CONFIRM_FAILED_MAX, subject_id=request.identity.user_id)
        sessions.end(request, reason=EndReason.CONFIRM_FAILED)
        request.session.remember("why", EndReason.CONFIRM_FAILED)
        return HTTPSeeOther(request.route_path("sign-in"))
    request.report(Event.CONFIRM_FAILED, subject_id=request.identity.user_id)
    request.response.status_int = 400
    return _page(
        request,
        next_path=posted(request, "next"),
        error="This is not your password. Check it and try again.",
    )


def _page(request: Request, *, next_path: str | None, error: str | None = None) -> dict[str, Any]:
    return {
        "login": request.identity.login,
        "next_path": local_path(next_path) or "",
        "error": error,
    }
