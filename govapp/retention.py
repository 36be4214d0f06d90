"""What is kept no longer than it serves: ended sessions, the audit trail, addresses.

Everything goes in batches with a commit each, oldest rows first, and leaves out rows that
somebody holds: so it may run beside the application, on several machines at once, and stop half
way. What is left over is taken next time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    LargeBinary,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session as DBSession

from govapp import audit, throttle
from govapp.audit import Actor, Event
from govapp.models import AuditEvent, OneTimeLink, Session
from govapp.models.base import pack
from govapp.network import coarse
from govapp.policy import Limits
from govapp.sessions import ending, store
from govapp.settings import Settings

BATCH = 1000


def purge(engine: Engine, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Do all that is due, record it in one event without personal data, and return the counts."""

    def before(seconds: int) -> datetime:
        return now - timedelta(seconds=seconds)

    old_session = Session.ended_at <= before(settings.keep_ended_seconds)
    old_event = AuditEvent.at <= before(settings.keep_audit_seconds)
    spent_link = OneTimeLink.used_at.is_not(None) | (OneTimeLink.expires_at <= now)
    address_age = before(settings.keep_address_seconds)

    counts = {
        # First lowered, then ended: then the rows themselves say what has lapsed.
        "sessions_shortened": lower_limits(engine, settings),
        "sessions_ended": end_lapsed(engine, settings, now=now),
        "sessions_removed": _remove(engine, Session.id, old_session),
        "events_removed": _remove(engine, AuditEvent.id, old_event),
        "links_removed": _remove(engine, OneTimeLink.token_hash, spent_link),
        "throttles_removed": repeat(
            engine, lambda dbsession: throttle.forget_old(dbsession, now=now, batch=BATCH)
        ),
        "session_addresses_shortened": _shorten(engine, Session, Session.created_at <= address_age),
        "event_addresses_shortened": _shorten(engine, AuditEvent, AuditEvent.at <= address_age),
    }
    with DBSession(engine) as dbsession, dbsession.begin():
        actor = Actor(user_id=audit.SYSTEM)
        audit.record(dbsession, Event.PURGED, actor=actor, now=now, details=counts)
    return counts


def repeat(engine: Engine, step: Callable[[DBSession], int], *, size: int = BATCH) -> int:
    """Take a step in a transaction of its own until it finds less than a batch; return the sum."""
    total = 0
    while True:
        with DBSession(engine) as dbsession, dbsession.begin():
            done = step(dbsession)
        total += done
        if done < size:
            return total


# ---------------------------------------------------------------- live sessions


def end_lapsed(engine: Engine, settings: Settings, *, now: datetime) -> int:
    """Write down the end of every session that is over; return how many."""

    def step(dbsession: DBSession) -> int:
        return ending.end_lapsed(dbsession, now=now, limits=settings.user_limits, batch=BATCH)

    return repeat(engine, step)


def lower_limits(engine: Engine, settings: Settings) -> int:
    """Lower what sessions store to today's settings where these are stricter; return how many."""
    lowered, last = 0, 0
    while True:
        with DBSession(engine) as dbsession, dbsession.begin():
            rows = dbsession.execute(
                select(
                    Session.id,
                    Session.user_id,
                    Session.created_at,
                    Session.expires_at,
                    Session.idle_seconds,
                    store.holds_grant(Session.user_id).label("is_staff"),
                )
                .where(Session.ended_at.is_(None), Session.id > last)
                .order_by(Session.id)
                .limit(BATCH)
            ).all()
            for limits, is_staff in ((settings.staff_limits, True), (settings.user_limits, False)):
                longer = [
                    row for row in rows if row.is_staff is is_staff and _outlasts(row, limits)
                ]
                store.lower_limits(dbsession, {row.user_id for row in longer}, limits)
                lowered += len(longer)
        if len(rows) < BATCH:
            return lowered
        last = rows[-1].id


def _outlasts(row: Any, limits: Limits) -> bool:
    end = row.created_at + timedelta(seconds=limits.absolute_seconds)
    return row.expires_at > end or row.idle_seconds > limits.idle_seconds


# ---------------------------------------------------------------- what is old


def _remove(engine: Engine, key: Any, due: ColumnElement[bool]) -> int:
    """Delete the rows of the key's table that are due; return how many."""

    def step(dbsession: DBSession) -> int:
        keys = dbsession.scalars(
            select(key).where(due).order_by(key).limit(BATCH).with_for_update(skip_locked=True)
        ).all()
        if keys:
            dbsession.execute(
                delete(key.class_).where(key.in_(keys)).execution_options(synchronize_session=False)
            )
        return len(keys)

    return repeat(engine, step)


def _shorten(engine: Engine, model: Any, due: ColumnElement[bool]) -> int:
    """Cut the addresses that are due down to their network; return how many."""

    def step(dbsession: DBSession) -> int:
        rows = dbsession.scalars(
            select(model)
            .where(due, not_(_is_coarse(model.address)))
            .order_by(model.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.address = coarse(row.address)
            if isinstance(row, AuditEvent):
                # The address stands in the key too, which served for one minute only.
                row.fold_key = None
        dbsession.flush()
        return len(rows)

    return repeat(engine, step)


def _is_coarse(address: Any) -> ColumnElement[bool]:
    """Return the condition that a packed address is ``network.coarse`` already, or null."""
    # As plain bytes: the column's own type would take every part for an address.
    packed = type_coerce(address, LargeBinary)

    def part(first: int, length: int) -> Any:
        return func.substr(packed, first, length, type_=LargeBinary)

    is_ipv4 = part(1, 12) == pack(IPv4Address(0))[:12]
    return or_(
        address.is_(None),
        and_(is_ipv4, part(16, 1) == bytes(1)),
        and_(not_(is_ipv4), part(7, 10) == bytes(10)),
    )
