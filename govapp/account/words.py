"""How "recently ended" tells the owner of a session who ended it, and why."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from govapp.models import Session
from govapp.models.base import IPAddress
from govapp.policy import EndReason, Limits, lapse

HOW: dict[str, str] = {
    EndReason.SIGNED_OUT: "you signed out",
    EndReason.REPLACED: "you signed in again in that browser",
    EndReason.ENDED_BY_OWNER: "you ended it from another device",
    EndReason.ENDED_BY_STAFF: "ended by staff",
    EndReason.PASSWORD_CHANGED: "ended because the password was changed",
    EndReason.USER_DISABLED: "ended because the account was disabled",
    EndReason.IDLE: "ended because it was not used",
    EndReason.EXPIRED: "ended because it had lasted as long as it may",
    EndReason.TOKEN_REUSED: "ended because an old copy of it was used",
    EndReason.CONFIRM_FAILED: "ended after too many wrong passwords",
}


@dataclass(frozen=True, slots=True)
class EndedLine:
    """One line of "recently ended"."""

    public_id: uuid.UUID
    device: str
    address: IPAddress | None
    ended_at: datetime
    how: str


def ended_line(session: Session, *, now: datetime, limits: Limits) -> EndedLine:
    """Return a session that is over, with staff's own words where there are any.

    One that is not yet written down met a limit, or was ended by an instant just now.
    """
    lapsed_at, limit = lapse(session, limits)
    unwritten = (limit, lapsed_at) if lapsed_at <= now else (EndReason.ENDED_BY_STAFF, now)
    reason, ended_at = (
        (session.end_reason, session.ended_at) if session.ended_at is not None else unwritten
    )
    how = HOW.get(reason or "", "ended")
    return EndedLine(
        public_id=session.public_id,
        device=session.device,
        address=session.address,
        ended_at=ended_at,
        how=f"{how}: “{session.end_note}”" if session.end_note else how,
    )
