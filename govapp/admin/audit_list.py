"""The audit trail that staff search through: filters and one page of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session as DBSession
from sqlalchemy.orm import aliased

from govapp.admin import listing, words
from govapp.admin.listing import Cursor, Page
from govapp.admin.seal import seal
from govapp.admin.sight import Sight
from govapp.audit import SYSTEM, Event
from govapp.forms import Rejected
from govapp.models import AuditEvent, User
from govapp.network import shown
from govapp.scoping import covered

OUTCOMES = {"success": "Success", "refused": "Refused"}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events to list; the default is all."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    session: str = ""
    outcome: str = ""

    @property
    def impersonal(self) -> dict[str, str]:
        """The filters for the audit trail: of what names a person, only that it was used."""
        told = {"event": self.event, "outcome": self.outcome}
        named = {"actor": self.actor, "subject": self.subject, "session": self.session}
        told |= {name: "given" for name, value in named.items() if value}
        return {name: value for name, value in told.items() if value}


def parse(params: Mapping[str, str]) -> Filters:
    """Return the filters in a query string. Raises Rejected."""
    session = listing.text(params, "session", label="Session")
    if session and not listing.PUBLIC_ID.fullmatch(session):
        raise Rejected("session", "Session takes the 32 characters of a session's id.")
    return Filters(
        event=listing.choice(params, "event", set(Event), label="Event"),
        actor=_user_id(params, "actor", label="Done by"),
        subject=_user_id(params, "subject", label="Concerning"),
        session=session,
        outcome=listing.choice(params, "outcome", OUTCOMES, label="Outcome"),
    )


def _user_id(params: Mapping[str, str], name: str, *, label: str) -> str:
    typed = listing.text(params, name, label=label)
    if typed and typed != SYSTEM and not listing.PUBLIC_ID.fullmatch(typed):
        raise Rejected(name, f"{label} takes the id of a user, which their page tells.")
    return typed


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the list shows it; ``subject_id`` is None for whom one may not open."""

    serial: int
    at: datetime
    event: str
    name: str
    outcome: str
    actor: str
    subject: str
    subject_id: str | None
    session_id: str | None
    address: str
    details: str
    count: int


def page(
    dbsession: DBSession,
    filters: Filters,
    sight: Sight,
    users_scope: frozenset[str],
    at: Cursor | None,
    *,
    viewer_id: str,
    secrets: Sequence[bytes],
) -> Page:
    """Return one page of events, newest first: one statement. ``secrets`` seal its cursors.

    Whoever reads over a group sees what concerns its members; the rest needs everyone.
    """
    ids = _ids(filters, sight, at).subquery()
    actor, subject = aliased(User), aliased(User)
    whose = func.coalesce(AuditEvent.actor_id, AuditEvent.subject_id)
    found = dbsession.execute(
        select(
            AuditEvent,
            actor.name,
            subject.name,
            covered(AuditEvent.actor_id, sight.pii).label("actor_full"),
            covered(AuditEvent.subject_id, sight.pii).label("subject_full"),
            covered(whose, sight.pii).label("address_full"),
            covered(AuditEvent.subject_id, users_scope).label("may_open"),
        )
        .join(ids, ids.c.id == AuditEvent.id)
        .outerjoin(actor, and_(actor.id == AuditEvent.actor_id, covered(actor.id, sight.known)))
        .outerjoin(subject, subject.id == AuditEvent.subject_id)
        .order_by(AuditEvent.id.desc())
    ).all()
    rows = [_row(*columns, sight=sight, viewer_id=viewer_id) for columns in found]
    return listing.page(rows, [seal(row.serial, secrets) for row in rows], at)


def _ids(filters: Filters, sight: Sight, at: Cursor | None) -> Any:
    met = [covered(AuditEvent.subject_id, sight.people)]
    for column, value in (
        (AuditEvent.event, filters.event),
        (AuditEvent.actor_id, filters.actor),
        (AuditEvent.subject_id, filters.subject),
        (AuditEvent.session_id, filters.session),
        (AuditEvent.outcome, filters.outcome),
    ):
        if value:
            met.append(column == value)
    return listing.newest_ids(select(AuditEvent.id).where(*met), AuditEvent.id, at)


def _row(
    event: AuditEvent,
    actor_name: str | None,
    subject_name: str | None,
    actor_full: Any,
    subject_full: Any,
    address_full: Any,
    may_open: Any,
    *,
    sight: Sight,
    viewer_id: str,
) -> Row:
    actor = words.actor(event.actor_id, actor_name, owner_id=None, viewer_id=viewer_id)
    subject = subject_name or event.subject_id or ""
    return Row(
        serial=event.id,
        at=event.at,
        event=event.event,
        name=words.event(event.event),
        outcome=event.outcome,
        actor=words.person(actor, full=bool(actor_full)),
        subject=words.person(subject, full=bool(subject_full)),
        subject_id=event.subject_id if may_open and subject_name is not None else None,
        session_id=event.session_id,
        address=shown(event.address, full=bool(address_full)),
        details=words.event_details(event, known=sight.knows),
        count=event.count,
    )
