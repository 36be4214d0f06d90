"""What staff change about a person: end their sessions, disable or enable, move between groups.

Each locks the actor's own and the person's sessions in one statement first, and stands or falls
as a whole: a refusal shows the page again, with nothing kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from govapp import giving, policy, powers, sessions, users
from govapp.admin import acting
from govapp.admin.sight import sight
from govapp.admin.users import DETAIL, detail_page
from govapp.filters import plural
from govapp.forms import Rejected, line, posted
from govapp.giving import Refused
from govapp.models import Session, user_subject
from govapp.policy import EndReason, Permission
from govapp.resources import UserResource
from govapp.sessions import ending


@view_config(
    route_name="admin.user.revocation",
    request_method="POST",
    require_csrf=True,
    renderer=DETAIL,
    permission=Permission.SESSION_REVOKE,
    fresh=True,
)
def end_all(context: UserResource, request: Request) -> Any:
    """End all of a person's sessions, with a reason that is kept."""

    def change() -> str:
        reason = line(request, "reason", label="A reason")
        ended = ending.end_all_of(
            request.dbsession,
            context.user_id,
            own_id=request.identity.session_row_id,
            reason=EndReason.ENDED_BY_STAFF,
            actor=request.actor,
            now=request.now,
            limits=acting.limits_of(request, context.power),
            note=reason,
            after_lock=lambda: _prove_own(context, request),
        )
        if _is_self(context, request):
            request.session.leave()
            return "You are signed out everywhere."
        return f"{plural(ended, 'session')} ended." if ended else "No session was live any more."

    return _changed(context, request, change)


@view_config(
    route_name="admin.user.status",
    request_method="POST",
    require_csrf=True,
    renderer=DETAIL,
    permission=Permission.USER_MANAGE,
    fresh=True,
)
def set_status(context: UserResource, request: Request) -> Any:
    """Disable a person, which ends their sessions, or enable them, which revives none."""

    def change() -> str:
        status = posted(request, "status")
        if status not in {"disabled", "enabled"}:
            raise Rejected("status", "Choose whether the account is to be disabled or enabled.")
        _lock_sessions(context, request)
        # Sessions, then the instant, then the person: as sign-ins do, so nobody waits in a circle.
        ending.lock_instant(request.dbsession, user_subject(context.user_id))
        user = users.locked(request.dbsession, context.user_id)
        if user is None:
            raise HTTPNotFound
        if user.active == (status == "enabled"):
            return f"The account was {status} already."
        if status == "enabled":
            users.enable(request.dbsession, user, actor=request.actor, now=request.now)
            return "The account is enabled: this person can sign in again."
        _prove_own(context, request)
        ended = users.disable(
            request.dbsession,
            user,
            own_id=request.identity.session_row_id,
            actor=request.actor,
            now=request.now,
            limits=acting.limits_of(request, context.power),
        )
        if _is_self(context, request):
            request.session.leave()
        return f"The account is disabled; {plural(ended, 'session')} ended."

    return _changed(context, request, change)


@view_config(
    route_name="admin.user.groups",
    request_method="POST",
    require_csrf=True,
    renderer=DETAIL,
    permission=Permission.USER_MANAGE,
    fresh=True,
)
def change_groups(context: UserResource, request: Request) -> Any:
    """Put a person into a group, or take them out of one."""

    def change() -> str:
        group = line(request, "group", label="A group")
        action = posted(request, "action")
        if action not in {"add", "remove"}:
            raise Rejected("group", "Choose whether to add the person or to remove them.")
        managing = sight(request.identity.grants, Permission.USER_MANAGE)
        if not policy.covers(managing.people, [group]):
            # Worded like a group that is not there.
            raise Refused(f"There is no group {group[:40]!r}.")
        _lock_sessions(context, request)
        if action == "add":
            return _add(context, request, group)
        return _remove(context, request, group)

    return _changed(context, request, change)


def _add(context: UserResource, request: Request, group: str) -> str:
    added = giving.add_member(
        request.dbsession,
        group,
        context.user_id,
        giver=acting.giver(request),
        actor=request.actor,
        now=request.now,
        staff_limits=acting.staff_limits_of(request),
    )
    return f"Added to {group}." if added else f"This person was in {group} already."


def _remove(context: UserResource, request: Request, group: str) -> str:
    removed = giving.remove_member(
        request.dbsession,
        group,
        context.user_id,
        giver=acting.giver(request),
        actor=request.actor,
        now=request.now,
    )
    if removed and _is_self(context, request):
        left = powers.of_user(request.dbsession, context.user_id)
        acting.require_still_held(left, Permission.USER_MANAGE, left.groups)
    return f"Removed from {group}." if removed else f"This person was not in {group}."


# ---------------------------------------------------------------- shared


def _changed(context: UserResource, request: Request, change: Callable[[], str]) -> Any:
    """Do it, say so and go back to the person; or say on the page why it was not done."""
    try:
        with acting.undone_if_refused(request):
            said = change()
    except Refused as refusal:
        return _again(context, request, {"rule": acting.refused(request, refusal)})
    except Rejected as rejected:
        acting.rejected(request, rejected)
        return _again(context, request, {rejected.field: rejected.message})
    request.session.flash(said)
    return _back(context, request)


def _again(context: UserResource, request: Request, errors: dict[str, str]) -> dict[str, Any]:
    acting.require_page(context, Permission.USER_LIST, next(iter(errors.values())))
    return detail_page(context, request, errors=errors)


def _back(context: UserResource, request: Request) -> Response:
    """Go back to the person, or to what is left to see after they went out of reach."""
    identity = request.identity
    if request.session.left or not identity.holds(Permission.USER_LIST):
        return HTTPSeeOther(request.route_path("home"))
    groups = powers.of_user(request.dbsession, context.user_id).groups
    if not identity.covers(Permission.USER_LIST, groups):
        return HTTPSeeOther(request.route_path("admin.users"))
    return HTTPSeeOther(request.route_path("admin.user", id=context.user_id))


def _is_self(context: UserResource, request: Request) -> bool:
    return bool(context.user_id == request.identity.user_id)


def _prove_own(context: UserResource, request: Request) -> None:
    """Of somebody who is about to end their own sessions, see that this one lives, under lock."""
    if _is_self(context, request):
        sessions.require_alive(request)


def _lock_sessions(context: UserResource, request: Request) -> None:
    ending.lock_alive(
        request.dbsession,
        Session.user_id == context.user_id,
        own_id=request.identity.session_row_id,
        now=request.now,
        limits=acting.limits_of(request, context.power),
    )
