"""Count what is sent to the database, on whatever engine."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def counted():
    """Yield a list that fills with every statement sent, and every transaction begun."""
    sent = []

    def statement(connection, cursor, text, parameters, context, many):
        sent.append(" ".join(text.split()))

    event.listen(Engine, "before_cursor_execute", statement)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
