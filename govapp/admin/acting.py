"""What every change by staff has in common: a refusal undoes it, and is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request

from govapp import giving, policy, resources
from govapp.admin import words
from govapp.admin.lifetimes import Lifetimes
from govapp.audit import Event
from govapp.facts import settings_of
from govapp.forms import Rejected
from govapp.giving import Refused
from govapp.policy import Grants, Limits, Permission
from govapp.powers import Power
from govapp.resources import SessionResource, UserResource


@contextmanager
def undone_if_refused(request: Request) -> Iterator[None]:
    """Undo what the block did if it raises, so that the page again shows what stands."""
    with request.dbsession.begin_nested():
        yield


def refused(request: Request, refusal: Refused) -> str:
    """Record a refusal by a rule and answer 400: nothing is kept. Return it for the page."""
    request.response.status_int = 400
    request.report(
        Event.ACCESS_REFUSED,
        action=request.matched_route.name,
        reason=str(refusal),
        **resources.concerned(request.context),
    )
    known = policy.scope(request.identity.grants, *Permission)
    return words.refusal(refusal, known=lambda group: policy.covers(known, [group]))


def rejected(request: Request, rejected: Rejected) -> None:
    """Record that a field could not be used, by its name alone, and answer 400."""
    request.response.status_int = 400
    request.report(
        Event.INPUT_REFUSED,
        action=request.matched_route.name,
        reason=rejected.field,
        **resources.concerned(request.context),
    )


def looked_at(request: Request, page: str, **facts: Any) -> None:
    """Record that the requester looked at other people's sessions, or what tells of them.

    ``page`` is the route of the page that shows them, also where a form of it was refused.
    """
    request.report(Event.SENSITIVE_READ, action=page, outcome="success", **facts)


def lifetimes_of(request: Request) -> Lifetimes:
    """Return what tells whether sessions live at the time of the request."""
    settings = settings_of(request)
    return Lifetimes(request.now, settings.user_limits, settings.staff_limits)


def limits_of(request: Request, power: Power) -> Limits:
    """Return the limits that hold for a person with this power; a row's own may be stricter."""
    settings = settings_of(request)
    return settings.staff_limits if power.grants else settings.user_limits


def staff_limits_of(request: Request) -> Limits:
    """Return the stricter limits of those who hold a grant."""
    return settings_of(request).staff_limits


def giver(request: Request) -> Grants:
    """Return what the requester holds now, locked until commit: nobody gives what they lost.

    To be called once the sessions are locked: sessions come before grants everywhere.
    """
    return giving.locked_giver(request.dbsession, request.identity.user_id)


def require_still_held(power: Power, permission: Permission, groups: Iterable[str]) -> None:
    """Raise Refused if what is left to the requester would not let them do this again.

    Otherwise the check before commit would find the permission gone, taken by this very change.
    """
    if not policy.covers(policy.scope(power.grants, permission), groups):
        raise Refused(
            "This would take away from yourself what lets you do it. Ask somebody else to."
        )


def require_page(
    context: UserResource | SessionResource, permission: Permission, message: str
) -> None:
    """Raise HTTPBadRequest with the message for somebody who may act but not see the page."""
    if not context.decide(permission).allowed:
        raise HTTPBadRequest(message)


def why_not(context: UserResource | SessionResource, permission: Permission) -> str:
    """Return why the requester may not act on somebody they cover, "" if they may.

    Also "" for whom the permission does not cover: there is nothing to explain then.
    """
    covered = context.request.identity.covers(permission, context.power.groups)
    if not covered or context.decide(permission).allowed:
        return ""
    return (
        "This person may do things that you may not. Only somebody who may do at least as much"
        " can do this."
    )
