"""What happens meanwhile, on another connection."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DBSession

from govapp.models import EVERYONE, Group, user_subject
from govapp.policy import EndReason, Limits
from govapp.sessions import ending
from tests.support.world import SYSTEM

LIMITS = Limits(604_800, 2_592_000)


def writer(world):
    """Open a database session of one's own."""
    return DBSession(world.app.registry["dbsession_factory"].kw["bind"])


def end_now(world, user_id):
    """End all sessions of a person on another connection, as staff would."""
    with writer(world) as other, other.begin():
        ending.end_all_of(
            other,
            user_id,
            own_id=None,
            reason=EndReason.ENDED_BY_STAFF,
            actor=SYSTEM,
            now=world.clock(),
            limits=LIMITS,
        )


def set_instant(world, user_id=None):
    """End what began before now: of a person, or of everyone."""
    subject = EVERYONE if user_id is None else user_subject(user_id)
    with writer(world) as other, other.begin():
        ending.set_not_before(other, subject)


def business_rows(world):
    """Count what the probe views wrote beside the session."""
    with world.db() as connection:
        return connection.scalar(select(func.count()).where(Group.name == "business"))
