"""Groups, how many belong to each, and what each holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as DBSession

from govapp.admin import listing
from govapp.admin.sight import Sight
from govapp.models import Grant, Group, Membership


@dataclass(frozen=True, slots=True)
class Row:
    """One group; ``members`` is at most the cap of counts and one."""

    name: str
    members: int
    grants: Sequence[Grant]


def rows(dbsession: DBSession, sight: Sight) -> list[Row]:
    """Return the groups in the sight's scope, by name: two statements."""
    members = listing.capped_count(
        select(Membership.user_id).where(Membership.group_name == Group.name).correlate(Group)
    )
    counted = dbsession.execute(
        select(Group.name, members).where(sight.group_in_scope()).order_by(Group.name)
    ).all()
    held: dict[str, list[Grant]] = defaultdict(list)
    for grant in dbsession.scalars(
        select(Grant)
        .join(Group, Group.name == Grant.group_name)
        .where(sight.group_in_scope())
        .order_by(Grant.permission, Grant.over)
    ):
        held[grant.group_name].append(grant)
    return [Row(name, count, held[name]) for name, count in counted]
