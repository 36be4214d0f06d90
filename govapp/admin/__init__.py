"""The admin pages: who is signed in, and ending it; users, groups and the audit trail.

``config.include("govapp.admin")`` needs ``govapp.security`` and ``govapp.ui``. Every page shows
only whom the requester's grants cover: lists, searches, counts, the options of filters, and
details. Addresses, and logins that are e-mail addresses, are masked unless ``pii:view`` covers
the person. No e-mail address stands in a URL.

============================  =====================  ==========================================
page                          permission             does
============================  =====================  ==========================================
``/admin``                    ``admin:view``         the figures that matter now
``/admin/sessions``           ``session:list``       find a session; its page tells all about it
``…/sessions/{id}/…``         ``session:revoke``     end it, with a reason that is kept
``/admin/users``              ``user:list``          find a person, and see their sessions
``…/users/{id}/…``            ``user:manage``        disable, enable, change groups
``/admin/groups``             ``grant:manage``       groups, and what they may do
``/admin/audit``              ``audit:read``         what happened, and what was refused
============================  =====================  ==========================================

Changes need a recent proof of identity (``govapp.freshness``). Looking at other people's
sessions is itself recorded, as ``sensitive_read``.
"""

from __future__ import annotations

from pyramid.config import Configurator

from govapp import resources
from govapp.policy import Permission

ID = "{id:[0-9a-f]{32}}"
NAME = "{name:[a-z][a-z0-9-]{0,39}}"


def includeme(config: Configurator) -> None:
    """Add the routes, their places in the top bar, and the views."""
    config.include("govapp.ui")
    config.include("govapp.freshness")
    for label, route_name, permission in (
        ("Overview", "admin", Permission.ADMIN_VIEW),
        ("Sessions", "admin.sessions", Permission.SESSION_LIST),
        ("Users", "admin.users", Permission.USER_LIST),
        ("Groups", "admin.groups", Permission.GRANT_MANAGE),
        ("Audit", "admin.audit", Permission.AUDIT_READ),
    ):
        config.add_nav_item("admin", label, route_name, permission)
    for route_name, pattern, factory in (
        ("admin", "/admin", resources.Site),
        ("admin.sessions", "/admin/sessions", resources.Site),
        ("admin.session", f"/admin/sessions/{ID}", resources.session),
        ("admin.session.revocation", f"/admin/sessions/{ID}/revocation", resources.session),
        ("admin.users", "/admin/users", resources.Site),
        ("admin.users.search", "/admin/users/search", resources.Site),
        ("admin.user", f"/admin/users/{ID}", resources.user),
        ("admin.user.revocation", f"/admin/users/{ID}/revocation", resources.user),
        ("admin.user.status", f"/admin/users/{ID}/status", resources.user),
        ("admin.user.groups", f"/admin/users/{ID}/groups", resources.user),
        ("admin.groups", "/admin/groups", resources.groups),
        ("admin.group", f"/admin/groups/{NAME}", resources.group),
        ("admin.audit", "/admin/audit", resources.Site),
    ):
        config.add_route(route_name, pattern, factory=factory)
    config.scan("govapp.admin")
