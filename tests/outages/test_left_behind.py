"""A request that could not even roll back does not keep others waiting for ever."""

import pytest
from sqlalchemy import text

from tests.outages.arrange import engines
from tests.support.together import until

LOCKED = text(
    "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
    " WHERE relname = 'govapp_user' AND mode = 'RowShareLock'"
)


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setattr("govapp.db.LEFT_BEHIND_SECONDS", 1)
    return settings


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_transaction_left_behind_is_ended_by_the_server(app, world, browser):
    bea = world.user("bea")
    left = engines(app)["writer"].connect()
    left.execute(text("SELECT 1 FROM govapp_user WHERE id = :id FOR UPDATE"), {"id": bea})

    with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.scalar(LOCKED)
        until(lambda: not connection.scalar(LOCKED))
    left.invalidate()
    left.close()

    person = browser()
    person.sign_in("bea")
    assert person.is_signed_in
