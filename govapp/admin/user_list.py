"""The people that staff search through, one page at a time, in the order of their logins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.orm import Session as DBSession

from govapp import policy, powers
from govapp.admin import listing, words
from govapp.admin.lifetimes import Lifetimes
from govapp.admin.listing import PAGE_ROWS, Cursor, Page
from govapp.admin.sight import Sight
from govapp.models import Membership, Session, User
from govapp.scoping import covered
from govapp.users import login_key


@dataclass(frozen=True, slots=True)
class Filters:
    """Whom to list: everybody, unless a login begins with ``q`` or a group is named."""

    q: str = ""
    group: str = ""


def parse(params: Mapping[str, str]) -> Filters:
    """Return the filters in a query string. Raises Rejected."""
    return Filters(
        q=listing.text(params, "q", label="Login"),
        group=listing.text(params, "group", label="Group"),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One person as a list shows them; ``is_signed_in`` is None where that may not be seen."""

    id: str
    name: str
    login: str
    groups: list[str]
    is_active: bool
    is_signed_in: bool | None
    created_at: datetime


def page(
    dbsession: DBSession,
    filters: Filters,
    sight: Sight,
    sessions_scope: frozenset[str],
    at: Cursor | None,
    lifetimes: Lifetimes,
) -> Page:
    """Return one page of people: one statement."""
    ids = _ids(filters, sight, at).subquery()
    alive = (
        select(Session.id)
        .where(Session.user_id == User.id, lifetimes.alive())
        .correlate(User)
        .exists()
    )
    found = dbsession.execute(
        select(
            User,
            powers.columns(User.id)[0],
            covered(User.id, sight.pii).label("is_full"),
            covered(User.id, sessions_scope).label("may_see_sessions"),
            and_(covered(User.id, sessions_scope), alive).label("is_signed_in"),
        )
        .join(ids, ids.c.id == User.id)
        .order_by(User.login_key)
    ).all()
    rows = [
        Row(
            id=user.id,
            name=words.person(user.name, full=bool(full)),
            login=words.person(user.login, full=bool(full)),
            groups=sight.groups((groups or "").split()),
            is_active=user.active,
            is_signed_in=bool(signed_in) if may_see_sessions else None,
            created_at=user.created_at,
        )
        for user, groups, full, may_see_sessions, signed_in in found
    ]
    return listing.page(rows, [row.id for row in rows], at)


def _ids(filters: Filters, sight: Sight, at: Cursor | None) -> Any:
    """Return the statement for the ids of one page and one more.

    The cursor is an id, not a login, which may be an e-mail address. Where it leads to nobody
    that the requester may see, the page is empty.
    """
    met: list[ColumnElement[bool]] = [covered(User.id, sight.people)]
    if filters.q:
        met.append(listing.begins_with(User.login_key, login_key(filters.q)))
    if filters.group:
        met.append(_in_group(filters.group, sight))
    wanted = select(User.id).where(*met).limit(PAGE_ROWS + 1)
    if at is None:
        return wanted.order_by(User.login_key)
    seen = (
        select(User.login_key)
        .where(User.id == at.key, covered(User.id, sight.people))
        .correlate(None)
        .scalar_subquery()
    )
    if at.is_after:
        return wanted.where(User.login_key > seen).order_by(User.login_key)
    return wanted.where(User.login_key < seen).order_by(User.login_key.desc())


def _in_group(name: str, sight: Sight) -> ColumnElement[bool]:
    if not policy.covers(sight.people, [name]):
        return false()
    return User.id.in_(select(Membership.user_id).where(Membership.group_name == name))
