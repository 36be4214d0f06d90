"""``/admin/users``: find a person, see where they are signed in, and what they belong to."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from govapp import policy, users
from govapp.admin import acting, listing, session_list, user_detail, user_list, words
from govapp.admin.listing import Page
from govapp.admin.sight import sight
from govapp.forms import Rejected, posted
from govapp.models import User
from govapp.policy import Permission
from govapp.resources import UserResource
from govapp.scoping import covered

LIST = "templates/users_list.jinja2"
DETAIL = "templates/users_detail.jinja2"
FILTERS = ("q", "group")


@view_config(
    route_name="admin.users",
    request_method="GET",
    renderer=LIST,
    permission=Permission.USER_LIST,
)
def list_users(request: Request) -> dict[str, Any]:
    """List the people that the requester's grants cover and that match the filters."""
    typed = listing.typed(request.GET, FILTERS)
    try:
        filters = user_list.parse(request.GET)
        at = listing.cursor(request.GET)
    except Rejected as rejected:
        acting.rejected(request, rejected)
        return _list_page(request, Page(), typed, errors={rejected.field: rejected.message})
    identity = request.identity
    page = user_list.page(
        request.dbsession,
        filters,
        sight(identity.grants, Permission.USER_LIST),
        policy.scope(identity.grants, Permission.SESSION_LIST),
        at,
        acting.lifetimes_of(request),
    )
    return _list_page(request, page, typed)


@view_config(
    route_name="admin.users.search",
    request_method="POST",
    require_csrf=True,
    renderer=LIST,
    permission=Permission.USER_LIST,
)
def find_user(request: Request) -> Any:
    """Go to the person with exactly this login, which may be an e-mail address."""
    login = posted(request, "q")
    scope = policy.scope(request.identity.grants, Permission.USER_LIST)
    found = None
    if users.is_login(login):
        found = request.dbsession.scalar(
            select(User.id).where(User.login_key == users.login_key(login), covered(User.id, scope))
        )
    if found is not None:
        return HTTPSeeOther(request.route_path("admin.user", id=found))
    request.response.status_int = 400
    message = "Nobody that you may see has exactly this login."
    typed = listing.typed({}, FILTERS)
    return _list_page(request, Page(), typed, errors={"login": message}, login=login)


def _list_page(
    request: Request,
    page: Page,
    typed: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    login: str = "",
) -> dict[str, Any]:
    seen = sight(request.identity.grants, Permission.USER_LIST)
    groups = session_list.groups(request.dbsession, seen)
    return {
        "page": page,
        "typed": typed,
        "used": {name: text for name, text in typed.items() if text and not errors},
        "errors": errors or {},
        "login": login,
        "group_options": [("", "Any"), *((name, name) for name in groups)],
    }


@view_config(
    route_name="admin.user",
    request_method="GET",
    renderer=DETAIL,
    permission=Permission.USER_LIST,
)
def show_user(context: UserResource, request: Request) -> dict[str, Any]:
    """Show a person: groups, live sessions, and what the requester may do about them."""
    return detail_page(context, request)


def detail_page(
    context: UserResource, request: Request, *, errors: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return what a person's page shows, also after a form of it was refused.

    Whoever is shown it has looked at that person's sessions, and that is recorded.
    """
    identity, user = request.identity, context.user
    if context.user_id != identity.user_id:
        acting.looked_at(request, "admin.user", subject_id=context.user_id)
    managing = sight(identity.grants, Permission.USER_MANAGE)
    full = context.decide(Permission.PII_VIEW).allowed
    detail = user_detail.read(
        request.dbsession, user, managing, acting.lifetimes_of(request), full=full
    )
    may_list = context.decide(Permission.SESSION_LIST).allowed
    groups = managing.groups(context.power.groups)
    return {
        "user": user,
        "name": words.person(user.name, full=full),
        "login": words.person(user.login, full=full),
        "is_self": user.id == identity.user_id,
        "current": identity.session_row_id,
        "groups": groups,
        "removable": [name for name in groups if policy.covers(managing.people, [name])],
        "group_options": [
            ("", "Choose"),
            *((name, name) for name in detail.groups if name not in groups),
        ],
        "may_list": may_list,
        "sessions": detail.sessions if may_list else [],
        "has_more": detail.has_more,
        "may_end": context.decide(Permission.SESSION_REVOKE).allowed,
        "why_not_end": acting.why_not(context, Permission.SESSION_REVOKE),
        "may_manage": context.decide(Permission.USER_MANAGE).allowed,
        "why_not_manage": acting.why_not(context, Permission.USER_MANAGE),
        "may_read_audit": context.decide(Permission.AUDIT_READ).allowed,
        "errors": errors or {},
        "typed": {field: posted(request, field)[:2000] for field in ("reason", "group", "action")},
    }
