"""What the sign-in page says about the session that is over: one plain sentence each."""

from __future__ import annotations

from govapp.policy import EndReason

WHY: dict[str, str] = {
    EndReason.SIGNED_OUT: "You signed out.",
    EndReason.REPLACED: "You signed in again in this browser, which ended the earlier session.",
    EndReason.ENDED_BY_OWNER: "You were signed out here from another of your devices.",
    EndReason.ENDED_BY_STAFF: "Staff ended your session. Sign in to see why.",
    EndReason.PASSWORD_CHANGED: "You were signed out because your password was changed.",
    EndReason.USER_DISABLED: "You were signed out because your account was disabled.",
    EndReason.IDLE: "You were signed out because this session had not been used for a while.",
    EndReason.EXPIRED: "You were signed out because this session had lasted as long as it may.",
    EndReason.TOKEN_REUSED: (
        "You were signed out because an old copy of this session was used."
        " If you cannot explain it, change your password."
    ),
    EndReason.CONFIRM_FAILED: "You were signed out after too many wrong passwords.",
}


def why(reason: str | None) -> str | None:
    """Return the sentence for a reason, or None for no reason or one we do not know."""
    return WHY.get(reason) if reason else None
