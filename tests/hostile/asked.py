"""When a request rightly asks for a change, and what it may change then: said independently."""

from __future__ import annotations

import re

from tests.hostile.answers import UNDISPLAYABLE
from tests.hostile.surface import NAMED

SESSIONS = {"govapp_session", "govapp_audit_event"}
INSTANT = {"govapp_not_before"}
PERSON = {"govapp_user", "govapp_one_time_link"}
# The tables that a form in order may change.
CHANGES = {
    "sign-in": SESSIONS,
    "sign-out": SESSIONS,
    "confirm": SESSIONS,
    "welcome": SESSIONS | INSTANT | PERSON,
    "account.password": SESSIONS | PERSON,
    "account.revocations": SESSIONS | INSTANT,
    "account.revocation": SESSIONS,
    "admin.session.revocation": SESSIONS,
    "admin.user.revocation": SESSIONS | INSTANT,
    "admin.user.status": SESSIONS | INSTANT | {"govapp_user"},
    "admin.user.groups": SESSIONS | {"govapp_membership"},
    "admin.groups": SESSIONS | {"govapp_group"},
    "admin.group": SESSIONS | {"govapp_grant"},
}


def asked(site, who, route, path, fields):
    """Tell whether a POST, by its fields, is one that this person may rightly send.

    Necessary, not sufficient: what is not asked for must change nothing.
    """
    form = {}
    for name, value in fields:
        try:
            form.setdefault(name.decode(), []).append(value.decode())
        except UnicodeDecodeError:
            # Nothing of a form that is no text counts.
            return False
    judge = ASKED.get(route.name)
    if judge is None or (route.name in NEED_A_SESSION and who == "anonymous"):
        return False
    if route.name.startswith("admin.") and who != "administrator":
        return False
    if route.placeholders and path.decode("latin-1") not in _named_paths(site, who, route):
        return False
    return judge(site, form)


def _named_paths(site, who, route):
    (placeholder,) = route.placeholders
    names = [site.resolve(name.encode(), who).decode() for name in NAMED[route.name]]
    return {route.template.replace("{" + placeholder + "}", name) for name in names}


def _any(form, name, test):
    return any(test(value) for value in form.get(name, []))


def _is(form, name, *values):
    return _any(form, name, lambda value: value in values)


def _a_line(form, name):
    def is_line(text):
        shown = " ".join(text.split())
        return 0 < len(shown) <= 500 and not UNDISPLAYABLE.search(shown)

    return _any(form, name, is_line)


def _selected(site, form):
    own = {site.resolve(name, who).decode() for who in ("customer", "administrator")
           for name in (b"{own session}", b"{other session}", b"{ended session}")}  # fmt: skip
    return _is(form, "which", "selected") and set(form.get("id", ["none"])) <= own


NEED_A_SESSION = {
    "sign-out",
    "confirm",
    "account.password",
    "account.revocation",
    "account.revocations",
}
ASKED = {
    "sign-in": lambda site, form: (
        _any(form, "login", lambda text: text.strip().casefold() in {"bea", "ada@example.org"})
        and _is(form, "password", site.refs["{password}"])
    ),
    "sign-out": lambda site, form: True,
    "confirm": lambda site, form: _is(form, "password", site.refs["{password}"]),
    "welcome": lambda site, form: _any(form, "new", lambda text: 15 <= len(text) <= 1024),
    "account.password": lambda site, form: (
        _is(form, "current", site.refs["{password}"])
        and _any(form, "new", lambda text: 15 <= len(text) <= 1024)
    ),
    "account.revocation": lambda site, form: True,
    "account.revocations": lambda site, form: (
        _is(form, "which", "others", "all") or _selected(site, form)
    ),
    "admin.session.revocation": lambda site, form: _a_line(form, "reason"),
    "admin.user.revocation": lambda site, form: _a_line(form, "reason"),
    "admin.user.status": lambda site, form: _is(form, "status", "disabled", "enabled"),
    "admin.user.groups": lambda site, form: (
        _is(form, "action", "add", "remove")
        and _is(form, "group", "customers", "support", "admins", "auditors", "security")
    ),
    "admin.groups": lambda site, form: _any(
        form, "name", lambda text: re.fullmatch(r"\s*[a-z][a-z0-9-]{0,39}\s*", text)
    ),
    "admin.group": lambda site, form: (
        _is(form, "action", "add", "remove")
        and _is(form, "permission", "session:list", "user:manage")
        and _is(form, "over", "*", "customers")
    ),
}
