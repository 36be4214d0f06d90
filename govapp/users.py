"""People: found, created, disabled, given a password. Queries of ``(dbsession, …, *, now)``."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session as DBSession

from govapp import audit, giving
from govapp.audit import Actor, Event
from govapp.giving import Refused
from govapp.models import OneTimeLink, User, user_subject
from govapp.policy import EndReason, Limits
from govapp.sessions import ending, tokens

MAX_LOGIN_LENGTH = 254
MAX_NAME_LENGTH = 100


def login_key(login: str) -> str:
    """Return the form in which logins are compared."""
    return login.strip().casefold()


def by_login(dbsession: DBSession, login: str) -> User | None:
    """Return the person with this login, or None."""
    return dbsession.scalar(select(User).where(User.login_key == login_key(login)))


def locked(dbsession: DBSession, user_id: str) -> User | None:
    """Return the person, locked against change until commit, or None."""
    return dbsession.get(User, user_id, with_for_update=True, populate_existing=True)


def is_login(text: str) -> bool:
    """Tell whether a text can be a login at all; asked before any query."""
    return 0 < len(text.strip()) <= MAX_LOGIN_LENGTH and text.isprintable()


def unchanged_since(dbsession: DBSession, seen: User, *, exclusive: bool) -> User | None:
    """Return the person, locked, if password and state are still as ``seen``; else None.

    The end of a sign-in: a password reset or a disabling that committed meanwhile wins.
    ``exclusive`` for a sign-in that stores a new hash.
    """
    current = dbsession.scalar(
        select(User)
        .where(User.id == seen.id)
        .with_for_update(read=not exclusive)
        .execution_options(populate_existing=True)
    )
    if current is None or not current.active or current.password_hash != seen.password_hash:
        return None
    return current


def create(
    dbsession: DBSession,
    login: str,
    name: str,
    *,
    password_hash: str | None,
    actor: Actor,
    now: datetime,
) -> User:
    """Add a person. Raises Refused for a login that is taken or not usable."""
    for text, label, longest in (
        (login, "login", MAX_LOGIN_LENGTH),
        (name, "name", MAX_NAME_LENGTH),
    ):
        if not text.strip() or len(text) > longest or not text.isprintable():
            raise Refused(f"A {label} has 1 to {longest} printable characters.")
    if by_login(dbsession, login) is not None:
        raise Refused(f"There is already a user {login}.")
    user = User(
        id=secrets.token_hex(16),
        login=login.strip(),
        login_key=login_key(login),
        name=name.strip(),
        password_hash=password_hash,
        password_changed_at=now if password_hash else None,
        active=True,
        created_at=now,
    )
    dbsession.add(user)
    dbsession.flush()
    audit.record(dbsession, Event.USER_CREATED, actor=actor, now=now, subject_id=user.id)
    return user


def disable(
    dbsession: DBSession,
    user: User,
    *,
    own_id: int | None,
    actor: Actor,
    now: datetime,
    limits: Limits,
    after_lock: Callable[[], None] = lambda: None,
) -> int:
    """Disable a person and end all their sessions; return how many. Raises Refused.

    The not-before instant stays, so that enabling revives nothing. To somebody who is disabled
    already, nothing happens.
    """
    if not user.active:
        return 0
    ended = ending.end_all_of(
        dbsession,
        user.id,
        own_id=own_id,
        reason=EndReason.USER_DISABLED,
        actor=actor,
        now=now,
        limits=limits,
        after_lock=after_lock,
    )
    # After the sessions, which every change locks first: nobody waits in a circle.
    with giving.keystone_kept(dbsession):
        current = dbsession.get_one(User, user.id, with_for_update=True, populate_existing=True)
        if not current.active:
            # Somebody else was first, and has recorded it.
            return ended
        user.active = False
    audit.record(
        dbsession,
        Event.USER_DISABLED,
        actor=actor,
        now=now,
        subject_id=user.id,
        details={"sessions_ended": ended},
    )
    return ended


def enable(dbsession: DBSession, user: User, *, actor: Actor, now: datetime) -> bool:
    """Enable a person; False if they were already. Sessions from before stay ended."""
    dbsession.refresh(user, with_for_update=True)
    if user.active:
        return False
    user.active = True
    # Whoever disabled them may have done so in the database itself, and ended nothing.
    ending.set_not_before(dbsession, user_subject(user.id))
    audit.record(dbsession, Event.USER_ENABLED, actor=actor, now=now, subject_id=user.id)
    return True


def set_password(
    dbsession: DBSession, user: User, password_hash: str, *, actor: Actor, now: datetime
) -> None:
    """Store a new password's hash and use up the person's links.

    What sessions it ends, the caller decides.
    """
    user.password_hash = password_hash
    user.password_changed_at = now
    dbsession.flush()
    _use_up_links(dbsession, user.id, now=now)
    audit.record(dbsession, Event.PASSWORD_CHANGED, actor=actor, now=now, subject_id=user.id)


# ---------------------------------------------------------------- one-time links


def create_link(
    dbsession: DBSession, user: User, *, actor: Actor, now: datetime, link_seconds: int
) -> str:
    """Return the token of a new link with which this person sets a password, once."""
    token = tokens.new_token()
    dbsession.add(
        OneTimeLink(
            token_hash=tokens.digest(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(seconds=link_seconds),
        )
    )
    audit.record(dbsession, Event.LINK_CREATED, actor=actor, now=now, subject_id=user.id)
    return token


def link_holder(dbsession: DBSession, token: str | None, *, now: datetime) -> User | None:
    """Return whom an unused link in time belongs to, or None; disabled people have none."""
    parsed = tokens.parse_token(token)
    if parsed is None:
        return None
    return dbsession.scalar(
        select(User)
        .join(OneTimeLink, OneTimeLink.user_id == User.id)
        .where(
            OneTimeLink.token_hash == tokens.digest(parsed),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
            User.active,
        )
    )


def use_link(dbsession: DBSession, token: str, *, now: datetime) -> User | None:
    """Use a link up and return its locked holder, or None. Of two at once, one gets it."""
    parsed = tokens.parse_token(token)
    if parsed is None:
        return None
    link = dbsession.get(
        OneTimeLink, tokens.digest(parsed), with_for_update=True, populate_existing=True
    )
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    _use_up_links(dbsession, link.user_id, now=now)
    user = locked(dbsession, link.user_id)
    return user if user is not None and user.active else None


def _use_up_links(dbsession: DBSession, user_id: str, *, now: datetime) -> None:
    """Whoever has set a password needs none of the other links, and a thief must not have them."""
    dbsession.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )
