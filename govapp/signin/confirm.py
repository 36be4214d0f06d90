"""``/confirm``: prove again that it is you, before something is changed."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from govapp import attempts, audit, sessions
from govapp.audit import Event
from govapp.forms import posted
from govapp.paths import local_path
from govapp.returning import page_to_return_to
from govapp.security import SIGNED_IN
from govapp.throttle import Throttled

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
    try:
        user, is_last = attempts.prove_own_password(request, posted(request, "password"))
    except Throttled as throttled:
        return attempts.too_many(
            request, throttled, Event.CONFIRM_THROTTLED, subject_id=request.identity.user_id
        )
    if user is None:
        return _refuse(request, is_last=is_last)
    sessions.rotate(request, authenticated_at=request.now)
    audit.record(
        request.dbsession,
        Event.CONFIRMED,
        actor=request.actor,
        now=request.now,
        subject_id=user.id,
    )
    return HTTPSeeOther(page_to_return_to(request, posted(request, "next")))


def _refuse(request: Request, *, is_last: bool) -> Any:
    if is_last:
        return attempts.end_after_failures(request)
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
