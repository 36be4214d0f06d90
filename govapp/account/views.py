"""``/account/sessions``: see where you are signed in, end what is not yours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from govapp import sessions
from govapp.account.words import ended_line
from govapp.audit import Event
from govapp.facts import settings_of
from govapp.filters import plural
from govapp.forms import posted
from govapp.models import Session
from govapp.network import masked
from govapp.policy import EndReason, Limits
from govapp.resources import OwnSession
from govapp.security import SIGNED_IN
from govapp.sessions import ending, store, tokens
from govapp.sessions.lookup import limits_of

MAX_LISTED = 200
MAX_ENDED_LISTED = 20


@view_config(
    route_name="account",
    request_method="GET",
    renderer="templates/sessions.jinja2",
    permission=SIGNED_IN,
)
def list_sessions(request: Request) -> dict[str, Any]:
    """List the requester's live sessions, this one first, and those that ended lately."""
    return _page(request)


def _page(request: Request, *, error: str | None = None) -> dict[str, Any]:
    settings, limits = settings_of(request), _limits(request)
    mine = Session.user_id == request.identity.user_id
    alive = store.alive(now=request.now, limits=limits)
    live = request.dbsession.scalars(
        select(Session).where(mine, alive).order_by(Session.id.desc()).limit(MAX_LISTED)
    ).all()
    # What is over and not yet written down comes first: it has just ended.
    ended = request.dbsession.scalars(
        select(Session)
        .where(mine, ~alive)
        .order_by(Session.ended_at.desc().nulls_first(), Session.id.desc())
        .limit(MAX_ENDED_LISTED)
    ).all()
    current = request.identity.session_row_id
    return {
        "error": error,
        "current": [row for row in live if row.id == current],
        "others": [row for row in live if row.id != current],
        "ended": [ended_line(row, now=request.now, limits=limits) for row in ended],
        "masked": masked,
        "keep_days": settings.keep_ended_seconds // 86_400,
        "keep_address_days": settings.keep_address_seconds // 86_400,
        "keep_audit_days": settings.keep_audit_seconds // 86_400,
    }


@view_config(
    route_name="account.revocation",
    request_method="POST",
    require_csrf=True,
    permission=SIGNED_IN,
    fresh=True,
)
def end_one(context: OwnSession, request: Request) -> Response:
    """End one of the requester's sessions; ending this one is signing out."""
    row = context.row
    if row.id == request.identity.session_row_id:
        return _sign_out(request)
    ended = _end(request, [row.id])
    request.session.flash(
        f"{row.device} is signed out." if ended else f"{row.device} had already ended."
    )
    return HTTPSeeOther(request.route_path("account"))


@view_config(
    route_name="account.revocations",
    renderer="templates/sessions.jinja2",
    request_method="POST",
    require_csrf=True,
    permission=SIGNED_IN,
    fresh=True,
)
def end_several(request: Request) -> Any:
    """End all others, a selection, or all of the requester's sessions."""
    which = posted(request, "which")
    if which == "others":
        return _end_others(request)
    if which == "all":
        return _end_all(request)
    if which == "selected":
        return _end_selected(request)
    return _rejected(request, "Choose which sessions to end: the others, a selection, or all.")


def _rejected(request: Request, message: str) -> dict[str, Any]:
    request.response.status_int = 400
    request.report(Event.INPUT_REFUSED, action="account.revocations")
    return _page(request, error=message)


def _end_others(request: Request) -> Response:
    identity = request.identity
    locked = ending.lock_alive(
        request.dbsession,
        Session.user_id == identity.user_id,
        own_id=identity.session_row_id,
        now=request.now,
        limits=_limits(request),
    )
    others = [row for row in locked if row.id != identity.session_row_id]
    _flash_count(request, _end_rows(request, others), already=0)
    return HTTPSeeOther(request.route_path("account"))


def _end_all(request: Request) -> Response:
    sessions.end_all(request, request.identity.user_id, reason=EndReason.ENDED_BY_OWNER)
    request.session.flash("You are signed out everywhere.")
    return HTTPSeeOther(request.route_path("account"))


def _end_selected(request: Request) -> Any:
    """End the chosen ones, all or nothing: one id that is not the requester's, and none ends."""
    chosen = request.POST.getall("id")
    if not 0 < len(chosen) <= MAX_LISTED:
        return _rejected(request, "Choose at least one session, and not more than the page lists.")
    public_ids = {tokens.parse_public_id(text) for text in chosen if isinstance(text, str)}
    owned = request.dbsession.execute(
        select(Session.id, Session.ended_at).where(
            Session.user_id == request.identity.user_id,
            Session.public_id.in_([found for found in public_ids if found is not None]),
        )
    ).all()
    if len(owned) != len(public_ids):
        request.report(Event.ACCESS_REFUSED, action="account.revocations", reason="foreign id")
        raise HTTPNotFound
    row_ids = {row.id for row in owned}
    own_id = request.identity.session_row_id
    ended = _end(request, row_ids - {own_id})
    if own_id in row_ids:
        return _sign_out(request)
    _flash_count(request, ended, already=len(row_ids) - ended)
    return HTTPSeeOther(request.route_path("account"))


def _end(request: Request, row_ids: Iterable[int]) -> int:
    wanted = sorted(row_ids)
    own_id = request.identity.session_row_id
    locked = ending.lock_alive(
        request.dbsession,
        Session.id.in_(wanted),
        own_id=own_id,
        now=request.now,
        limits=_limits(request),
    )
    return _end_rows(request, [row for row in locked if row.id in wanted])


def _end_rows(request: Request, rows: Iterable[Session]) -> int:
    return ending.end(
        request.dbsession,
        rows,
        reason=EndReason.ENDED_BY_OWNER,
        actor=request.actor,
        now=request.now,
    )


def _sign_out(request: Request) -> Response:
    sessions.end(request)
    request.session.flash("You are signed out.")
    return HTTPSeeOther(request.route_path("account"))


def _flash_count(request: Request, ended: int, *, already: int) -> None:
    said = f"{plural(ended, 'session')} ended." if ended else "No other session was signed in."
    if already:
        said = f"{plural(ended, 'session')} ended; {already} had already ended."
    request.session.flash(said)


def _limits(request: Request) -> Limits:
    return limits_of(request, request.presented_session.live)
