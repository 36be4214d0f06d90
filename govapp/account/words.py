"""How "recently ended" tells the owner of a session who ended it, and why."""

from __future__ import annotations

from govapp.models import Session
from govapp.policy import EndReason

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


def how_ended(session: Session) -> str:
    """Return how a session ended, with staff's own words where there are any."""
    how = HOW.get(session.end_reason or "", "ended")
    return f"{how}: “{session.end_note}”" if session.end_note else how
