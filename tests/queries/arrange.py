"""What tests of queries arrange; each function works in the caller's transaction."""

from govapp import giving, users
from govapp.audit import Actor
from govapp.models import AuditEvent, Session
from govapp.policy import Grant, Limits
from govapp.sessions import ending, store, tokens

SYSTEM = Actor(user_id="system")
LIMITS = Limits(idle_seconds=600, absolute_seconds=3600)
STAFF_LIMITS = Limits(idle_seconds=300, absolute_seconds=1800)
HASH = "$argon2id$not a real one"


def begin(db, user_id, *, now, limits=LIMITS, token=None):
    """Begin a session and return its row."""
    return store.begin(
        db,
        token=token or tokens.new_token(),
        user_id=user_id,
        method="password",
        address=None,
        device="Firefox on Linux",
        limits=limits,
        now=now,
    )


def end(db, sessions, *, now, reason="ended-by-owner", actor=SYSTEM, note=None):
    return ending.end(db, sessions, reason=reason, actor=actor, now=now, note=note)


def end_all_of(db, user_id, *, now, own_id=None, reason="ended-by-staff", note=None):
    return ending.end_all_of(
        db,
        user_id,
        own_id=own_id,
        reason=reason,
        actor=SYSTEM,
        now=now,
        limits=LIMITS,
        note=note,
    )


def get(database, row):
    """Return the row as another connection sees it."""
    with database() as db:
        return db.get_one(Session, row.id)


def add_user(db, login, *, now, groups=(), password_hash=HASH):
    """Add a person to groups, which must be there, and return them."""
    user = users.create(
        db, login, login.title(), password_hash=password_hash, actor=SYSTEM, now=now
    )
    for group in groups:
        add_member(db, group, user.id, now=now)
    return user


def add_group(db, name, *grants, now):
    """Add a group with grants: a permission over everyone, or a (permission, over) pair."""
    giving.create_group(db, name, actor=SYSTEM, now=now)
    for grant in grants:
        pair = grant if isinstance(grant, tuple) else (grant,)
        add_grant(db, name, Grant(*pair), now=now)


def add_grant(db, group, grant, *, now, giver=None):
    return giving.add_grant(
        db, group, grant, giver=giver, actor=SYSTEM, now=now, staff_limits=STAFF_LIMITS
    )


def remove_grant(db, group, grant, *, now, giver=None):
    return giving.remove_grant(db, group, grant, giver=giver, actor=SYSTEM, now=now)


def add_member(db, group, user_id, *, now, giver=None):
    return giving.add_member(
        db, group, user_id, giver=giver, actor=SYSTEM, now=now, staff_limits=STAFF_LIMITS
    )


def remove_member(db, group, user_id, *, now, giver=None):
    return giving.remove_member(db, group, user_id, giver=giver, actor=SYSTEM, now=now)


def disable(db, user, *, now):
    return users.disable(db, user, own_id=None, actor=SYSTEM, now=now, limits=LIMITS)


def events(database, *names):
    """Return the audit events with these names, oldest first."""
    with database() as db:
        rows = db.query(AuditEvent).order_by(AuditEvent.id).all()
    return [row for row in rows if not names or row.event in names]
