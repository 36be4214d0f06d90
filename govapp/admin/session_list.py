"""The sessions that staff search through: filters, conditions and one page of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session as DBSession

from govapp import policy, powers
from govapp.admin import listing, words
from govapp.admin.lifetimes import Lifetimes
from govapp.admin.listing import Cursor, Page
from govapp.admin.seal import seal
from govapp.admin.sight import Sight
from govapp.forms import Rejected
from govapp.models import Group, Membership, Session, User
from govapp.models.base import network_bounds
from govapp.network import COARSE_PREFIX, Network, parse_network, shown
from govapp.scoping import covered
from govapp.sessions import store
from govapp.users import login_key

STATES = {"live": "Live", "ended": "Ended", "all": "All"}
IDLE = {
    "1800": "30 minutes",
    "3600": "1 hour",
    "14400": "4 hours",
    "86400": "1 day",
    "259200": "3 days",
    "604800": "7 days",
}
COMMON_DEVICES = tuple(
    f"{browser} on {system}"
    for browser, systems in (
        ("Chrome", ("Android", "ChromeOS", "Linux", "Windows", "iPhone", "macOS")),
        ("Edge", ("Windows", "macOS")),
        ("Firefox", ("Android", "Linux", "Windows", "macOS")),
        ("Safari", ("iPad", "iPhone", "macOS")),
    )
    for system in systems
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; the default is everything live."""

    user: str = ""
    group: str = ""
    state: str = "live"
    address: Network | None = None
    device: str = ""
    idle: str = ""

    @property
    def impersonal(self) -> dict[str, str]:
        """The filters for the audit trail: of what names a person, only that it was used."""
        told = {"state": self.state, "group": self.group, "device": self.device, "idle": self.idle}
        named = {"user": self.user, "address": self.address}
        told |= {name: "given" for name, value in named.items() if value}
        return {name: value for name, value in told.items() if value}


def parse(params: Mapping[str, str]) -> Filters:
    """Return the filters in a query string. Raises Rejected."""
    return Filters(
        user=listing.text(params, "user", label="User"),
        group=listing.text(params, "group", label="Group"),
        state=listing.choice(params, "state", STATES, label="State", default="live"),
        address=_network(listing.text(params, "address", label="Address")),
        device=listing.text(params, "device", label="Device"),
        idle=listing.choice(params, "idle", IDLE, label="Idle for"),
    )


def _network(typed: str) -> Network | None:
    try:
        return parse_network(typed) if typed else None
    except ValueError as error:
        raise Rejected("address", f"Address: {error}.") from None


def conditions(filters: Filters, sight: Sight, lifetimes: Lifetimes) -> list[ColumnElement[bool]]:
    """Return what a row must meet: first of all, be covered."""
    met = [covered(Session.user_id, sight.people)]
    if filters.user:
        met.append(_of_user(filters.user))
    if filters.group:
        met.append(_of_group(filters.group, sight))
    if filters.state == "live":
        met.append(lifetimes.alive())
    elif filters.state == "ended":
        met.append(~lifetimes.alive())
    if filters.address is not None:
        met.append(_of_network(filters.address, sight))
    if filters.device:
        met.append(_of_device(filters.device))
    if filters.idle:
        met.append(Session.last_seen_at <= lifetimes.now - timedelta(seconds=int(filters.idle)))
    return met


def _of_device(text: str) -> ColumnElement[bool]:
    """Match a common device by any part of its label, whatever the case; others by beginning."""
    common = [label for label in COMMON_DEVICES if text.casefold() in label.casefold()]
    if text in COMMON_DEVICES:
        return Session.device == text
    return or_(Session.device.in_(common), listing.begins_with(Session.device, text))


def _of_user(text: str) -> ColumnElement[bool]:
    if listing.PUBLIC_ID.fullmatch(text):
        return Session.user_id == text
    named = select(User.id).where(listing.begins_with(User.login_key, login_key(text)))
    return Session.user_id.in_(named)


def _of_network(network: Network, sight: Sight) -> ColumnElement[bool]:
    within = Session.address.between(*network_bounds(network))
    if network.prefixlen <= COARSE_PREFIX[network.version]:
        return within
    # Whose address is shown masked is not found by more of it than is shown.
    return and_(within, covered(Session.user_id, sight.pii))


def _of_group(name: str, sight: Sight) -> ColumnElement[bool]:
    # A group that is not covered filters like one that is not there, or its members would show.
    if not policy.covers(sight.people, [name]):
        return false()
    return Session.user_id.in_(select(Membership.user_id).where(Membership.group_name == name))


# ---------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class Row:
    """One session as a list shows it."""

    id: str
    row_id: int
    user_id: str
    name: str
    groups: list[str]
    device: str
    address: str
    method: str
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    state: str
    how_ended: str


def page(
    dbsession: DBSession,
    filters: Filters,
    sight: Sight,
    at: Cursor | None,
    lifetimes: Lifetimes,
    *,
    secrets: Sequence[bytes],
) -> Page:
    """Return one page of sessions, newest first: one statement. ``secrets`` seal its cursors."""
    met = conditions(filters, sight, lifetimes)
    ids = listing.newest_ids(select(Session.id).where(*met), Session.id, at).subquery()
    found = dbsession.execute(
        select(
            Session,
            User,
            powers.columns(Session.user_id)[0],
            lifetimes.alive().label("is_alive"),
            store.holds_grant(Session.user_id).label("is_staff"),
            covered(Session.user_id, sight.pii).label("is_full"),
        )
        .join(ids, ids.c.id == Session.id)
        .outerjoin(User, User.id == Session.user_id)
        .order_by(Session.id.desc())
    ).all()
    rows = [
        row(
            session,
            user,
            groups=sight.groups((groups or "").split()),
            over="" if is_alive else lifetimes.why_over(session, user, is_staff=is_staff),
            full=bool(is_full),
        )
        for session, user, groups, is_alive, is_staff, is_full in found
    ]
    return listing.page(rows, [seal(shown_row.row_id, secrets) for shown_row in rows], at)


def row(
    session: Session,
    user: User | None,
    *,
    groups: list[str],
    over: str,
    full: bool,
) -> Row:
    """Return a session as a list shows it; ``over`` is why it is not alive, "" while it is."""
    return Row(
        id=session.public_id.hex,
        row_id=session.id,
        user_id=session.user_id,
        name=words.person(user.name if user is not None else session.user_id, full=full),
        groups=groups,
        device=session.device,
        address=shown(session.address, full=full),
        method=session.method,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        ends_at=min(session.expires_at, session.idle_expires_at),
        ended_at=session.ended_at,
        state="ended" if over else "live",
        how_ended=words.end_reason(over) if over else "",
    )


def summary(
    dbsession: DBSession, filters: Filters, sight: Sight, lifetimes: Lifetimes
) -> tuple[int, list[str]]:
    """Return how many sessions match, at most the cap and one, and the groups to filter by."""
    met = conditions(filters, sight, lifetimes)
    matching = listing.capped_count(select(Session.id).where(*met))
    total, names = dbsession.execute(select(matching, group_options(sight))).one()
    return total, sorted((names or "").split())


def groups(dbsession: DBSession, sight: Sight) -> list[str]:
    """Return the groups to filter by."""
    return sorted((dbsession.scalar(select(group_options(sight))) or "").split())


def group_options(sight: Sight) -> Any:
    """Return the names of the groups over which the page's permission is held, as one column."""
    return (
        select(func.aggregate_strings(Group.name, " "))
        .where(sight.group_in_scope())
        .scalar_subquery()
    )
