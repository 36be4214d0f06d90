"""``/admin/audit``: what happened, to whom, by whom; and what was refused."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from govapp import policy
from govapp.admin import acting, audit_list, listing, words
from govapp.admin.listing import Page
from govapp.admin.sight import sight
from govapp.facts import settings_of
from govapp.forms import Rejected
from govapp.policy import Permission

FILTERS = ("event", "actor", "subject", "session", "outcome")


@view_config(
    route_name="admin.audit",
    request_method="GET",
    renderer="templates/audit_list.jinja2",
    permission=Permission.AUDIT_READ,
)
def list_events(request: Request) -> dict[str, Any]:
    """List the events that concern whom the requester's grants cover."""
    identity = request.identity
    typed = listing.typed(request.GET, FILTERS)
    try:
        filters = audit_list.parse(request.GET)
        at = listing.serial_cursor(request.GET, settings_of(request).secrets)
    except Rejected as rejected:
        acting.rejected(request, rejected)
        return _page(Page(), typed, errors={rejected.field: rejected.message})
    page = audit_list.page(
        request.dbsession,
        filters,
        sight(identity.grants, Permission.AUDIT_READ),
        policy.scope(identity.grants, Permission.USER_LIST),
        at,
        viewer_id=identity.user_id,
        secrets=settings_of(request).secrets,
    )
    acting.looked_at(request, "admin.audit", details=filters.impersonal)
    return _page(page, typed)


def _page(
    page: Page, typed: dict[str, str], *, errors: dict[str, str] | None = None
) -> dict[str, Any]:
    events = sorted(words.EVENTS.items(), key=lambda pair: pair[1])
    return {
        "page": page,
        "typed": typed,
        "used": {name: text for name, text in typed.items() if text and not errors},
        "errors": errors or {},
        "event_options": [("", "Any"), *((str(name), text) for name, text in events)],
        "outcome_options": [("", "Any"), *audit_list.OUTCOMES.items()],
    }
