"""The rules, as pure functions: is a session alive, and who may do what to whom.

Nothing here reads a database, a clock or a request; every rule is held by a truth table in
``tests/unit/test_policy_powers.py`` and ``test_policy_sessions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

EVERYONE = "*"


class Permission(StrEnum):
    """What a grant can allow, named ``<noun>:<verb>``."""

    SESSION_LIST = "session:list"
    SESSION_REVOKE = "session:revoke"
    SESSION_REVOKE_ANYONE = "session:revoke-anyone"
    USER_LIST = "user:list"
    USER_MANAGE = "user:manage"
    GRANT_MANAGE = "grant:manage"
    AUDIT_READ = "audit:read"
    PII_VIEW = "pii:view"
    ADMIN_VIEW = "admin:view"


MEANING: dict[Permission, str] = {
    Permission.SESSION_LIST: "see sessions and devices",
    Permission.SESSION_REVOKE: "end sessions",
    Permission.SESSION_REVOKE_ANYONE: "end sessions, even of people who hold more",
    Permission.USER_LIST: "see users",
    Permission.USER_MANAGE: "create and disable users, and change their groups",
    Permission.GRANT_MANAGE: "change groups and grants",
    Permission.AUDIT_READ: "read the audit trail",
    Permission.PII_VIEW: "see full addresses and logins",
    Permission.ADMIN_VIEW: "see the overview",
}


class Grant(NamedTuple):
    """A permission over the members of a group, or over everyone (``*``)."""

    permission: str
    over: str = EVERYONE


Grants = frozenset[Grant]
NO_GRANTS: Grants = frozenset()


# ---------------------------------------------------------------- who may do what to whom


def scope(grants: Grants, *permissions: str) -> frozenset[str]:
    """Return the groups over which one of these permissions is held; ``*`` means everyone."""
    return frozenset(grant.over for grant in grants if grant.permission in permissions)


def covers(scope: frozenset[str], groups: Iterable[str]) -> bool:
    """Tell whether a scope takes in somebody who belongs to these groups."""
    return EVERYONE in scope or not scope.isdisjoint(groups)


def dominates(held: Grants, other: Grants) -> bool:
    """Tell whether ``held`` has each permission of ``other``, over at least as much.

    The rule for acting on a person and for giving: nobody acts on someone stronger, nobody
    gives what they do not hold.
    """
    return not lacking(held, other)


def lacking(held: Grants, other: Grants) -> Grants:
    """Return the grants of ``other`` that ``held`` does not take in."""
    return frozenset(
        grant for grant in other if grant not in held and Grant(grant.permission) not in held
    )


class Decision(NamedTuple):
    """An answer with its reason: people see a sentence, log and audit trail see the reason."""

    allowed: bool
    reason: str


# Using one of these changes something for the person concerned, so dominance is asked too.
ACTING = frozenset({Permission.SESSION_REVOKE, Permission.USER_MANAGE})


def may(
    held: Grants, permission: str, *, target_groups: Iterable[str], target_grants: Grants
) -> Decision:
    """Decide whether the holder may use ``permission`` on a person.

    Seeing needs a grant that covers the person. Acting needs dominance as well;
    ``session:revoke-anyone`` stands for ``session:revoke`` without it, so that security can stop
    a compromised administrator.
    """
    groups = tuple(target_groups)
    if permission == Permission.SESSION_REVOKE and covers(
        scope(held, Permission.SESSION_REVOKE_ANYONE), groups
    ):
        return Decision(True, f"{Permission.SESSION_REVOKE_ANYONE} covers the person")
    if not covers(scope(held, permission), groups):
        return Decision(False, f"no grant of {permission} covers the person")
    if permission in ACTING and not dominates(held, target_grants):
        missing = lacking(held, target_grants)
        return Decision(False, f"the person holds more: {', '.join(sorted(map(str_of, missing)))}")
    return Decision(True, f"{permission} covers the person")


def str_of(grant: Grant) -> str:
    """Return a grant as people write it: ``session:list over customers``."""
    return f"{grant.permission} over {'everyone' if grant.over == EVERYONE else grant.over}"


# ---------------------------------------------------------------- is this session alive


# What a row says that was ended without a reason, which no code of ours does.
ENDED = "ended"


class EndReason(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed-out"
    REPLACED = "replaced"
    ENDED_BY_OWNER = "ended-by-owner"
    ENDED_BY_STAFF = "ended-by-staff"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    USER_DISABLED = "user-disabled"
    IDLE = "idle"
    EXPIRED = "expired"
    TOKEN_REUSED = "token-reused"  # noqa: S105
    CONFIRM_FAILED = "confirm-failed"


# Over without anybody having ended them.
LAPSED = frozenset({EndReason.IDLE, EndReason.EXPIRED})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may rest and last, in seconds."""

    idle_seconds: int
    absolute_seconds: int

    def strictest(self, other: Limits) -> Limits:
        """Return the smaller of each limit."""
        return Limits(
            min(self.idle_seconds, other.idle_seconds),
            min(self.absolute_seconds, other.absolute_seconds),
        )


class SessionTimes(Protocol):
    """The columns of a session row that decide whether it lives."""

    created_at: datetime
    begun_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None


def why_over(
    session: SessionTimes,
    *,
    now: datetime,
    limits: Limits,
    not_before: datetime | None,
    active: bool = True,
) -> str | None:
    """Return why a session is over at ``now``, or None while it lives.

    ``not_before`` is the latest instant that concerns the session, on the database's clock as
    ``begun_at`` is; all ages use ``now``. The row's own limits and ``limits`` both hold, so a
    stricter policy bites at once. ``sessions.store.alive`` says the same in SQL.
    """
    if session.ended_at is not None:
        return session.end_reason or ENDED
    if not active:
        return EndReason.USER_DISABLED
    if not_before is not None and session.begun_at <= not_before:
        return EndReason.ENDED_BY_STAFF
    at, reason = lapse(session, limits)
    return reason if at <= now else None


def lapse(session: SessionTimes, limits: Limits) -> tuple[datetime, EndReason]:
    """Return when an unused session is over, and which limit it meets first."""
    expires_at = session.created_at + timedelta(seconds=limits.absolute_seconds)
    idle_at = session.last_seen_at + timedelta(seconds=limits.idle_seconds)
    expired = min(session.expires_at, expires_at), EndReason.EXPIRED
    idle = min(session.idle_expires_at, idle_at), EndReason.IDLE
    return min(expired, idle)
