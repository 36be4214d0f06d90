"""What can be attacked: routes as the application has them, and every name that it reads.

A new route is attacked by itself. A field, filter or header that is new must be entered here:
``test_everything_is_attacked.py`` fails until it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# What a POST to each route may carry, but for the token, and what would be in order there.
# A word in braces is something of the site that is attacked (tests.hostile.site.Site.refs).
FIELDS = {
    "sign-in": {
        "login": ["bea", "BEA ", "nobody"],
        "password": ["{password}"],
        "next": ["/account/password", "/"],
    },
    "sign-out": {},
    "confirm": {"password": ["{password}"], "next": ["/admin"], "login": ["bea"]},
    "welcome": {"new": ["{new password}"], "login": ["bea"]},
    "account.password": {
        "current": ["{password}"],
        "new": ["{new password}"],
        "end_others": ["1"],
        "login": ["bea"],
    },
    "account.revocations": {
        "which": ["others", "all", "selected"],
        "id": ["{own session}", "{other session}", "{ended session}", "{foreign session}"],
    },
    "account.revocation": {},
    "admin.session.revocation": {"reason": ["lost laptop"]},
    "admin.users.search": {"q": ["bea", "ada@example.org"]},
    "admin.user.revocation": {"reason": ["lost laptop"]},
    "admin.user.status": {"status": ["disabled", "enabled"]},
    "admin.user.groups": {"action": ["add", "remove"], "group": ["customers", "support"]},
    "admin.groups": {"name": ["newcomers", "customers"]},
    "admin.group": {
        "action": ["add", "remove"],
        "permission": ["session:list", "user:manage"],
        "over": ["*", "customers"],
    },
}
# Who may send such a form.
SENDERS = {
    "sign-in": "anonymous",
    "sign-out": "customer",
    "confirm": "customer",
    "welcome": "anonymous",
    "account.password": "customer",
    "account.revocations": "customer",
    "account.revocation": "customer",
    "admin.session.revocation": "administrator",
    "admin.users.search": "administrator",
    "admin.user.revocation": "administrator",
    "admin.user.status": "administrator",
    "admin.user.groups": "administrator",
    "admin.groups": "administrator",
    "admin.group": "administrator",
}
# What is read from the query string of each route.
KEYS = {
    "sign-in": {"next": ["/account/password"]},
    "confirm": {"next": ["/admin"]},
    "admin.sessions": {
        "user": ["bea", "{customer}"],
        "group": ["customers"],
        "state": ["live", "ended", "all"],
        "address": ["198.51.100.0/24", "2001:db8::/48", "127.0.0.1"],
        "device": ["Firefox on Linux", "fire"],
        "idle": ["1800", "604800"],
        "cursor": ["after-{sealed 3}", "before-{sealed 3}"],
    },
    "admin.users": {
        "q": ["be", "{customer}"],
        "group": ["customers"],
        "cursor": ["after-{customer}", "before-{customer}"],
    },
    "admin.audit": {
        "event": ["session_ended", "authn_login_success"],
        "actor": ["system", "{customer}"],
        "subject": ["{customer}"],
        "session": ["{other session}"],
        "outcome": ["success", "refused"],
        "cursor": ["after-{sealed 3}", "before-{sealed 3}"],
    },
}
# What a placeholder of a pattern may be filled with, where that names something.
NAMED = {
    "account.revocation": ["{own session}", "{other session}", "{ended session}"],
    "admin.session": ["{own session}", "{other session}", "{ended session}"],
    "admin.session.revocation": ["{own session}", "{other session}", "{ended session}"],
    "admin.user": ["{customer}", "{staff}", "{administrator}"],
    "admin.user.revocation": ["{customer}", "{staff}", "{administrator}"],
    "admin.user.status": ["{customer}", "{staff}", "{administrator}"],
    "admin.user.groups": ["{customer}", "{staff}", "{administrator}"],
    "admin.group": ["customers", "support", "admins"],
    "welcome-link": ["{link}"],
    "__static/": ["govapp.css", "govapp.js"],
}
# Every header that govapp, WebOb or Pyramid look at on its behalf.
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Host",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Origin",
    "Range",
    "Referer",
    "Sec-Fetch-Site",
    "User-Agent",
    "X-CSRF-Token",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
)
_PLACEHOLDER = re.compile(r"\{(\w+)(?::[^/]*)?\}|\*(\w+)")


@dataclass(frozen=True)
class Route:
    """A route by its name, as its pattern without the rules for what may stand in it."""

    name: str
    template: str
    methods: frozenset[str]

    @property
    def placeholders(self):
        return re.findall(r"\{(\w+)\}", self.template)


def named(route, value=None):
    """Return the path of a route, unquoted, with this value or the first that names something."""
    path = route.template.encode()
    for placeholder in route.placeholders:
        chosen = NAMED[route.name][0].encode() if value is None else value
        path = path.replace(b"{" + placeholder.encode() + b"}", chosen)
    return path


def routes(introspector):
    """Return every route with the methods that its views answer."""
    answered = {}
    for found in introspector.get_category("views"):
        view = found["introspectable"]
        named = view["request_methods"]
        methods = {named} if isinstance(named, str) else set(named or ("GET", "POST"))
        answered.setdefault(view["route_name"], set()).update(methods)
    return [
        Route(route["name"], _template(route["pattern"]), frozenset(answered[route["name"]]))
        for route in (found["introspectable"] for found in introspector.get_category("routes"))
    ]


def _template(pattern):
    bare = _PLACEHOLDER.sub(lambda match: "{" + (match[1] or match[2]) + "}", pattern)
    return bare if bare.startswith("/") else f"/{bare}"
