"""The five groups that ``govapp init`` makes, with their grants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as DBSession

from govapp import powers
from govapp.audit import Actor
from govapp.policy import Grant, Limits
from govapp.policy import Permission as P

CUSTOMERS = "customers"
STANDARD_GROUPS: dict[str, list[Grant]] = {
    CUSTOMERS: [],
    "admins": [Grant(permission) for permission in P],
    "security": [
        Grant(P.SESSION_LIST),
        Grant(P.SESSION_REVOKE),
        Grant(P.SESSION_REVOKE_ANYONE),
        Grant(P.USER_LIST),
        Grant(P.AUDIT_READ),
        Grant(P.PII_VIEW),
        Grant(P.ADMIN_VIEW),
    ],
    "support": [
        Grant(P.SESSION_LIST, CUSTOMERS),
        Grant(P.SESSION_REVOKE, CUSTOMERS),
        Grant(P.USER_LIST, CUSTOMERS),
        Grant(P.ADMIN_VIEW, CUSTOMERS),
    ],
    "auditors": [
        Grant(P.AUDIT_READ),
        Grant(P.SESSION_LIST),
        Grant(P.USER_LIST),
        Grant(P.ADMIN_VIEW),
    ],
}


def create_standard_groups(
    dbsession: DBSession, *, actor: Actor, now: datetime, staff_limits: Limits
) -> None:
    """Add the groups and their grants. Raises Refused if one is there already."""
    for name, grants in STANDARD_GROUPS.items():
        powers.create_group(dbsession, name, actor=actor, now=now)
        for grant in grants:
            powers.add_grant(
                dbsession,
                name,
                grant,
                giver=None,
                actor=actor,
                now=now,
                staff_limits=staff_limits,
            )
