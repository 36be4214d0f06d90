"""What stands in the database, as somebody else would see it."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData, select

from govapp.audit import Event
from govapp.models import AuditEvent, Base, Session, Throttle

# Moved by any request that is let in.
RESTLESS = {Session.__table__.c.last_seen_at, Session.__table__.c.idle_expires_at}


def dump(engine: Engine, *more: MetaData) -> dict[str, list[str]]:
    """Return every row of govapp's tables, and of ``more``, in a transaction of its own.

    Leaves out what may change beside the request's transaction: counted guesses, when a session
    was last used, and the audit trail's refusals and reads.
    """
    tables = [table for metadata in (Base.metadata, *more) for table in metadata.sorted_tables]
    with engine.connect() as connection:
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(_rows(table)))
            for table in tables
            if table is not Throttle.__table__
        }


def _rows(table):
    statement = select(*(column for column in table.c if column not in RESTLESS))
    if table is AuditEvent.__table__:
        effects = (table.c.outcome == "success") & (table.c.event != Event.SENSITIVE_READ)
        return statement.where(effects)
    return statement


def forget_guesses(engine: Engine) -> None:
    """Let the next attempt be the first one, so that none is throttled."""
    with engine.begin() as connection:
        connection.execute(Throttle.__table__.delete())
