"""``/admin/sessions``: find a session, judge it, end it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from govapp import sessions
from govapp.admin import acting, listing, session_detail, session_list, words
from govapp.admin.listing import Page
from govapp.admin.sight import sight
from govapp.facts import settings_of
from govapp.forms import Rejected, line, posted
from govapp.models import Session
from govapp.network import shown
from govapp.policy import EndReason, Permission
from govapp.resources import SessionResource
from govapp.sessions import ending

DETAIL = "templates/sessions_detail.jinja2"
FILTERS = ("user", "group", "state", "address", "device", "idle")


@view_config(
    route_name="admin.sessions",
    request_method="GET",
    renderer="templates/sessions_list.jinja2",
    permission=Permission.SESSION_LIST,
)
def list_sessions(request: Request) -> dict[str, Any]:
    """List the sessions that the requester's grants cover and that match the filters."""
    seen = sight(request.identity.grants, Permission.SESSION_LIST)
    lifetimes, secrets = acting.lifetimes_of(request), settings_of(request).secrets
    typed = listing.typed(request.GET, FILTERS)
    try:
        filters = session_list.parse(request.GET)
        at = listing.serial_cursor(request.GET, secrets)
    except Rejected as rejected:
        acting.rejected(request, rejected)
        groups = session_list.groups(request.dbsession, seen)
        return _list_page(request, Page(), typed, groups, rejected=rejected)
    page = session_list.page(request.dbsession, filters, seen, at, lifetimes, secrets=secrets)
    total, groups = session_list.summary(request.dbsession, filters, seen, lifetimes)
    acting.looked_at(request, "admin.sessions", details=filters.impersonal)
    return _list_page(request, page, typed, groups, total=total, state=filters.state)


def _list_page(
    request: Request,
    page: Page,
    typed: dict[str, str],
    groups: Any,
    *,
    total: int = 0,
    state: str = "live",
    rejected: Rejected | None = None,
) -> dict[str, Any]:
    return {
        "page": page,
        "current": request.identity.session_row_id,
        "typed": typed,
        "used": {name: text for name, text in typed.items() if text and rejected is None},
        "errors": {rejected.field: rejected.message} if rejected else {},
        "total": total,
        "cap": listing.COUNT_CAP,
        "state": state,
        "group_options": [("", "Any"), *((name, name) for name in groups)],
        "state_options": list(session_list.STATES.items()),
        "idle_options": [("", "Any"), *session_list.IDLE.items()],
        "device_options": session_list.COMMON_DEVICES,
    }


@view_config(
    route_name="admin.session",
    request_method="GET",
    renderer=DETAIL,
    permission=Permission.SESSION_LIST,
)
def show_session(context: SessionResource, request: Request) -> dict[str, Any]:
    """Show a session: its facts, what happened in it, what its person may do now."""
    return _detail_page(context, request)


@view_config(
    route_name="admin.session.revocation",
    request_method="POST",
    require_csrf=True,
    renderer=DETAIL,
    permission=Permission.SESSION_REVOKE,
    fresh=True,
)
def end_session(context: SessionResource, request: Request) -> Any:
    """End somebody's session, with a reason that is kept."""
    try:
        reason = line(request, "reason", label="A reason")
    except Rejected as rejected:
        return _rejected(context, request, rejected)
    own_id = request.identity.session_row_id
    is_own = context.row.id == own_id
    locked = ending.lock_alive(
        request.dbsession,
        Session.id == context.row.id,
        own_id=own_id,
        now=request.now,
        limits=acting.limits_of(request, context.power),
    )
    if is_own:
        sessions.require_alive(request)
    ended = ending.end(
        request.dbsession,
        [row for row in locked if row.id == context.row.id],
        reason=EndReason.SIGNED_OUT if is_own else EndReason.ENDED_BY_STAFF,
        actor=request.actor,
        now=request.now,
        note=reason,
    )
    if is_own:
        request.session.leave()
        request.session.flash("You are signed out.")
        return HTTPSeeOther(request.route_path("home"))
    request.session.flash(
        "The session is ended: the device is signed out at its next request."
        if ended
        else "The session had already ended."
    )
    if not context.decide(Permission.SESSION_LIST).allowed:
        return HTTPSeeOther(request.route_path("home"))
    return HTTPSeeOther(request.route_path("admin.session", id=context.row.public_id.hex))


def _rejected(context: SessionResource, request: Request, rejected: Rejected) -> dict[str, Any]:
    acting.rejected(request, rejected)
    acting.require_page(context, Permission.SESSION_LIST, rejected.message)
    return _detail_page(
        context, request, errors={rejected.field: rejected.message}, typed=posted(request, "reason")
    )


def _detail_page(
    context: SessionResource,
    request: Request,
    *,
    errors: dict[str, str] | None = None,
    typed: str = "",
) -> dict[str, Any]:
    row, identity = context.row, request.identity
    if context.user_id != identity.user_id:
        acting.looked_at(
            request, "admin.session", subject_id=context.user_id, session_id=row.public_id.hex
        )
    seen = sight(identity.grants, Permission.SESSION_LIST)
    full = context.decide(Permission.PII_VIEW).allowed
    lifetimes = acting.lifetimes_of(request)
    detail = session_detail.read(
        request.dbsession, row, seen, lifetimes, viewer_id=identity.user_id
    )
    over = None
    if not detail.is_alive:
        over = lifetimes.why_over(row, context.user, is_staff=bool(context.power.grants))
    name = context.user.name if context.user is not None else row.user_id
    return {
        "session": row,
        "name": words.person(name, full=full),
        "user_id": row.user_id if context.user is not None else None,
        "login": words.person(context.user.login, full=full) if context.user else None,
        "groups": seen.groups(context.power.groups),
        "address": shown(row.address, full=full),
        "state": "live" if detail.is_alive else "ended",
        "ends_at": min(row.expires_at, row.idle_expires_at),
        "how_ended": words.end_reason(over),
        "detail": detail,
        "is_own": row.id == identity.session_row_id,
        "may_see_user": context.decide(Permission.USER_LIST).allowed,
        "may_end": context.decide(Permission.SESSION_REVOKE).allowed,
        "why_not": acting.why_not(context, Permission.SESSION_REVOKE),
        "errors": errors or {},
        "typed": typed,
    }
