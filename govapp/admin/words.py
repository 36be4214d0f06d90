"""Reasons, events and people in words, as staff read them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from govapp.audit import SYSTEM, Event
from govapp.giving import NotHeld, Refused
from govapp.models import AuditEvent, Grant
from govapp.policy import EVERYONE, EndReason

END_REASONS: dict[str, str] = {
    EndReason.SIGNED_OUT: "signed out",
    EndReason.REPLACED: "signed in again in the same browser",
    EndReason.ENDED_BY_OWNER: "ended by its owner",
    EndReason.ENDED_BY_STAFF: "ended by staff",
    EndReason.PASSWORD_CHANGED: "password changed",
    EndReason.USER_DISABLED: "account disabled",
    EndReason.IDLE: "not used",
    EndReason.EXPIRED: "lasted as long as it may",
    EndReason.TOKEN_REUSED: "an old copy of it was used",
    EndReason.CONFIRM_FAILED: "too many wrong passwords",
}

EVENTS: dict[str, str] = {
    Event.SIGNED_IN: "Signed in",
    Event.SIGN_IN_FAILED: "Failed sign-in",
    Event.SIGN_IN_THROTTLED: "Sign-in delayed",
    Event.CONFIRMED: "Confirmed the password",
    Event.CONFIRM_FAILED: "Failed confirmation",
    Event.CONFIRM_THROTTLED: "Confirmation delayed",
    Event.CONFIRM_FAILED_MAX: "Too many failed confirmations",
    Event.PASSWORD_CHANGED: "Password changed",
    Event.PASSWORD_CHANGE_FAILED: "Failed password change",
    Event.LINK_CREATED: "One-time link made",
    Event.LINK_REFUSED: "One-time link refused",
    Event.SESSION_CREATED: "Session began",
    Event.SESSION_ROTATED: "Session renewed",
    Event.SESSION_ENDED: "Session ended",
    Event.SESSIONS_ENDED: "Sessions ended",
    Event.SESSION_USED_AFTER_END: "Session used after its end",
    Event.SESSION_UNKNOWN: "Unknown session presented",
    Event.TOKEN_REUSED: "Old copy of a session used",
    Event.SENSITIVE_READ: "Viewed",
    Event.ACCESS_REFUSED: "Access refused",
    Event.CSRF_REFUSED: "Foreign form refused",
    Event.INPUT_REFUSED: "Input refused",
    Event.USER_CREATED: "User created",
    Event.USER_DISABLED: "User disabled",
    Event.USER_ENABLED: "User enabled",
    Event.MEMBER_ADDED: "Put into a group",
    Event.MEMBER_REMOVED: "Taken out of a group",
    Event.GROUP_CREATED: "Group created",
    Event.GRANT_ADDED: "Permission given",
    Event.GRANT_REMOVED: "Permission taken away",
    Event.PURGED: "Old records purged",
}

# What was looked at, by the name of its route.
VIEWED: dict[str, str] = {
    "admin.sessions": "list of sessions",
    "admin.session": "one session",
    "admin.user": "a user and their sessions",
    "admin.audit": "audit trail",
}


def event(name: str) -> str:
    """Return an event in words; one that we do not know by its own name."""
    return EVENTS.get(name, name)


def end_reason(reason: str | None) -> str:
    """Return why a session ended, in words."""
    return END_REASONS.get(reason or "", "ended")


def over(scope: str) -> str:
    """Return over whom a grant holds, in words."""
    return "everyone" if scope == EVERYONE else scope


def grants(held: Iterable[Grant], *, known: Any) -> str:
    """Return what a group holds, in one line, over everyone first."""
    by_scope: dict[str, list[str]] = defaultdict(list)
    for one in sorted(held, key=lambda one: (one.over, one.permission)):
        by_scope[one.over].append(one.permission)
    return "; ".join(
        grant(", ".join(permissions), scope, known=known) for scope, permissions in by_scope.items()
    )


def grant(permission: str, scope: str, *, known: Any) -> str:
    """Return a grant in words. ``known`` tells of a group whether the reader may know it."""
    whom = over(scope) if scope == EVERYONE or known(scope) else "a group"
    return f"{permission} over {whom}"


def refusal(refused: Refused, *, known: Any) -> str:
    """Return why a rule forbids a change, without groups that the reader may not know."""
    if isinstance(refused, NotHeld):
        return refused.worded(lambda one: grant(one.permission, one.over, known=known))
    return str(refused)


def masked_login(login: str) -> str:
    """Return a login as shown without ``pii:view``: ``a…@example.org``; a plain name as it is."""
    local, at, domain = login.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else login


def person(name: str, *, full: bool) -> str:
    """Return a name or login, masked if it is an e-mail address that may not be seen."""
    return name if full else masked_login(name)


def actor(actor_id: str | None, name: str | None, *, owner_id: str | None, viewer_id: str) -> str:
    """Return who did something, or "" for the owner. ``name`` is None for whom one may not see."""
    if actor_id is None or actor_id == owner_id:
        return ""
    if actor_id == SYSTEM:
        return "the system"
    if actor_id == viewer_id:
        return "you"
    return name or "staff"


def event_details(event: AuditEvent, *, known: Any) -> str:
    """Return what an event's record says beyond its name, in one line.

    ``known`` tells of a group whether the reader may know it.
    """
    reason, details = event.reason, event.details
    # Why access was refused may name any group.
    tells = event.event != Event.ACCESS_REFUSED or known(EVERYONE)
    said = [END_REASONS.get(reason, reason)] if reason and tells else []
    if event.event == Event.SENSITIVE_READ:
        said.append(VIEWED.get(event.action or "", "a page"))
    if "group" in details:
        said.append(details["group"] if known(details["group"]) else "a group")
    if "permission" in details:
        said.append(grant(details["permission"], details.get("over", EVERYONE), known=known))
    if details.get("note"):
        said.append(f"“{details['note']}”")
    if "device" in details:
        said.append(str(details["device"]))
    ended = details.get("count") or details.get("sessions_ended")
    if ended:
        said.append(f"sessions ended: {ended}")
    return ", ".join(str(part) for part in said)
