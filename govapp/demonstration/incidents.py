"""What happens beside the visits: mistyped passwords, looks at people, a burst of guesses."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from govapp import audit
from govapp.audit import Actor, Event
from govapp.demonstration.people import Person
from govapp.demonstration.stage import Stage
from govapp.models import User

WEEKS_SECONDS = 27 * 86_400
MISTYPED, LOOKS, OVERREACHES, GUESSES = 40, 30, 4, 60
# From here on the throttle answers.
THROTTLED_GUESS = 50


def plan_incidents(stage: Stage, people: list[Person]) -> None:
    """Plan them all."""
    customers = [person for person in people if not person.is_staff]
    staff = [person for person in people if person.is_staff]
    for _ in range(MISTYPED):
        stage.at(_some_time(stage), partial(_mistype, stage))
    for _ in range(LOOKS):
        user = stage.users[stage.random.choice(customers)]
        stage.at(_some_time(stage), partial(_look, stage, user))
    for _ in range(OVERREACHES):
        user = stage.users[stage.random.choice(staff)]
        stage.at(_some_time(stage), partial(_overreach, stage, user))

    attacker = Actor(user_id=None, address=stage.planner.address())
    for number in range(GUESSES):
        throttled = number >= THROTTLED_GUESS
        event = Event.SIGN_IN_THROTTLED if throttled else Event.SIGN_IN_FAILED
        stage.at(
            stage.now - timedelta(hours=9) + timedelta(seconds=5 * number),
            partial(stage.refuse, event, attacker),
        )


def _some_time(stage: Stage) -> datetime:
    return stage.now - stage.planner.some(60, WEEKS_SECONDS)


def _mistype(stage: Stage, at: datetime) -> None:
    stranger = Actor(user_id=None, address=stage.planner.address())
    stage.refuse(Event.SIGN_IN_FAILED, stranger, at)


def _look(stage: Stage, user: User, at: datetime) -> None:
    audit.note(
        stage.dbsession,
        Event.SENSITIVE_READ,
        actor=stage.staff("support"),
        now=at,
        subject_id=user.id,
        action="admin.user",
        outcome="success",
    )


def _overreach(stage: Stage, user: User, at: datetime) -> None:
    stage.refuse(Event.ACCESS_REFUSED, stage.staff("support"), at, subject_id=user.id)
