"""``/admin/groups``: groups, and the permissions that they hold over whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from govapp import giving, policy, powers
from govapp.admin import acting, group_list, listing, words
from govapp.admin.sight import Sight, sight
from govapp.facts import settings_of
from govapp.forms import Rejected, line, posted
from govapp.giving import Refused
from govapp.models import Membership, Session
from govapp.policy import EVERYONE, MEANING, Grant, Permission
from govapp.resources import GroupResource
from govapp.sessions import ending

LIST = "templates/groups_list.jinja2"
DETAIL = "templates/groups_detail.jinja2"


@view_config(
    route_name="admin.groups",
    request_method="GET",
    renderer=LIST,
    permission=Permission.GRANT_MANAGE,
)
def list_groups(request: Request) -> dict[str, Any]:
    """List the groups over which the requester may change grants."""
    return _list_page(request)


@view_config(
    route_name="admin.groups",
    request_method="POST",
    require_csrf=True,
    renderer=LIST,
    permission=Permission.GRANT_MANAGE,
    fresh=True,
)
def create_group(request: Request) -> Any:
    """Create an empty group; for those who may manage grants over everyone."""
    try:
        with acting.undone_if_refused(request):
            name = line(request, "name", label="A name")
            giving.create_group(request.dbsession, name, actor=request.actor, now=request.now)
    except Refused as refusal:
        errors = {"name": acting.refused(request, refusal)}
        return _list_page(request, errors=errors, typed=posted(request, "name"))
    except Rejected as rejected:
        acting.rejected(request, rejected)
        errors = {rejected.field: rejected.message}
        return _list_page(request, errors=errors, typed=posted(request, "name"))
    request.session.flash(f"The group {name} is created. It has no members and no permissions yet.")
    return HTTPSeeOther(request.route_path("admin.group", name=name))


def _list_page(
    request: Request, *, errors: dict[str, str] | None = None, typed: str = ""
) -> dict[str, Any]:
    seen = _sight(request)
    return {
        "rows": group_list.rows(request.dbsession, seen),
        "cap": listing.COUNT_CAP,
        "told": lambda grants: words.grants(grants, known=seen.knows),
        "may_create": EVERYONE in seen.people,
        "errors": errors or {},
        "typed": typed,
    }


@view_config(
    route_name="admin.group",
    request_method="GET",
    renderer=DETAIL,
    permission=Permission.GRANT_MANAGE,
)
def show_group(context: GroupResource, request: Request) -> dict[str, Any]:
    """Show what a group holds."""
    return _detail_page(context, request)


@view_config(
    route_name="admin.group",
    request_method="POST",
    require_csrf=True,
    renderer=DETAIL,
    permission=Permission.GRANT_MANAGE,
    fresh=True,
)
def change_grants(context: GroupResource, request: Request) -> Any:
    """Give a group a permission, or take one away; nobody gives what they do not hold."""
    change: Callable[[], str] | None = {
        "add": lambda: _add(context, request),
        "remove": lambda: _remove(context, request),
    }.get(posted(request, "action"))
    try:
        with acting.undone_if_refused(request):
            if change is None:
                raise Rejected("permission", "Choose whether to give the permission or take it.")
            said = change()
    except Refused as refusal:
        errors = {"rule": acting.refused(request, refusal)}
        return _detail_page(context, request, errors=errors)
    except Rejected as rejected:
        acting.rejected(request, rejected)
        return _detail_page(context, request, errors={rejected.field: rejected.message})
    request.session.flash(said)
    return HTTPSeeOther(request.route_path("admin.group", name=context.group.name))


def _add(context: GroupResource, request: Request) -> str:
    name, grant = context.group.name, _posted_grant(request)
    members = select(Membership.user_id).where(Membership.group_name == name)
    _lock_sessions(request, Session.user_id.in_(members))
    added = giving.add_grant(
        request.dbsession,
        name,
        grant,
        giver=acting.giver(request),
        actor=request.actor,
        now=request.now,
        staff_limits=acting.staff_limits_of(request),
    )
    return (
        f"{name} now holds {policy.str_of(grant)}."
        if added
        else f"{name} held {policy.str_of(grant)} already."
    )


def _remove(context: GroupResource, request: Request) -> str:
    name, grant = context.group.name, _posted_grant(request)
    _lock_sessions(request, Session.id == request.identity.session_row_id)
    removed = giving.remove_grant(
        request.dbsession,
        name,
        grant,
        giver=acting.giver(request),
        actor=request.actor,
        now=request.now,
    )
    left = powers.of_user(request.dbsession, request.identity.user_id)
    acting.require_still_held(left, Permission.GRANT_MANAGE, [name])
    return (
        f"{name} no longer holds {policy.str_of(grant)}." if removed else f"{name} did not hold it."
    )


def _posted_grant(request: Request) -> Grant:
    permission = line(request, "permission", label="A permission")
    over = line(request, "over", label="Over whom")
    reachable = _sight(request).people
    if over != EVERYONE and not policy.covers(reachable, [over]):
        # Worded like a group that is not there.
        raise Refused(f"There is no group {over[:40]!r}.")
    return Grant(permission, over)


def _lock_sessions(request: Request, where: Any) -> None:
    ending.lock_alive(
        request.dbsession,
        where,
        own_id=request.identity.session_row_id,
        now=request.now,
        limits=settings_of(request).user_limits,
    )


def _detail_page(
    context: GroupResource, request: Request, *, errors: dict[str, str] | None = None
) -> dict[str, Any]:
    name, seen = context.group.name, _sight(request)
    rows = group_list.rows(request.dbsession, seen)
    (row,) = (row for row in rows if row.name == name)
    everyone = [(EVERYONE, "everyone")] if EVERYONE in seen.people else []
    return {
        "name": name,
        "members": row.members,
        "cap": listing.COUNT_CAP,
        "grants": [
            grant for grant in row.grants if grant.over == EVERYONE or seen.knows(grant.over)
        ],
        "meaning": {str(permission): text for permission, text in MEANING.items()},
        "over_words": words.over,
        "permission_options": [
            ("", "Choose"),
            *((str(p), f"{p}: {MEANING[p]}") for p in Permission),
        ],
        "over_options": [("", "Choose"), *everyone, *((other.name, other.name) for other in rows)],
        "may_list_users": request.identity.covers(Permission.USER_LIST, frozenset({name})),
        "errors": errors or {},
        # What was to be taken away is not offered as what to give.
        "typed": {
            field: posted(request, field)[:100] if posted(request, "action") == "add" else ""
            for field in ("permission", "over")
        },
    }


def _sight(request: Request) -> Sight:
    return sight(request.identity.grants, Permission.GRANT_MANAGE)
