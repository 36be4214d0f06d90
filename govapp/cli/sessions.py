"""``govapp session …``: who is signed in, and ending it."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import ColumnElement, not_, select, true

from govapp import db, policy
from govapp.cli.context import SYSTEM, Context, opened
from govapp.cli.everyone import end_everyone
from govapp.cli.output import all_pages, show
from govapp.cli.users import found
from govapp.filters import plural
from govapp.giving import Refused
from govapp.models import Session, User
from govapp.policy import EndReason
from govapp.sessions import ending, store, tokens

LONGEST_REASON = 500
WIDTHS = {
    "id": 32,
    "login": 30,
    "state": 16,
    "device": 22,
    "address": 15,
    "signed_in": 20,
    "last_active": 20,
    "ends": 20,
    "note": 0,
}


def add_calls(calls: Any) -> None:
    """Add ``session list`` and ``session revoke``."""
    verbs = calls.add_parser("session", help="who is signed in, and ending it")
    verbs = verbs.add_subparsers(dest="verb", required=True, metavar="VERB")
    call = verbs.add_parser("list", help="sessions, oldest first")
    call.add_argument("--user", metavar="LOGIN", help="of this person only")
    call.add_argument("--state", choices=["live", "ended", "all"], default="live")
    call.add_argument("--json", action="store_true")
    call.set_defaults(run=list_sessions)

    call = verbs.add_parser("revoke", help="end sessions, at once and for good")
    which = call.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], metavar="ID", help="these sessions")
    which.add_argument("--user", metavar="LOGIN", help="all sessions of this person")
    which.add_argument("--everyone", action="store_true", help="all sessions there are")
    call.add_argument("--reason", required=True, help="what the people concerned are told")
    call.set_defaults(run=revoke)


# ---------------------------------------------------------------- list


def list_sessions(context: Context, arguments: Namespace) -> None:
    """List sessions with their state as it is now, whether or not it is already written down."""
    live = _live(context)
    wanted = {"live": live, "ended": not_(live), "all": true()}[arguments.state]
    statement = (
        store.look_up()
        .outerjoin(User, User.id == Session.user_id)
        .add_columns(User.login, User.active, store.holds_grant(Session.user_id).label("is_staff"))
        .where(wanted)
    )
    with context.reading() as reader:
        if arguments.user is not None:
            statement = statement.where(Session.user_id == found(reader, arguments.user).id)
        rows = all_pages(reader, statement, Session.__table__.c.id)
        show((_facts(context, row) for row in rows), WIDTHS, as_json=arguments.json)


def _live(context: Context) -> ColumnElement[bool]:
    return store.alive(
        now=context.now, limits=context.user_limits, staff_limits=context.staff_limits
    )


def _facts(context: Context, row: Any) -> dict[str, Any]:
    over = policy.why_over(
        row,
        now=context.now,
        limits=context.staff_limits if row.is_staff else context.user_limits,
        not_before=store.not_before(row),
        active=row.active is not False,
    )
    return {
        "id": row.public_id,
        "login": row.login or row.user_id,
        "state": str(over or "live"),
        "device": row.device,
        "address": row.address,
        "method": row.method,
        "signed_in": row.created_at,
        "last_active": row.last_seen_at,
        "ends": row.ended_at or min(row.expires_at, row.idle_expires_at),
        "ended_by": row.ended_by,
        "note": row.end_note,
    }


# ---------------------------------------------------------------- revoke


def revoke(context: Context, arguments: Namespace) -> None:
    """End the sessions that were named, all of a person, or everyone's."""
    note = arguments.reason.strip()
    if not 0 < len(note) <= LONGEST_REASON or not note.isprintable():
        raise Refused(f"A reason has 1 to {LONGEST_REASON} printable characters.")
    if arguments.everyone:
        with opened(db.writer_engine(context.url)) as engine:
            ended = end_everyone(engine, context, note=note)
        print(f"Ended {plural(ended, 'session')}: everyone has to sign in again.")
    elif arguments.user is not None:
        _revoke_user(context, arguments.user, note)
    else:
        _revoke_ids(context, arguments.ids, note)


def _revoke_user(context: Context, login: str, note: str) -> None:
    with context.transaction() as dbsession:
        user = found(dbsession, login)
        ended = ending.end_all_of(
            dbsession,
            user.id,
            own_id=None,
            reason=EndReason.ENDED_BY_STAFF,
            actor=SYSTEM,
            now=context.now,
            limits=context.user_limits,
            note=note,
        )
    print(f"Ended {plural(ended, 'session')} of {user.login}.")


def _revoke_ids(context: Context, texts: list[str], note: str) -> None:
    """End these sessions; one that does not exist, and nothing ends."""
    ids = {text: tokens.parse_public_id(text) for text in texts}
    with context.transaction() as dbsession:
        theirs = Session.public_id.in_([id for id in ids.values() if id is not None])
        known = set(dbsession.scalars(select(Session.public_id).where(theirs)))
        unknown = [text for text, id in ids.items() if id not in known]
        if unknown:
            raise Refused(f"There is no session {unknown[0][:60]!r}; nothing ended.")
        locked = ending.lock_alive(
            dbsession, theirs, own_id=None, now=context.now, limits=context.user_limits
        )
        ended = ending.end(
            dbsession,
            locked,
            reason=EndReason.ENDED_BY_STAFF,
            actor=SYSTEM,
            now=context.now,
            note=note,
        )
    before = len(known) - ended
    print(
        f"Ended {plural(ended, 'session')}." + (f" {before} had already ended." if before else "")
    )
