"""``INSERT … ON CONFLICT``, which SQLAlchemy spells once per database."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert(dbsession: Session, model: Any) -> Any:
    """Return an INSERT for this session's database that has ``on_conflict_do_…``."""
    dialects: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
    return dialects[dbsession.get_bind().dialect.name].insert(model)


def is_sqlite(dbsession: Session) -> bool:
    """Tell whether this session's database is SQLite."""
    return dbsession.get_bind().dialect.name == "sqlite"
