"""Plays the visits in the order of time, with the functions that the pages use.

So every row keeps the rules, and the audit trail tells what would have happened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from govapp import audit, giving, users
from govapp.audit import Actor, Event
from govapp.cli.context import SYSTEM
from govapp.cli.groups import create_standard_groups
from govapp.demonstration.incidents import plan_incidents
from govapp.demonstration.people import Person
from govapp.demonstration.stage import Stage
from govapp.demonstration.visits import Visit
from govapp.models import Session
from govapp.policy import LAPSED, EndReason
from govapp.sessions import ending, store, tokens

# Reasons that fit a phone as well as a computer, and one that is still in use.
NOTES = (
    "bag lost on the train",
    "device was missing for a day",
    "signed in from a country where this person has never been",
    "called and did not recognise this sign-in",
    "signed in through a network known for attacks",
    "password found in a leaked list",
    "asked for by phone",
)


def tell(stage: Stage, people: list[Person], password_hashes: dict[str, str]) -> int:
    """Bring the people and their visits into the database; return how many visits."""
    began_at = stage.now - timedelta(days=60)
    staff_limits = stage.settings.staff_limits
    create_standard_groups(stage.dbsession, actor=SYSTEM, now=began_at, staff_limits=staff_limits)
    for number, person in enumerate(people):
        joined_at = began_at + timedelta(hours=7 * number)
        _welcome(stage, person, password_hashes[person.login], joined_at)
    visits = stage.planner.visits(people)
    for visit in visits:
        _plan_visit(stage, visit)
    plan_incidents(stage, people)
    stage.play()
    return len(visits)


def _welcome(stage: Stage, person: Person, password_hash: str, at: datetime) -> None:
    user = stage.users[person] = users.create(
        stage.dbsession,
        person.login,
        person.name,
        password_hash=password_hash,
        actor=SYSTEM,
        now=at,
    )
    giving.add_member(
        stage.dbsession,
        person.group,
        user.id,
        giver=None,
        actor=SYSTEM,
        now=at,
        staff_limits=stage.settings.staff_limits,
    )


def _plan_visit(stage: Stage, visit: Visit) -> None:
    begun: list[Session] = []
    stage.at(visit.begins_at, lambda at: begun.append(_begin(stage, visit, at)))
    if visit.over_at is not None:
        # What lapsed is found a moment later, as if somebody had come back to it.
        later = timedelta(minutes=5 if visit.ending in LAPSED else 0)
        stage.at(visit.over_at + later, lambda at: _end(stage, visit, begun[0], at))


def _begin(stage: Stage, visit: Visit, at: datetime) -> Session:
    settings = stage.settings
    user_id = stage.users[visit.person].id
    row = store.begin(
        stage.dbsession,
        token=tokens.new_token(),
        user_id=user_id,
        method="password",
        address=visit.device.address,
        device=visit.device.name,
        limits=settings.staff_limits if visit.person.is_staff else settings.user_limits,
        now=at,
    )
    row.last_seen_at = visit.last_seen_at
    row.idle_expires_at = visit.last_seen_at + timedelta(seconds=row.idle_seconds)
    actor = _owner(stage, visit, row)
    details = {"method": row.method, "device": row.device}
    for event, told in ((Event.SESSION_CREATED, details), (Event.SIGNED_IN, None)):
        audit.record(stage.dbsession, event, actor=actor, now=at, subject_id=user_id, details=told)
    stage.dbsession.flush()
    return row


def _end(stage: Stage, visit: Visit, row: Session, at: datetime) -> None:
    limits = stage.settings.user_limits
    if visit.ending in LAPSED:
        ending.end_lapsed(stage.dbsession, now=at, limits=limits, batch=1, session_id=row.id)
        return
    if visit.ending == EndReason.USER_DISABLED:
        users.disable(
            stage.dbsession,
            stage.users[visit.person],
            own_id=None,
            actor=stage.staff("admins"),
            now=at,
            limits=limits,
        )
        return
    by_staff = visit.ending == EndReason.ENDED_BY_STAFF
    ending.end(
        stage.dbsession,
        [row],
        reason=EndReason(visit.ending),
        actor=_ender(stage, visit, row, at),
        now=at,
        note=stage.random.choice(NOTES) if by_staff else None,
    )


def _ender(stage: Stage, visit: Visit, row: Session, at: datetime) -> Actor:
    """Let happen what leads to this end, and return who brings it about."""
    owner = _owner(stage, visit, row)
    if visit.ending == EndReason.ENDED_BY_STAFF:
        return stage.staff("security" if visit.person.is_staff else "support")
    if visit.ending == EndReason.PASSWORD_CHANGED:
        user = stage.users[visit.person]
        # The same hash again: sign-ins that are printed must go on working.
        users.set_password(stage.dbsession, user, str(user.password_hash), actor=owner, now=at)
    elif visit.ending == EndReason.TOKEN_REUSED:
        thief = Actor(user_id=audit.SYSTEM, address=stage.planner.address())
        stage.refuse(Event.TOKEN_REUSED, thief, at, subject_id=row.user_id)
        return thief
    elif visit.ending == EndReason.CONFIRM_FAILED:
        for event in [Event.CONFIRM_FAILED] * 4 + [Event.CONFIRM_FAILED_MAX]:
            stage.refuse(event, owner, at, subject_id=row.user_id)
    return owner


def _owner(stage: Stage, visit: Visit, row: Session) -> Actor:
    return Actor(
        user_id=row.user_id,
        session_id=row.public_id.hex,
        address=visit.device.address,
        request_id=stage.request_id(),
    )
