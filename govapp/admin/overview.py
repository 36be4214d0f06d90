"""``/admin``: the figures that matter now, and what needs attention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from govapp.admin import acting, figures, words
from govapp.admin.figures import Hourly
from govapp.admin.listing import COUNT_CAP
from govapp.admin.sight import sight
from govapp.audit import Event
from govapp.filters import count, plural
from govapp.network import shown
from govapp.policy import EVERYONE, Permission


@view_config(
    route_name="admin",
    request_method="GET",
    renderer="templates/overview.jinja2",
    permission=Permission.ADMIN_VIEW,
)
def show(request: Request) -> dict[str, Any]:
    """Show figures about the people that the requester's grants cover.

    Failed sign-ins concern nobody for certain, so they are shown to whom everyone is covered;
    so is the number of staff, since others need not know that there are other groups.
    """
    seen = sight(request.identity.grants, Permission.ADMIN_VIEW)
    dbsession, now, scope = request.dbsession, request.now, seen.people
    sees_all = EVERYONE in scope
    presence = figures.presence(dbsession, scope, acting.lifetimes_of(request))
    sign_ins = figures.hourly(dbsession, Event.SIGNED_IN, scope, now=now)
    failures = figures.hourly(dbsession, Event.SIGN_IN_FAILED, scope, now=now) if sees_all else None
    endings = figures.endings(dbsession, scope, now=now)
    return {
        "presence": presence,
        "sign_ins": sign_ins,
        "failures": failures,
        "sees_all": sees_all,
        "bars": _bars(request, sign_ins, failures),
        "changed": change_in_words,
        "endings": [(words.end_reason(reason), number) for reason, number in endings],
        "most_endings": COUNT_CAP,
        "attention": _attention(request, scope, full=EVERYONE in seen.pii),
        "may_list": request.identity.holds(Permission.SESSION_LIST),
        "may_read_audit": request.identity.holds(Permission.AUDIT_READ),
        "cap": COUNT_CAP,
        "groups": [] if sees_all else sorted(scope),
    }


def change_in_words(change: int | None) -> str:
    """Return a figure's change against the 24 hours before."""
    if change is None:
        return ""
    if change == 0:
        return "as many as the day before"
    return f"{count(abs(change))} {'more' if change > 0 else 'fewer'} than the day before"


def _bars(request: Request, sign_ins: Hourly, failures: Hourly | None) -> list[tuple[Any, ...]]:
    """Return the last 24 hours, oldest first: (label, sign-ins, failures)."""
    bars = []
    for ago in reversed(range(24)):
        begins = request.now - timedelta(hours=ago + 1)
        failed = failures.hours[ago] if failures is not None else 0
        bars.append((f"{begins:%H:%M}", sign_ins.hours[ago], failed))
    return bars


def _attention(request: Request, scope: frozenset[str], *, full: bool) -> list[dict[str, Any]]:
    """Return what somebody should look at, the most pressing first, each with its list."""
    dbsession, now = request.dbsession, request.now
    found = []
    for burst in figures.bursts(dbsession, scope, now=now):
        found.append(
            {
                "what": plural(burst.refusals, "refused sign-in"),
                "more": f"from {shown(burst.address, full=full)} in the last 24 hours",
                "query": {"event": str(Event.SIGN_IN_FAILED)},
            }
        )
    alarms = figures.alarms(dbsession, scope, now=now)
    for event, one, many, more in (
        (
            Event.TOKEN_REUSED,
            "session perhaps stolen",
            "sessions perhaps stolen",
            "an old copy was used",
        ),
        (
            Event.CONFIRM_FAILED_MAX,
            "session ended",
            "sessions ended",
            "after too many wrong passwords",
        ),
        (Event.USER_DISABLED, "account disabled", "accounts disabled", ""),
    ):
        number = alarms.get(event, 0)
        if number:
            found.append(
                {
                    "what": plural(number, one, many),
                    "more": f"{more}{', ' if more else ''}in the last 7 days",
                    "query": {"event": str(event)},
                }
            )
    return found
