"""The tables, one idea a file. They hold facts and constraints, no behaviour."""

from govapp.models.audit import AuditEvent
from govapp.models.base import Base
from govapp.models.group import OVER_EVERYONE, Grant, Group, Membership
from govapp.models.not_before import EVERYONE, NotBefore, user_subject
from govapp.models.session import Session
from govapp.models.throttle import Throttle
from govapp.models.user import OneTimeLink, User

__all__ = [
    "EVERYONE",
    "OVER_EVERYONE",
    "AuditEvent",
    "Base",
    "Grant",
    "Group",
    "Membership",
    "NotBefore",
    "OneTimeLink",
    "Session",
    "Throttle",
    "User",
    "user_subject",
]
