"""The scope of a permission as an SQL condition: whose rows its holder may see at all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, true

from govapp.models import Membership
from govapp.policy import EVERYONE


def covered(user_id: Any, scope: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a column's person belongs to one of the scope's groups."""
    if EVERYONE in scope:
        return true()
    # Correlated, so that a list can stop at its page instead of sorting a whole group.
    return (
        select(Membership.user_id)
        .where(Membership.user_id == user_id, Membership.group_name.in_(sorted(scope)))
        .exists()
    )
