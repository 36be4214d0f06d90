"""``/welcome``: a one-time link to set a password (S-118).

The token leaves the address bar at once: it moves into the visit cookie. Setting the password
ends every session of the person and signs nobody in.
"""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from govapp import db, passwords, users
from govapp.attempts import hasher_of
from govapp.audit import Actor, Event
from govapp.facts import settings_of
from govapp.forms import posted
from govapp.models import User
from govapp.policy import EndReason
from govapp.sessions import ending
from govapp.throttle import reset, sign_in_buckets

TEMPLATE = "templates/welcome.jinja2"


@view_config(route_name="welcome-link", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def take_link(request: Request) -> Response:
    """Move the token from the address into the visit cookie."""
    request.session.remember("link", request.matchdict["token"][:100])
    return HTTPSeeOther(request.route_path("welcome"))


@view_config(
    route_name="welcome",
    request_method="GET",
    renderer=TEMPLATE,
    permission=NO_PERMISSION_REQUIRED,
)
def form(request: Request) -> dict[str, Any]:
    """Ask for a password, if the link is good."""
    return _page(_holder(request))


@view_config(
    route_name="welcome",
    request_method="POST",
    require_csrf=True,
    renderer=TEMPLATE,
    permission=NO_PERMISSION_REQUIRED,
)
def set_password(request: Request) -> Any:
    """Set the password and use the link up."""
    holder = _holder(request)
    new = posted(request, "new")
    problem = passwords.problem(new, about=[holder.login, holder.name])
    if problem is not None:
        request.response.status_int = 400
        return _page(holder, error=problem)
    password_hash = hasher_of(request).hash(new)

    dbsession = request.dbsession
    actor = Actor(user_id=holder.id, address=request.source_address, request_id=request.request_id)
    # Sessions are locked before people, everywhere: nobody waits in a circle.
    ending.end_all_of(
        dbsession,
        holder.id,
        own_id=None,
        reason=EndReason.PASSWORD_CHANGED,
        actor=actor,
        now=request.now,
        limits=settings_of(request).user_limits,
    )
    user = users.use_link(dbsession, request.session.recall("link") or "", now=request.now)
    if user is None:
        raise _refused(request)
    users.set_password(dbsession, user, password_hash, actor=actor, now=request.now)
    # Whoever guessed at the old password does not keep the owner from using the new one (S-108).
    counted = sign_in_buckets(user.login_key, request.source_address)
    buckets = [bucket for bucket in counted if bucket.hard_stop]
    request.after_commit(lambda independent: reset(independent, buckets, now=request.now))
    request.session.forget("link")
    request.session.flash("Your password is set. Sign in with it.")
    return HTTPSeeOther(request.route_path("sign-in"))


def _holder(request: Request) -> User:
    """Return whom the link in the visit cookie belongs to. Raises HTTPNotFound."""
    # Outside the transaction: a hash is computed before its first statement (invariant 13).
    link = request.session.recall("link")
    holder = db.read(
        request.registry, lambda reader: users.link_holder(reader, link, now=request.now)
    )
    if holder is None:
        raise _refused(request)
    return holder


def _refused(request: Request) -> HTTPNotFound:
    request.report(Event.LINK_REFUSED, reason="unknown, used or too old")
    return HTTPNotFound()


def _page(holder: User, *, error: str | None = None) -> dict[str, Any]:
    return {"login": holder.login, "name": holder.name, "error": error}
