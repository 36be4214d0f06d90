"""The look-up of a request's session finds one row by an index, however many there are."""

import pytest
from sqlalchemy import event

from govapp import db


@pytest.fixture
def plans(app, browser):
    """How the database finds a secret that nobody has: as a current one, then as a replaced one."""
    reader = db.engines(app.registry).reader
    sent = []

    @event.listens_for(reader, "before_cursor_execute")
    def note(connection, cursor, sql, values, context, many):
        sent.append((sql, values))

    stranger = browser()
    stranger.cookie = "A" * 43
    stranger.get("/account/sessions", status=303)
    statements = list(sent)
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[reader.dialect.name]
    with reader.connect() as connection:
        if reader.dialect.name == "postgresql":
            # A table without rows is read as a whole, whatever indexes it has.
            connection.exec_driver_sql("SET enable_seqscan = off")
        return [
            str(connection.exec_driver_sql(f"{explain} {sql}", values).all())
            for sql, values in statements
        ]


@pytest.mark.standard("S-004")
def test_a_secret_is_found_by_an_index_over_its_digest(plans, database_url):
    current, replaced = plans

    if database_url.startswith("sqlite"):
        assert "SEARCH govapp_session USING INDEX" in current and "(token_hash=?)" in current
        assert "SEARCH govapp_session USING INDEX" in replaced and "(previous_hash=?)" in replaced
    else:
        assert "Index Scan using uq_govapp_session_token_hash on govapp_session" in current
        assert "Index Scan using ix_govapp_session_previous_hash on govapp_session" in replaced
