"""The audit trail: what happened, to whom, by whom; and what was refused.

An effect is recorded in the effect's own transaction (:func:`record`), so that neither stands
without the other. A refusal, or a look at somebody's sessions, is recorded on the independent
connection (:func:`note`), so that it survives the rollback of what was refused. Event names
follow the OWASP Logging Vocabulary where it has one (S-119).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DBSession

from govapp.models import AuditEvent
from govapp.models.base import IPAddress
from govapp.network import coarse
from govapp.scoping import covered
from govapp.upsert import insert

SYSTEM = "system"


class Event(StrEnum):
    """The names of events. They are stable: alarms are built on them."""

    SIGNED_IN = "authn_login_success"
    SIGN_IN_FAILED = "authn_login_fail"
    SIGN_IN_THROTTLED = "authn_login_throttled"
    CONFIRMED = "authn_confirm_success"
    CONFIRM_FAILED = "authn_confirm_fail"
    CONFIRM_THROTTLED = "authn_confirm_throttled"
    CONFIRM_FAILED_MAX = "authn_confirm_fail_max"
    PASSWORD_CHANGED = "authn_password_change"  # noqa: S105
    PASSWORD_CHANGE_FAILED = "authn_password_change_fail"  # noqa: S105
    LINK_CREATED = "authn_link_created"
    LINK_REFUSED = "authn_link_refused"
    SESSION_CREATED = "session_created"
    SESSION_ROTATED = "session_renewed"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    SESSION_USED_AFTER_END = "session_use_after_end"
    SESSION_UNKNOWN = "session_unknown"
    TOKEN_REUSED = "authn_token_reuse"  # noqa: S105
    SENSITIVE_READ = "sensitive_read"
    ACCESS_REFUSED = "authz_fail"
    CSRF_REFUSED = "csrf_fail"
    INPUT_REFUSED = "input_validation_fail"
    USER_CREATED = "user_created"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    MEMBER_ADDED = "group_member_added"
    MEMBER_REMOVED = "group_member_removed"
    GROUP_CREATED = "group_created"
    GRANT_ADDED = "grant_added"
    GRANT_REMOVED = "grant_removed"
    PURGED = "purge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, from where, in which request: what every event carries."""

    user_id: str | None
    session_id: str | None = None
    address: IPAddress | None = None
    request_id: str | None = None


def record(
    dbsession: DBSession,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    subject_id: str | None = None,
    session_id: str | None = None,
    action: str | None = None,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
    outcome: str = "success",
) -> None:
    """Record an effect in the caller's transaction."""
    dbsession.add(
        AuditEvent(
            at=now,
            event=event,
            outcome=outcome,
            actor_id=actor.user_id,
            subject_id=subject_id,
            session_id=session_id or actor.session_id,
            address=actor.address,
            request_id=actor.request_id,
            action=action,
            reason=reason,
            details=dict(details or {}),
        )
    )


def note(
    dbsession: DBSession,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    subject_id: str | None = None,
    session_id: str | None = None,
    action: str | None = None,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
    outcome: str = "refused",
) -> None:
    """Record what changed nothing: a refusal, or a read; ``dbsession`` is an independent one.

    What somebody signed in did is a row of its own. Anonymous refusals are counted in one row
    per source, event and minute, so that a flood cannot fill the table (invariant 2).
    """
    values = {
        "at": now,
        "event": event,
        "outcome": outcome,
        "actor_id": actor.user_id,
        "subject_id": subject_id,
        "session_id": session_id or actor.session_id,
        "address": actor.address,
        "request_id": actor.request_id,
        "action": action,
        "reason": reason,
        "details": dict(details or {}),
        "count": 1,
        "fold_key": None,
    }
    if actor.user_id is None:
        # One site is one source, however many addresses it has.
        source = coarse(actor.address) if actor.address is not None else "unknown"
        values["fold_key"] = f"{event}|{source}|{subject_id or ''}|{now:%Y-%m-%dT%H:%M}"
    dbsession.execute(
        insert(dbsession, AuditEvent)
        .values(values)
        .on_conflict_do_update(
            index_elements=[AuditEvent.fold_key], set_={"count": AuditEvent.count + 1}
        )
    )


def events(scope: frozenset[str]) -> Select[AuditEvent]:
    """Return the events that somebody with this scope may read, newest first.

    Whoever reads over a group sees what concerns its members; the rest needs everyone.
    """
    return (
        select(AuditEvent)
        .where(covered(AuditEvent.subject_id, scope))
        .order_by(AuditEvent.id.desc())
    )
