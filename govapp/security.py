"""Who the requester is and what they may do, read from the database on every request.

``config.include("govapp.security")`` needs ``govapp.sessions``. It adds the person, the groups
and the grants to the session look-up (still one statement), ``request.identity``, and a
``SecurityPolicy`` in which Pyramid's own ``ACLHelper`` decides over ``__acl__()``. A host with
users of its own calls ``config.set_user_finder(find)``: ``find(request, user_id)`` returns an
object with ``name``, ``login`` and ``active``, or None for nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden
from pyramid.interfaces import PHASE1_CONFIG, ISecurityPolicy
from pyramid.request import Request
from pyramid.security import Denied
from zope.interface import implementer

from govapp import powers, sessions
from govapp.facts import settings_of
from govapp.models import Session, User
from govapp.policy import Grants, Limits, covers, scope
from govapp.powers import Power

SIGNED_IN = "signed-in"


class FoundUser(Protocol):
    """What a user finder returns."""

    @property
    def name(self) -> str: ...

    @property
    def login(self) -> str: ...

    @property
    def active(self) -> bool: ...


UserFinder = Callable[[Request, str], FoundUser | None]


def includeme(config: Configurator) -> None:
    """Add identity, permissions and the security policy."""
    config.include("govapp.sessions")
    registry = config.registry
    config.add_directive("set_user_finder", _set_user_finder)
    config.action(None, lambda: _extend_look_up(registry), order=PHASE1_CONFIG)
    registry["govapp.is_active"] = _is_active
    registry["govapp.limits"] = _limits
    registry["govapp.limits_of_user"] = _limits_of_user
    registry["govapp.rechecks"].append(_recheck)
    config.add_request_method(_identity, "identity", reify=True)
    config.add_request_method(lambda request: [], "permissions_used", reify=True)
    config.set_security_policy(SecurityPolicy())


# ---------------------------------------------------------------- identity


@dataclass(frozen=True, slots=True)
class Identity:
    """Facts about the requester, built anew for each request; safe after its transaction."""

    user_id: str
    name: str
    login: str
    session_id: str
    session_row_id: int
    authenticated_at: datetime
    power: Power

    @property
    def grants(self) -> Grants:
        """What the person's groups grant."""
        return self.power.grants

    def is_fresh(self, *, now: datetime, fresh_seconds: int) -> bool:
        """Tell whether the person proved who they are recently enough for changes."""
        return now - self.authenticated_at <= timedelta(seconds=fresh_seconds)

    def holds(self, permission: str) -> bool:
        """Tell whether a permission is held, over anybody."""
        return bool(scope(self.grants, permission))

    def covers(self, permission: str, groups: frozenset[str]) -> bool:
        """Tell whether a permission is held over somebody who belongs to these groups."""
        return covers(scope(self.grants, permission), groups)

    @property
    def principals(self) -> list[str]:
        """What ACLs name. What the person may do is decided in ``__acl__``, by ``policy``."""
        return [Everyone, Authenticated, f"user:{self.user_id}"]


def _identity(request: Request) -> Identity | None:
    row = request.presented_session.live
    return _identity_of(request, row) if row is not None else None


def _identity_of(request: Request, row: Any) -> Identity:
    user = _found_user(request, row)
    return Identity(
        user_id=row.user_id,
        name=user.name if user is not None else row.user_id,
        login=user.login if user is not None else row.user_id,
        session_id=row.public_id.hex,
        session_row_id=row.id,
        authenticated_at=row.authenticated_at,
        power=powers.parse(row.groups, row.grants),
    )


@dataclass(frozen=True, slots=True)
class _RowUser:
    name: str
    login: str
    active: bool


def _found_user(request: Request, row: Any) -> FoundUser | None:
    finder: UserFinder | None = request.registry.get("govapp.user_finder")
    if finder is not None:
        return finder(request, row.user_id)
    if row.user_active is None:
        return None
    return _RowUser(row.user_name, row.user_login, row.user_active)


# ---------------------------------------------------------------- what sessions ask of us


def _extend_look_up(registry: Any) -> None:
    statement = registry["govapp.look_up"].add_columns(*powers.columns(Session.user_id))
    if registry.get("govapp.user_finder") is None:
        statement = statement.outerjoin(User, User.id == Session.user_id).add_columns(
            User.name.label("user_name"),
            User.login.label("user_login"),
            User.active.label("user_active"),
        )
    registry["govapp.look_up"] = statement


def _is_active(request: Request, row: Any) -> bool:
    user = _found_user(request, row)
    return user is not None and user.active


def _limits(request: Request, row: Any) -> Limits:
    settings = settings_of(request)
    return settings.staff_limits if row.grants else settings.user_limits


def _limits_of_user(request: Request, user_id: str) -> Limits:
    settings = settings_of(request)
    is_staff = bool(powers.of_user(request.dbsession, user_id).grants)
    return settings.staff_limits if is_staff else settings.user_limits


def _recheck(request: Request, row: Any) -> None:
    """Raise HTTPForbidden if a permission that this request used was taken away meanwhile.

    The grants are locked: whoever takes one away waits for this commit.
    """
    if not request.permissions_used or row is None:
        return
    power = powers.locked_of_user(request.dbsession, row.user_id)
    # ACLs ask request.identity: what is decided from here on rests on what stands now.
    request.identity = replace(_identity_of(request, row), power=power)
    for permission, context in request.permissions_used:
        if not ACLHelper().permits(context, request.identity.principals, permission):
            raise HTTPForbidden(result=Denied("a permission was taken away meanwhile"))


# ---------------------------------------------------------------- policy


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Pyramid's security policy over identities and ACLs."""

    def identity(self, request: Request) -> Identity | None:
        """Return who is signed in, or None."""
        found: Identity | None = request.identity
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the id of who is signed in, or None."""
        return request.identity.user_id if request.identity is not None else None

    def permits(self, request: Request, context: Any, permission: str) -> Any:
        """Return Pyramid's ACLAllowed or ACLDenied, which carries its reason."""
        identity = request.identity
        principals = identity.principals if identity is not None else [Everyone]
        result = ACLHelper().permits(context, principals, permission)
        if result:
            request.permissions_used.append((permission, context))
        return result

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Begin a session; its cookie goes out after the commit, so there are no headers."""
        sessions.begin(request, userid, **kw)
        return []

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        """End the requester's session."""
        sessions.end(request, **kw)
        return []


def _set_user_finder(config: Configurator, find: UserFinder) -> None:
    """Use the host's users: ``find(request, user_id)`` returns a FoundUser or None."""
    config.registry["govapp.user_finder"] = find
