"""``/sign-in`` and ``/sign-out``."""

from __future__ import annotations

from typing import Any

from pyramid.csrf import check_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from govapp import audit, db, sessions, users
from govapp.attempts import hasher_of, reserve, too_many
from govapp.audit import Event
from govapp.forms import posted
from govapp.models import User
from govapp.paths import local_path
from govapp.returning import page_to_return_to
from govapp.sessions.store import BeganTooLate
from govapp.signin.words import why
from govapp.throttle import Throttled, reset, sign_in_buckets

WRONG = "Login or password is not right. Check both and try again."
TEMPLATE = "templates/sign_in.jinja2"


@view_config(
    route_name="sign-in",
    request_method="GET",
    renderer=TEMPLATE,
    permission=NO_PERMISSION_REQUIRED,
)
def form(request: Request) -> Any:
    """Show the form, and why the last session ended if it just did."""
    if request.identity is not None:
        return HTTPSeeOther("/")
    reason = request.session.forget("why") or request.presented_session.over
    return _page(next_path=request.GET.get("next"), why_over=why(reason))


@view_config(
    route_name="sign-in",
    request_method="POST",
    require_csrf=True,
    renderer=TEMPLATE,
    permission=NO_PERMISSION_REQUIRED,
)
def sign_in(request: Request) -> Any:
    """Begin a session for whoever gives the right login and password."""
    login, password = posted(request, "login"), posted(request, "password")
    buckets = sign_in_buckets(users.login_key(login), request.source_address)
    try:
        reserve(request, buckets)
    except Throttled as throttled:
        return too_many(request, throttled, Event.SIGN_IN_THROTTLED)

    # Everything up to here, and the hash, happens before the request's first statement, so that
    # hashing never holds SQLite's one write lock.
    user, new_hash = _verified(request, login, password)
    if user is None or not _begin(request, user, new_hash):
        request.report(Event.SIGN_IN_FAILED, reason="credentials")
        request.response.status_int = 400
        return _page(login=login, next_path=posted(request, "next"), error=WRONG)
    request.after_commit(lambda dbsession: reset(dbsession, buckets, now=request.now))
    return HTTPSeeOther(page_to_return_to(request, posted(request, "next")))


def _verified(request: Request, login: str, password: str) -> tuple[User | None, str | None]:
    """Return the active person whose password this is, and a new hash if theirs is outdated."""
    hasher = hasher_of(request)
    user = None
    if users.is_login(login):
        user = db.read(request.registry, lambda reader: users.by_login(reader, login))
    stored = user.password_hash if user is not None and user.active else None
    is_right = hasher.verify(stored, password)
    if user is None or stored is None or not is_right:
        return None, None
    outdated = hasher.needs_rehash(stored)
    return user, hasher.hash(password) if outdated else None


def _begin(request: Request, user: User, new_hash: str | None) -> bool:
    """Begin the session; False if the person was disabled or changed the password meanwhile."""
    dbsession = request.dbsession
    try:
        row = sessions.begin(request, user.id, method="password")
    except BeganTooLate:
        return False
    # Sessions and instants are locked before people, everywhere: nobody waits in a circle.
    current = users.unchanged_since(dbsession, user, exclusive=new_hash is not None)
    if current is None:
        request.session.abandon()
        return False
    if new_hash is not None:
        current.password_hash = new_hash
    audit.record(
        dbsession,
        Event.SIGNED_IN,
        actor=sessions.actor_of(request, row),
        now=request.now,
        subject_id=user.id,
    )
    return True


def _page(
    *,
    login: str = "",
    next_path: str | None = None,
    why_over: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    return {
        "login": login,
        "next_path": local_path(next_path) or "",
        "why_over": why_over,
        "error": error,
    }


@view_config(
    route_name="sign-out",
    request_method="POST",
    permission=NO_PERMISSION_REQUIRED,
    require_csrf=False,
)
def sign_out(request: Request) -> Response:
    """End this session; without a live one there is nothing to protect, and nothing to end."""
    response = HTTPSeeOther(request.route_path("sign-in"))
    if request.identity is not None:
        check_csrf_token(request)
        sessions.end(request)
        request.session.remember("why", "signed-out")
    return response
