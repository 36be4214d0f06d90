"""What URLs name, and who may do what with it.

``__acl__`` is a method, never a property: an AttributeError inside a property would be
swallowed, and the parent's ACL would decide (Pyramid #3398). Each is computed by
:func:`govapp.policy.may` from the requester's grants; no role is named here.

Factories load only what the requester's grants cover: foreign, unknown and malformed ids are one
and the same 404, and nobody who is not signed in loads anything.
"""

from __future__ import annotations

from typing import Any

from pyramid.authorization import Allow, Authenticated
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select

from govapp import models, policy, powers
from govapp.audit import Event
from govapp.models import Session, User
from govapp.policy import Decision, Permission
from govapp.powers import Power
from govapp.scoping import covered
from govapp.security import SIGNED_IN, Identity
from govapp.sessions import tokens

ACL = list[tuple[str, str, str]]


class Site:
    """The application as a whole: pages that concern nobody in particular."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __acl__(self) -> ACL:
        identity = self.request.identity
        if identity is None:
            return []
        held = [(Allow, f"user:{identity.user_id}", p) for p in Permission if identity.holds(p)]
        return [(Allow, Authenticated, SIGNED_IN), *held]

    def decide(self, permission: str) -> Decision:
        """Return whether the requester holds a permission at all, and why."""
        held = self.request.identity is not None and self.request.identity.holds(permission)
        return Decision(held, f"{permission} is {'' if held else 'not '}held")


class AllGroups:
    """All groups, also one that is yet to be: what is held over everyone decides."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __acl__(self) -> ACL:
        identity = self.request.identity
        if identity is None:
            return []
        return [
            (Allow, f"user:{identity.user_id}", p) for p in Permission if self.decide(p).allowed
        ]

    def decide(self, permission: str) -> Decision:
        """Return whether the requester holds a permission over everyone, and why."""
        identity = self.request.identity
        over = identity is not None and identity.covers(permission, frozenset())
        return Decision(over, f"{permission} is {'' if over else 'not '}held over everyone")


class _Person:
    """Somebody, or something of somebody's: the requester's grants over them decide."""

    def __init__(self, request: Request, user_id: str, power: Power) -> None:
        self.request = request
        self.user_id = user_id
        self.power = power

    def __acl__(self) -> ACL:
        me = f"user:{self.request.identity.user_id}"
        return [(Allow, me, p) for p in Permission if self.decide(p).allowed]

    def decide(self, permission: str) -> Decision:
        """Return whether the requester may use a permission on this person, and why."""
        return policy.may(
            self.request.identity.grants,
            permission,
            target_groups=self.power.groups,
            target_grants=self.power.grants,
        )


class SessionResource(_Person):
    """Somebody's session, as staff see it. ``row`` is a models.Session, ``user`` may be None."""

    def __init__(self, request: Request, row: Session, user: User | None, power: Power) -> None:
        super().__init__(request, row.user_id, power)
        self.row = row
        self.user = user


class UserResource(_Person):
    """A person, as staff see them."""

    def __init__(self, request: Request, user: User, power: Power) -> None:
        super().__init__(request, user.id, power)
        self.user = user


class OwnSession:
    """A session of the requester's own."""

    def __init__(self, request: Request, row: Session) -> None:
        self.request = request
        self.row = row

    def __acl__(self) -> ACL:
        return [(Allow, f"user:{self.row.user_id}", SIGNED_IN)]

    def decide(self, permission: str) -> Decision:
        """Return whether the requester owns the session."""
        own = self.row.user_id == self.request.identity.user_id
        return Decision(own, f"the session is {'' if own else 'not '}the requester's")


class GroupResource:
    """A group: what is held over its members decides."""

    def __init__(self, request: Request, group: models.Group) -> None:
        self.request = request
        self.group = group

    def __acl__(self) -> ACL:
        me = f"user:{self.request.identity.user_id}"
        return [(Allow, me, p) for p in Permission if self.decide(p).allowed]

    def decide(self, permission: str) -> Decision:
        """Return whether the requester holds a permission over this group, and why."""
        over = self.request.identity.covers(permission, frozenset({self.group.name}))
        return Decision(over, f"{permission} is {'' if over else 'not '}held over the group")


def concerned(context: Any) -> dict[str, Any]:
    """Return whom and what a resource is about, as the audit trail's record has it."""
    about: dict[str, Any] = {}
    if isinstance(context, _Person):
        about["subject_id"] = context.user_id
    if isinstance(context, OwnSession):
        about["subject_id"] = context.row.user_id
    if isinstance(context, SessionResource | OwnSession):
        about["session_id"] = context.row.public_id.hex
    if isinstance(context, GroupResource):
        about["details"] = {"group": context.group.name}
    return about


# ---------------------------------------------------------------- route factories


def groups(request: Request) -> Site | AllGroups:
    """Return what the requester's grants must reach: to list groups, any; to add one, all."""
    return AllGroups(request) if request.method == "POST" else Site(request)


def own_session(request: Request) -> OwnSession:
    """Return the requester's session that the URL names."""
    identity = _require_identity(request)
    public_id = tokens.parse_public_id(request.matchdict["id"])
    row = request.dbsession.scalar(
        select(Session).where(Session.public_id == public_id, Session.user_id == identity.user_id)
    )
    if row is None:
        raise _not_found(request)
    return OwnSession(request, row)


def session(request: Request) -> SessionResource:
    """Return the session that the URL names, if the requester's grants cover its owner."""
    identity = _require_identity(request)
    public_id = tokens.parse_public_id(request.matchdict["id"])
    scope = policy.scope(
        identity.grants,
        Permission.SESSION_LIST,
        Permission.SESSION_REVOKE,
        Permission.SESSION_REVOKE_ANYONE,
    )
    found = request.dbsession.execute(
        select(Session, User, *powers.columns(Session.user_id))
        .outerjoin(User, User.id == Session.user_id)
        .where(Session.public_id == public_id, covered(Session.user_id, scope))
    ).one_or_none()
    if found is None:
        raise _not_found(request)
    return SessionResource(request, found[0], found[1], powers.parse(found[2], found[3]))


def user(request: Request) -> UserResource:
    """Return the person that the URL names, if the requester's grants cover them."""
    identity = _require_identity(request)
    scope = policy.scope(identity.grants, *Permission)
    found = request.dbsession.execute(
        select(User, *powers.columns(User.id)).where(
            User.id == request.matchdict["id"], covered(User.id, scope)
        )
    ).one_or_none()
    if found is None:
        raise _not_found(request)
    return UserResource(request, found[0], powers.parse(found[1], found[2]))


def group(request: Request) -> GroupResource:
    """Return the group that the URL names, if the requester's grants reach it."""
    identity = _require_identity(request)
    found = request.dbsession.get(models.Group, request.matchdict["name"])
    scope = policy.scope(identity.grants, *Permission)
    if found is None or not policy.covers(scope, [found.name]):
        raise _not_found(request)
    return GroupResource(request, found)


def _not_found(request: Request) -> HTTPNotFound:
    """Record that somebody asked for what is not there for them, and return the one answer."""
    request.report(
        Event.ACCESS_REFUSED,
        action=request.matched_route.name,
        reason="unknown, or not covered by a grant",
    )
    return HTTPNotFound()


def _require_identity(request: Request) -> Identity:
    identity: Identity | None = request.identity
    if identity is None:
        raise HTTPForbidden
    return identity
