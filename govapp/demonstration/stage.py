"""Where the story is played: the database, the people, and what is planned for when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from random import Random

from sqlalchemy.orm import Session as DBSession

from govapp import audit
from govapp.audit import Actor, Event
from govapp.demonstration.people import Person
from govapp.demonstration.visits import Planner
from govapp.models import User
from govapp.settings import Settings

Happening = Callable[[datetime], None]
REASONS = {
    Event.SIGN_IN_FAILED: "credentials",
    Event.SIGN_IN_THROTTLED: "too many attempts",
    Event.ACCESS_REFUSED: "no grant covers the person",
}


class Stage:
    """Holds what every part of the story needs."""

    def __init__(
        self, dbsession: DBSession, settings: Settings, *, random: Random, now: datetime
    ) -> None:
        self.dbsession = dbsession
        self.settings = settings
        self.random = random
        self.now = now
        self.users: dict[Person, User] = {}
        self.planner = Planner(
            random, now=now, user=settings.user_limits, staff=settings.staff_limits
        )
        self._plan: list[tuple[datetime, int, Happening]] = []
        self._order = count()

    def at(self, instant: datetime, happen: Happening) -> None:
        """Plan something for an instant; of one instant, what was planned first comes first."""
        self._plan.append((instant, next(self._order), happen))

    def play(self) -> None:
        """Let everything happen, in the order of time."""
        for instant, _, happen in sorted(self._plan):
            happen(instant)
        self.dbsession.flush()

    def staff(self, group: str) -> Actor:
        """Return somebody of a group at work."""
        person = self.random.choice([one for one in self.users if one.group == group])
        return Actor(
            user_id=self.users[person].id,
            address=self.planner.device(person).address,
            request_id=self.request_id(),
        )

    def request_id(self) -> str:
        """Return the id of a request that there never was."""
        return f"{self.random.getrandbits(64):016x}"

    def refuse(
        self, event: Event, actor: Actor, at: datetime, *, subject_id: str | None = None
    ) -> None:
        """Record a refusal."""
        audit.note(
            self.dbsession,
            event,
            actor=actor,
            now=at,
            subject_id=subject_id,
            reason=REASONS.get(event),
        )
