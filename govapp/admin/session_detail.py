"""What happened in a session, and what its person may do now: one statement for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, true
from sqlalchemy.orm import Session as DBSession
from sqlalchemy.orm import aliased

from govapp import models, policy
from govapp.admin import words
from govapp.admin.lifetimes import Lifetimes
from govapp.admin.sight import Sight
from govapp.models import AuditEvent, Session, User
from govapp.policy import Grant
from govapp.scoping import covered

MAX_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline; ``actor`` is "" for the owner."""

    at: datetime
    what: str
    actor: str
    details: str
    count: int


@dataclass(frozen=True, slots=True)
class Held:
    """A permission with the group that gives it, and what it means."""

    permission: str
    over: str
    group: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Detail:
    """``hidden`` tells that more is held through groups that the requester may not know."""

    is_alive: bool
    timeline: Sequence[Happening]
    held: Sequence[Held]
    hidden: bool


def read(
    dbsession: DBSession,
    session: Session,
    sight: Sight,
    lifetimes: Lifetimes,
    *,
    viewer_id: str,
) -> Detail:
    """Return what belongs to a session's page, newest event first.

    Grants and state are one row, and the events are joined to it: it is there without events too.
    Only what concerns the owner is told; what a session did to others is in the audit trail.
    """
    alive = select(Session.id).where(Session.id == session.id, lifetimes.alive()).exists()
    facts = select(_grants_of(session.user_id).label("grants"), alive.label("is_alive")).subquery()
    happened = (
        select(AuditEvent.id)
        .where(
            AuditEvent.session_id == session.public_id.hex,
            AuditEvent.subject_id == session.user_id,
        )
        .order_by(AuditEvent.id.desc())
        .limit(MAX_EVENTS)
        .subquery()
    )
    actor = aliased(User)
    found = dbsession.execute(
        select(facts.c.grants, facts.c.is_alive, AuditEvent, actor.name)
        .select_from(facts)
        .outerjoin(happened, true())
        .outerjoin(AuditEvent, AuditEvent.id == happened.c.id)
        .outerjoin(actor, and_(actor.id == AuditEvent.actor_id, covered(actor.id, sight.known)))
        .order_by(AuditEvent.id.desc())
    ).all()
    timeline = [
        _happening(event, name, session, sight, viewer_id=viewer_id)
        for _, _, event, name in found
        if event is not None
    ]
    every = _parse_grants(found[0].grants)
    held = [one for group, grant in every if (one := _held(group, grant, sight)) is not None]
    return Detail(bool(found[0].is_alive), timeline, held, hidden=len(held) < len(every))


def _grants_of(user_id: str) -> Any:
    member, grant = models.Membership, models.Grant
    triple = grant.group_name + "@" + grant.permission + "@" + grant.over
    return (
        select(func.aggregate_strings(triple, " "))
        .join(member, member.group_name == grant.group_name)
        .where(member.user_id == user_id)
        .scalar_subquery()
    )


def _parse_grants(text: str | None) -> list[tuple[str, Grant]]:
    triples = (word.split("@", 2) for word in (text or "").split())
    return sorted((group, Grant(permission, over)) for group, permission, over in triples)


def _held(group: str, grant: Grant, sight: Sight) -> Held | None:
    over_known = grant.over == policy.EVERYONE or sight.knows(grant.over)
    if not sight.knows(group) or not over_known:
        return None
    meaning = {str(key): text for key, text in policy.MEANING.items()}.get(grant.permission, "")
    return Held(grant.permission, words.over(grant.over), group, meaning)


def _happening(
    event: AuditEvent, name: str | None, session: Session, sight: Sight, *, viewer_id: str
) -> Happening:
    return Happening(
        at=event.at,
        what=words.event(event.event),
        actor=words.actor(event.actor_id, name, owner_id=session.user_id, viewer_id=viewer_id),
        details=words.event_details(event, known=sight.knows),
        count=event.count,
    )
