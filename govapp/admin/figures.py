"""The figures of the overview: six statements, each over an index and at most 10,000 rows or so.

``scope`` is always over whom ``admin:view`` is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session as DBSession

from govapp.admin.lifetimes import Lifetimes
from govapp.admin.listing import COUNT_CAP, capped_count
from govapp.audit import Event
from govapp.models import AuditEvent, Grant, Membership, Session
from govapp.models.base import IPAddress
from govapp.scoping import covered

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
HOURS = 48
BURST = 10
MAX_BURSTS = 5
# The event, but not as its index has it: of frequent events those of the last days are to be found
# by time, where a planner without statistics would read all that were ever kept.
frequent_event = func.coalesce(AuditEvent.event, "")


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is signed in now; each at most the cap and one."""

    sessions: int
    people: int
    staff: int


def presence(dbsession: DBSession, scope: frozenset[str], lifetimes: Lifetimes) -> Presence:
    """Return how many sessions are live, of how many people, of how many with any grant."""
    live = (lifetimes.alive(), covered(Session.user_id, scope))
    holders = select(Membership.user_id).join(Grant, Grant.group_name == Membership.group_name)
    people = select(Session.user_id).where(*live).distinct()
    found = dbsession.execute(
        select(
            capped_count(select(Session.id).where(*live)),
            capped_count(people),
            capped_count(people.where(Session.user_id.in_(holders))),
        )
    ).one()
    return Presence(*found)


@dataclass(frozen=True, slots=True)
class Hourly:
    """What happened in each of the last 48 hours, the last hour first.

    ``is_whole`` is False where there was more than is read: then the older hours are missing.
    """

    hours: Sequence[int]
    is_whole: bool

    @property
    def today(self) -> int:
        """How many in the last 24 hours."""
        return sum(self.hours[:24])

    @property
    def change(self) -> int | None:
        """How many more than in the 24 hours before, None where that is not known."""
        return self.today - sum(self.hours[24:]) if self.is_whole else None


def hourly(dbsession: DBSession, event: Event, scope: frozenset[str], *, now: datetime) -> Hourly:
    """Return how often an event happened, by hour."""
    newest = (
        select(AuditEvent.at, AuditEvent.count)
        .where(
            frequent_event == event,
            AuditEvent.at > now - HOURS * timedelta(hours=1),
            AuditEvent.at <= now,
            covered(AuditEvent.subject_id, scope),
        )
        .order_by(AuditEvent.at.desc())
        .limit(2 * COUNT_CAP + 1)
        .subquery()
    )
    hour = case(
        *((newest.c.at > now - timedelta(hours=n + 1), n) for n in range(HOURS - 1)),
        else_=HOURS - 1,
    )
    # Grouped by its label: on PostgreSQL two copies of the CASE would differ in their parameters.
    labelled = select(hour.label("hour"), newest.c.count).subquery()
    found = dbsession.execute(
        select(labelled.c.hour, func.sum(labelled.c.count), func.count()).group_by(labelled.c.hour)
    ).all()
    hours = [0] * HOURS
    for number, total, _ in found:
        hours[number] = int(total)
    return Hourly(hours, is_whole=sum(rows for _, _, rows in found) <= 2 * COUNT_CAP)


def endings(
    dbsession: DBSession, scope: frozenset[str], *, now: datetime
) -> Sequence[tuple[str, int]]:
    """Return how many sessions ended in the last 7 days by reason, most frequent first.

    Of more than 10,000 endings, only the newest count.
    """
    newest = (
        select(Session.end_reason)
        .where(Session.ended_at > now - WEEK, covered(Session.user_id, scope))
        .order_by(Session.ended_at.desc())
        .limit(COUNT_CAP)
        .subquery()
    )
    number = func.count().label("number")
    found = dbsession.execute(
        select(newest.c.end_reason, number)
        .group_by(newest.c.end_reason)
        .order_by(number.desc(), newest.c.end_reason)
    )
    return [(reason, count) for reason, count in found]


@dataclass(frozen=True, slots=True)
class Burst:
    """Failed and delayed sign-ins from one address in the last 24 hours."""

    address: IPAddress | None
    refusals: int
    since: datetime


def bursts(dbsession: DBSession, scope: frozenset[str], *, now: datetime) -> Sequence[Burst]:
    """Return the addresses with the most refused sign-ins of the last 24 hours, 10 at least."""
    events = [Event.SIGN_IN_FAILED, Event.SIGN_IN_THROTTLED]
    refused = _recent(frequent_event.in_(events), scope, now=now, age=DAY)
    refusals = func.sum(refused.c.count)
    found = dbsession.execute(
        select(refused.c.address, refusals, func.min(refused.c.at))
        .group_by(refused.c.address)
        .having(refusals >= BURST)
        .order_by(refusals.desc())
        .limit(MAX_BURSTS)
    )
    return [Burst(address, int(total), since) for address, total, since in found]


ALARMING = (Event.TOKEN_REUSED, Event.CONFIRM_FAILED_MAX, Event.USER_DISABLED)


def alarms(dbsession: DBSession, scope: frozenset[str], *, now: datetime) -> dict[str, int]:
    """Return how often each alarming event happened in the last 7 days, if it did."""
    recent = _recent(AuditEvent.event.in_(ALARMING), scope, now=now, age=WEEK)
    found = dbsession.execute(
        select(recent.c.event, func.sum(recent.c.count)).group_by(recent.c.event)
    )
    return {event: int(total) for event, total in found}


def _recent(
    wanted: ColumnElement[bool], scope: frozenset[str], *, now: datetime, age: timedelta
) -> Any:
    """Return the wanted events of this age as a subquery, in no order, at most the cap and one."""
    return (
        select(AuditEvent.event, AuditEvent.address, AuditEvent.at, AuditEvent.count)
        .where(wanted, AuditEvent.at > now - age, covered(AuditEvent.subject_id, scope))
        .limit(COUNT_CAP + 1)
        .subquery()
    )
