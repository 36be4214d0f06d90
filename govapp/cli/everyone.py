"""Ending every session there is.

One instant does it, at once and also for what is not yet visible; the rows are then marked in
batches, so that lists and the people concerned learn who ended them and why.
"""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DBSession

from govapp import audit, retention
from govapp.audit import Event
from govapp.cli.context import SYSTEM, Context
from govapp.models import EVERYONE, NotBefore, Session
from govapp.policy import EndReason
from govapp.sessions import ending

BATCH = 500


def end_everyone(engine: Engine, context: Context, *, note: str) -> int:
    """End everyone's sessions for this reason, and return how many were still going."""
    # What lapsed before has a reason of its own; later it would count as ended by staff.
    retention.end_lapsed(engine, context.settings, now=context.now)
    with DBSession(engine) as dbsession, dbsession.begin():
        ending.set_not_before(dbsession, EVERYONE)
        audit.record(
            dbsession,
            Event.SESSIONS_ENDED,
            actor=SYSTEM,
            now=context.now,
            reason=EndReason.ENDED_BY_STAFF,
            details={"of": EVERYONE, "note": note},
        )
    return retention.repeat(engine, lambda dbsession: _mark(dbsession, context, note), size=BATCH)


def _mark(dbsession: DBSession, context: Context, note: str) -> int:
    """Write down the end of some sessions from before the instant; return how many."""
    instant = dbsession.get_one(NotBefore, EVERYONE).instant
    rows = dbsession.scalars(
        select(Session)
        .where(Session.ended_at.is_(None), Session.begun_at <= instant)
        .order_by(Session.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    return ending.end(
        dbsession,
        rows,
        reason=EndReason.ENDED_BY_STAFF,
        actor=SYSTEM,
        now=context.now,
        note=note,
    )
