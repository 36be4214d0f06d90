"""PostgreSQL itself takes no more connections, or takes no more writes."""

from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests.outages.arrange import (
    DEEDS,
    assert_nothing_held,
    assert_unavailable,
    confirm,
    effects,
    engines,
    sign_in,
    terminate_all,
)
from tests.support.staff import begin
from tests.support.tables import dump


@pytest.fixture
def database_url(breakable_url):
    return breakable_url


@contextmanager
def no_room(url):
    """Open connections until there is no room for another."""
    engine = create_engine(url, poolclass=NullPool)
    with ExitStack() as held:
        with pytest.raises(OperationalError, match="too many clients"):
            while True:
                held.enter_context(engine.connect())
        yield


def close_all(world):
    """Close the pooled connections of the application, as it is just after its start."""
    for engine in engines(world.app).values():
        engine.dispose()


@pytest.mark.standard("S-094")
def test_a_server_without_room_refuses_everybody_who_needs_it(world, bea, browser, breakable):
    begin(world, world.sessions()[0].user_id, count=2)
    token, at_first, on_record = bea.csrf_token(), dump(world.engine), effects(world)
    close_all(world)

    with no_room(breakable.url):
        for deed in DEEDS:
            assert_unavailable(deed(bea, token))
        assert_unavailable(bea.get("/account/sessions", status="*"))
        browser().get("/readyz", status=503)
        browser().get("/healthz", status=200)
    assert dump(world.engine) == at_first

    browser().get("/readyz", status=200)
    assert confirm(bea, token).status_int == 303
    assert effects(world) - on_record == DEEDS[confirm]
    assert_nothing_held(world.app)


def test_who_has_connections_notices_nothing_of_it(world, bea, breakable):
    token = bea.csrf_token()
    sign_in(bea, token)

    with no_room(breakable.url):
        bea.confirm(status=303)
        bea.get("/account/sessions", status=200)


def set_for_all(world, url, setting):
    """Let new connections have another setting, and let there be only new ones."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        admin.execute(text(f"alter database {world.engine.url.database} {setting}"))
    terminate_all(world)


@pytest.mark.standard("S-094")
def test_a_server_that_only_reads_shows_pages_and_refuses_changes(world, bea, breakable, clock):
    """What is left after a failover to a standby, until it is promoted."""
    begin(world, world.sessions()[0].user_id, count=2)
    token, at_first, on_record = bea.csrf_token(), dump(world.engine), effects(world)

    set_for_all(world, breakable.url, "set default_transaction_read_only = on")
    for deed in DEEDS:
        assert_unavailable(deed(bea, token))
    clock.advance(minutes=2)  # Its use would be noted now.
    bea.get("/account/sessions", status=200)
    assert dump(world.engine) == at_first

    set_for_all(world, breakable.url, "reset default_transaction_read_only")
    assert confirm(bea, token).status_int == 303
    assert effects(world) - on_record == DEEDS[confirm]
    assert_nothing_held(world.app)
