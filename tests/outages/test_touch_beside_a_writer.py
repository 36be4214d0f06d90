"""On SQLite, with its one writer, a page does not wait to note that a session was used."""

import pytest

from tests.support.together import LONG_SECONDS, InBackground


@pytest.fixture
def settings(settings, monkeypatch):
    """Waiting for the writer would outlast the test."""
    monkeypatch.setattr("govapp.db.SQLITE_WAIT_SECONDS", 10 * LONG_SECONDS)
    return settings


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_is_shown_while_somebody_else_writes(world, bea, clock):
    clock.advance(minutes=2)
    with world.engine.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        page = InBackground(lambda: bea.get("/account/sessions", status="*")).result()
        writer.rollback()

    assert page.status_int == 200
