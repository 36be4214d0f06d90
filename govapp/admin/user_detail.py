"""A person's live sessions, and the groups that they could be put into: one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, true
from sqlalchemy.orm import Session as DBSession

from govapp.admin import session_list
from govapp.admin.lifetimes import Lifetimes
from govapp.admin.listing import PAGE_ROWS
from govapp.admin.sight import Sight
from govapp.models import Session, User


@dataclass(frozen=True, slots=True)
class Detail:
    """``has_more`` tells that there are more sessions than listed."""

    sessions: Sequence[session_list.Row]
    has_more: bool
    groups: list[str]


def read(
    dbsession: DBSession, user: User, sight: Sight, lifetimes: Lifetimes, *, full: bool
) -> Detail:
    """Return a person's newest live sessions, and the groups in the sight's scope.

    The groups are one row, and the sessions are joined to it: it is there without sessions too.
    """
    facts = select(session_list.group_options(sight).label("groups")).subquery()
    newest = (
        select(Session.id)
        .where(Session.user_id == user.id, lifetimes.alive())
        .order_by(Session.id.desc())
        .limit(PAGE_ROWS + 1)
        .subquery()
    )
    found = dbsession.execute(
        select(facts.c.groups, Session)
        .select_from(facts)
        .outerjoin(newest, true())
        .outerjoin(Session, Session.id == newest.c.id)
        .order_by(Session.id.desc())
    ).all()
    rows = [
        session_list.row(session, user, groups=[], over="", full=full)
        for _, session in found
        if session is not None
    ]
    names = sorted((found[0].groups or "").split())
    return Detail(rows[:PAGE_ROWS], len(rows) > PAGE_ROWS, names)
