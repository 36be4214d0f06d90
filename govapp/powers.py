"""What people may do: their groups, and the grants of these groups, as the database has them now.

Queries of ``(dbsession, …)``; what changes them is :mod:`govapp.giving`, the rules themselves are
:mod:`govapp.policy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session as DBSession

from govapp import models
from govapp.policy import NO_GRANTS, Grant, Grants


@dataclass(frozen=True, slots=True)
class Power:
    """The groups of a person and what they grant."""

    groups: frozenset[str] = frozenset()
    grants: Grants = NO_GRANTS


def columns(user_id: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a person's groups and grants as two columns of text, for :func:`parse`."""
    member, grant = models.Membership, models.Grant
    groups = (
        select(func.aggregate_strings(member.group_name, " "))
        .where(member.user_id == user_id)
        .scalar_subquery()
    )
    grants = (
        select(func.aggregate_strings(grant.permission + "@" + grant.over, " "))
        .join(member, member.group_name == grant.group_name)
        .where(member.user_id == user_id)
        .scalar_subquery()
    )
    return groups.label("groups"), grants.label("grants")


def parse(groups: str | None, grants: str | None) -> Power:
    """Return the power in the two columns."""
    pairs = (word.split("@", 1) for word in (grants or "").split())
    return Power(
        frozenset((groups or "").split()),
        frozenset(Grant(permission, over) for permission, over in pairs),
    )


def of_user(dbsession: DBSession, user_id: str) -> Power:
    """Return what a person may do now."""
    groups, grants = dbsession.execute(select(*columns(user_id))).one()
    return parse(groups, grants)


def locked_of_user(dbsession: DBSession, user_id: str) -> Power:
    """Return what a person may do now, and keep it from being taken away until commit."""
    member, grant = models.Membership, models.Grant
    rows = dbsession.execute(
        select(grant.group_name, grant.permission, grant.over)
        .join(member, member.group_name == grant.group_name)
        .where(member.user_id == user_id)
        .with_for_update(read=True)
    ).all()
    return Power(
        frozenset(row.group_name for row in rows),
        frozenset(Grant(row.permission, row.over) for row in rows),
    )


def of_group(dbsession: DBSession, name: str) -> Grants:
    """Return the grants of a group."""
    rows = dbsession.execute(
        select(models.Grant.permission, models.Grant.over).where(models.Grant.group_name == name)
    )
    return frozenset(Grant(row.permission, row.over) for row in rows)


def group_names(dbsession: DBSession) -> Sequence[str]:
    """Return the names of all groups, in order."""
    return dbsession.scalars(select(models.Group.name).order_by(models.Group.name)).all()
