"""``govapp audit …``: the audit trail, read-only."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from govapp.audit import Event
from govapp.cli.context import Context
from govapp.cli.output import Row, all_pages, as_line, show
from govapp.cli.users import found
from govapp.giving import Refused
from govapp.models import AuditEvent

COLUMNS = [column for column in AuditEvent.__table__.columns if column.name != "fold_key"]
WIDTHS = {
    "at": 20,
    "event": 24,
    "outcome": 8,
    "count": 5,
    "actor_id": 32,
    "subject_id": 32,
    "address": 15,
    "reason": 0,
}


def add_calls(calls: Any) -> None:
    """Add ``audit list`` and ``audit export``."""
    verbs = calls.add_parser(
        "audit",
        help="the audit trail",
        description="The audit trail. It is not sealed yet, so there is no verify so far.",
    )
    verbs = verbs.add_subparsers(dest="verb", required=True, metavar="VERB")
    call = verbs.add_parser("list", help="the latest events, the newest last")
    call.add_argument("--user", metavar="LOGIN", help="by or about this person only")
    call.add_argument("--event", metavar="NAME", help=", ".join(Event))
    call.add_argument("--limit", type=_limit, default=50, metavar="N", help="50 if not given")
    call.add_argument("--json", action="store_true")
    call.set_defaults(run=list_events)
    call = verbs.add_parser("export", help="every event, oldest first, as lines of JSON")
    call.set_defaults(run=export)


def _limit(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise ValueError("from 1 to 100000")
    return number


def list_events(context: Context, arguments: Namespace) -> None:
    """List the latest events."""
    statement = select(*COLUMNS).order_by(AuditEvent.id.desc()).limit(arguments.limit)
    if arguments.event is not None:
        if arguments.event not in set(Event):
            raise Refused(f"There is no event {arguments.event[:60]!r}.")
        statement = statement.where(AuditEvent.event == arguments.event)
    with context.reading() as reader:
        if arguments.user is not None:
            user_id = found(reader, arguments.user).id
            statement = statement.where(
                (AuditEvent.actor_id == user_id) | (AuditEvent.subject_id == user_id)
            )
        rows = reader.execute(statement).all()
    show(map(_facts, reversed(rows)), WIDTHS, as_json=arguments.json)


def export(context: Context, arguments: Namespace) -> None:
    """Print every event as one line of JSON, page by page, however many there are."""
    with context.reading() as reader:
        for row in all_pages(reader, select(*COLUMNS), AuditEvent.__table__.c.id):
            print(as_line(_facts(row)))


def _facts(row: Any) -> Row:
    facts: Row = row._mapping
    return facts
