"""All that stands in the database, to be compared and put back."""

from __future__ import annotations

from sqlalchemy import func, select

from govapp.audit import Event
from govapp.models import AuditEvent, Base, Throttle

# Refusals and guesses are to be written; that somebody looked is no change.
EVENTS = AuditEvent.__table__
RECORDED = (EVENTS.c.outcome == "success") & (EVENTS.c.event != Event.SENSITIVE_READ)


class Snapshot:
    """The rows of every table but counts of attempts, refusals and reads."""

    def __init__(self, engine):
        with engine.connect() as connection:
            self.rows = {
                table.name: [dict(row) for row in connection.execute(_select(table)).mappings()]
                for table in Base.metadata.sorted_tables
            }

    def __eq__(self, other):
        return self.rows == other.rows

    __hash__ = None

    def difference(self, other):
        """Return what only one of the two has: {table: [row as text, …]}."""
        found = {}
        for name, rows in self.rows.items():
            one, two = ({str(row) for row in side} for side in (rows, other.rows[name]))
            if one != two:
                found[name] = sorted(one ^ two)
        return found

    def put_back(self, engine):
        """Make the database what it was."""
        with engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for table in Base.metadata.sorted_tables:
                if self.rows[table.name]:
                    connection.execute(table.insert(), self.rows[table.name])


def _select(table):
    statement = select(table).order_by(*table.primary_key.columns)
    if table.name == Throttle.__tablename__:
        return statement.where(Throttle.attempts < 0)
    return statement.where(RECORDED) if table is EVENTS else statement


def allow_putting_back(engine):
    """Drop the one guard that would keep a test from undoing an instant; govapp deletes none."""
    on = " ON govapp_not_before" if engine.dialect.name == "postgresql" else ""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER govapp_not_before_stays{on}")


def forget_attempts(engine):
    """Forget all guesses, or the throttle would answer in place of what is attacked."""
    with engine.begin() as connection:
        if connection.scalar(select(func.count()).select_from(Throttle)):
            connection.execute(Throttle.__table__.delete())
