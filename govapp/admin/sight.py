"""What the requester may see: whom, whose details in full, and which groups' names. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from govapp import policy
from govapp.models import Group
from govapp.policy import EVERYONE, Grants, Permission


@dataclass(frozen=True, slots=True)
class Sight:
    """Each field is a scope: names of groups, or ``*`` for everyone.

    ``people``: over whom the page's permission is held. ``pii``: whose logins and addresses are
    shown in full. ``known``: over whom anything is held at all; of other groups the requester
    learns nothing, not even that there are any.
    """

    people: frozenset[str]
    pii: frozenset[str]
    known: frozenset[str]

    def knows(self, group: str) -> bool:
        """Tell whether the requester may know of a group."""
        return policy.covers(self.known, [group])

    def groups(self, names: Iterable[str]) -> list[str]:
        """Return those of the groups that the requester may know, in order."""
        return sorted(filter(self.knows, names))

    def group_in_scope(self) -> ColumnElement[bool]:
        """Return the condition that the page's permission is held over a group."""
        return true() if EVERYONE in self.people else Group.name.in_(sorted(self.people))


def sight(grants: Grants, permission: str) -> Sight:
    """Return what a holder of these grants sees on a page that needs this permission."""
    return Sight(
        people=policy.scope(grants, permission),
        pii=policy.scope(grants, Permission.PII_VIEW),
        known=policy.scope(grants, *Permission),
    )
