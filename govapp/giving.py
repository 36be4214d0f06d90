"""Groups, memberships and grants changed, never beyond what the giver holds.

Functions of ``(dbsession, …, *, now)``: each locks what the rules look at, changes, and records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as DBSession

from govapp import audit, models, policy, powers
from govapp.audit import Actor, Event
from govapp.policy import NO_GRANTS, Grant, Grants, Limits, Permission
from govapp.sessions import store
from govapp.upsert import insert

GROUP_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
# What pages and commands call those over whom a grant holds that is not limited to a group.
RESERVED_NAMES = frozenset({"everyone"})
# What only somebody who may give everything can give back: it must never be without a holder.
KEYSTONE = Grant(Permission.GRANT_MANAGE)


class Refused(Exception):
    """Raised when a rule forbids a change; the message is a plain sentence."""


class NotHeld(Refused):
    """Raised when somebody gives or takes away (``what``) grants that they do not hold."""

    def __init__(self, what: str, missing: Grants) -> None:
        self.what = what
        self.missing = missing
        super().__init__(self.worded(policy.str_of))

    def worded(self, grant: Callable[[Grant], str]) -> str:
        """Return the sentence with each missing grant in the reader's words."""
        listed = ", ".join(sorted(set(map(grant, self.missing))))
        return f"You cannot {self.what} what you do not hold yourself: {listed}."


def create_group(dbsession: DBSession, name: str, *, actor: Actor, now: datetime) -> None:
    """Add an empty group. Raises Refused for a bad or a taken name."""
    if not GROUP_NAME.fullmatch(name):
        raise Refused(
            "A group's name has 1 to 40 lower-case letters, digits and hyphens, and begins with"
            " a letter."
        )
    if name in RESERVED_NAMES:
        raise Refused(f"No group can be called {name}: it would read like all people.")
    if not _added(dbsession, models.Group, {"name": name, "created_at": now}):
        raise Refused(f"There is already a group {name}.")
    audit.record(dbsession, Event.GROUP_CREATED, actor=actor, now=now, details={"group": name})


def add_grant(
    dbsession: DBSession,
    group: str,
    grant: Grant,
    *,
    giver: Grants | None,
    actor: Actor,
    now: datetime,
    staff_limits: Limits,
) -> bool:
    """Give a group a permission; False if it had it. Raises Refused.

    ``giver`` are the grants of whoever gives, None for the system.
    """
    _require_group(dbsession, group)
    if grant.over != policy.EVERYONE:
        _require_group(dbsession, grant.over)
    if grant.permission not in set(Permission):
        raise Refused(f"There is no permission {grant.permission!r}.")
    _require_held(giver, frozenset({grant}), what="give")
    values = {"group_name": group, "permission": grant.permission, "over": grant.over}
    if not _added(dbsession, models.Grant, values):
        return False
    members = dbsession.scalars(
        select(models.Membership.user_id).where(models.Membership.group_name == group)
    ).all()
    store.lower_limits(dbsession, members, staff_limits)
    _record_grant(dbsession, Event.GRANT_ADDED, group, grant, actor=actor, now=now)
    return True


def remove_grant(
    dbsession: DBSession,
    group: str,
    grant: Grant,
    *,
    giver: Grants | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Take a permission from a group; False if it did not have it. Raises Refused."""
    _require_group(dbsession, group)
    # All that the group holds: otherwise somebody weaker could disarm it piece by piece.
    _require_held(giver, powers.of_group(dbsession, group), what="take away")
    with keystone_kept(dbsession):
        row = dbsession.get(models.Grant, (group, grant.permission, grant.over))
        if row is None:
            return False
        dbsession.delete(row)
    _record_grant(dbsession, Event.GRANT_REMOVED, group, grant, actor=actor, now=now)
    return True


def add_member(
    dbsession: DBSession,
    group: str,
    user_id: str,
    *,
    giver: Grants | None,
    actor: Actor,
    now: datetime,
    staff_limits: Limits,
) -> bool:
    """Put a person into a group; False if already in it. Raises Refused."""
    _require_group(dbsession, group)
    conferred = powers.of_group(dbsession, group)
    _require_held(giver, conferred, what="give")
    if not _added(dbsession, models.Membership, {"user_id": user_id, "group_name": group}):
        return False
    if conferred:
        store.lower_limits(dbsession, [user_id], staff_limits)
    audit.record(
        dbsession,
        Event.MEMBER_ADDED,
        actor=actor,
        now=now,
        subject_id=user_id,
        details={"group": group},
    )
    return True


def remove_member(
    dbsession: DBSession,
    group: str,
    user_id: str,
    *,
    giver: Grants | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Take a person out of a group; False if not in it. Raises Refused."""
    _require_group(dbsession, group)
    _require_held(giver, powers.of_group(dbsession, group), what="take away")
    with keystone_kept(dbsession):
        row = dbsession.get(models.Membership, (user_id, group))
        if row is None:
            return False
        dbsession.delete(row)
    audit.record(
        dbsession,
        Event.MEMBER_REMOVED,
        actor=actor,
        now=now,
        subject_id=user_id,
        details={"group": group},
    )
    return True


# ---------------------------------------------------------------- guards


def locked_giver(dbsession: DBSession, user_id: str) -> Grants:
    """Return what somebody who is about to give or take away holds, locked until commit.

    The keystone comes first: two who each hold their own grants shared, and each take one away,
    would wait for each other.
    """
    _lock_keystone(dbsession)
    return powers.locked_of_user(dbsession, user_id).grants


@contextmanager
def keystone_kept(dbsession: DBSession) -> Iterator[None]:
    """Raise Refused if the block takes the last active person away who manages all grants.

    Who may do so is locked first: two people cannot each remove the other. Where there was
    nobody before, there is nobody to keep.
    """
    _lock_keystone(dbsession)
    had_holder = _has_keystone_holder(dbsession)
    yield
    dbsession.flush()
    if had_holder and not _has_keystone_holder(dbsession):
        raise Refused(
            "This would leave nobody who can manage grants over everyone. Give that to somebody"
            " else first."
        )


def _lock_keystone(dbsession: DBSession) -> None:
    dbsession.execute(
        select(models.Grant)
        .where(models.Grant.permission == KEYSTONE.permission, models.Grant.over == KEYSTONE.over)
        .order_by(models.Grant.group_name)
        .with_for_update()
    ).all()


def _has_keystone_holder(dbsession: DBSession) -> bool:
    holder = dbsession.scalar(
        select(models.User.id)
        .join(models.Membership, models.Membership.user_id == models.User.id)
        .join(models.Grant, models.Grant.group_name == models.Membership.group_name)
        .where(
            models.User.active,
            models.Grant.permission == KEYSTONE.permission,
            models.Grant.over == KEYSTONE.over,
        )
        .limit(1)
    )
    return holder is not None


def _require_group(dbsession: DBSession, name: str) -> None:
    if dbsession.get(models.Group, name) is None:
        raise Refused(f"There is no group {name[:40]!r}.")


def _require_held(giver: Grants | None, conferred: Iterable[Grant], *, what: str) -> None:
    missing = policy.lacking(giver, frozenset(conferred)) if giver is not None else NO_GRANTS
    if missing:
        raise NotHeld(what, missing)


def _added(dbsession: DBSession, model: Any, values: dict[str, Any]) -> bool:
    """Insert a row; False if it was there, also if somebody else adds it at this moment."""
    statement = insert(dbsession, model).values(values).on_conflict_do_nothing().returning(model)
    return dbsession.scalars(statement).one_or_none() is not None


def _record_grant(
    dbsession: DBSession, event: Event, group: str, grant: Grant, *, actor: Actor, now: datetime
) -> None:
    audit.record(
        dbsession,
        event,
        actor=actor,
        now=now,
        details={"group": group, "permission": grant.permission, "over": grant.over},
    )
