"""A whole database as it was, to be put back after each of many requests."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import Engine, text

from govapp.models import Base, NotBefore

# An instant never goes back, the database says: it is to be told otherwise.
TRIGGERS = f"ALTER TABLE {NotBefore.__tablename__} {{}} TRIGGER USER"


class Backup:
    """What stands in the database at this moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        if engine.dialect.name == "sqlite":
            self._copy = sqlite3.connect(":memory:", check_same_thread=False)
            with self._file() as database:
                database.backup(self._copy)
            return
        with engine.connect() as connection:
            self._rows = {
                table: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in Base.metadata.sorted_tables
            }

    def restore(self) -> None:
        """Make the database what it was."""
        if self._engine.dialect.name == "sqlite":
            with self._file() as database:
                database.execute("PRAGMA synchronous = OFF")
                self._copy.backup(database)
            return
        with self._engine.begin() as connection:
            connection.execute(text(TRIGGERS.format("DISABLE")))
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for table, rows in self._rows.items():
                if rows:
                    connection.execute(table.insert(), rows)
            connection.execute(text(TRIGGERS.format("ENABLE")))

    def close(self) -> None:
        """Let go of what was kept."""
        if self._engine.dialect.name == "sqlite":
            self._copy.close()

    def _file(self):
        return closing(sqlite3.connect(self._engine.url.database))
