"""Whether a session lives, and why not: with the limits of everybody, or the stricter of staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from govapp.models import Session, User
from govapp.policy import EndReason, Limits, why_over
from govapp.sessions import store


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The limits that policy sets at ``now``; a session's own may be stricter."""

    now: datetime
    everybody: Limits
    staff: Limits

    def alive(self) -> ColumnElement[bool]:
        """Return the condition that a session lives."""
        return store.alive(now=self.now, limits=self.everybody, staff_limits=self.staff)

    def why_over(self, session: Session, user: User | None, *, is_staff: bool) -> str:
        """Return why a session that is not alive is over, whether or not it is written down."""
        known = why_over(
            session,
            now=self.now,
            limits=self.staff if is_staff else self.everybody,
            not_before=None,
            active=user is None or user.active,
        )
        # Nothing else is left but an instant that ended everyone, or everything of this person.
        return known or EndReason.ENDED_BY_STAFF
