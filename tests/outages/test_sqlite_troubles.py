"""SQLite's own troubles: another writer, a file that is not there, only reads, a full disk."""

import sqlite3
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as DBSession

from govapp import audit
from govapp.audit import Actor
from tests.outages.arrange import (
    DEEDS,
    assert_nothing_held,
    assert_unavailable,
    effects,
    end_others,
    engines,
)
from tests.support.staff import begin
from tests.support.tables import dump
from tests.support.together import InBackground

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("short_waits"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "govapp.sqlite"


@contextmanager
def another_writer(world, path):
    """Another process that writes for too long."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    yield
    other.rollback()
    other.close()


@contextmanager
def missing_file(world, path):
    """The folder is not mounted."""
    close_all(world)
    elsewhere = path.parent.with_name("elsewhere")
    path.parent.rename(elsewhere)
    yield
    elsewhere.rename(path.parent)


@contextmanager
def only_reads(world, path):
    with each_connection(world, "pragma query_only = on"):
        yield
    close_all(world)


@contextmanager
def full_disk(world, path):
    """The file may not grow, and the trail has used up the room in it."""
    with world.engine.connect() as connection, DBSession(connection) as trail:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        limit = f"pragma max_page_count = {pages}"
        connection.exec_driver_sql(limit)
        # One more of each kind, until none fits: they sort into different pages of the indices.
        while any(fits(world, trail, kind) for kind in audit.Event):
            pass
    with each_connection(world, limit):
        yield
    close_all(world)


def fits(world, trail, kind):
    """Add an event, and tell whether there was room for it."""
    try:
        audit.record(trail, kind, actor=Actor(user_id=None), now=world.clock())
        trail.commit()
    except OperationalError as error:
        assert "full" in str(error)
        trail.rollback()
        return False
    return True


TROUBLES = [another_writer, missing_file, only_reads, full_disk]


@contextmanager
def each_connection(world, pragma):
    """Say something to every connection that the application takes."""

    def say(connection, record, proxy):
        connection.execute(pragma)

    for engine in engines(world.app).values():
        event.listen(engine, "checkout", say)
    yield
    for engine in engines(world.app).values():
        event.remove(engine, "checkout", say)


def close_all(world):
    for engine in [world.engine, *engines(world.app).values()]:
        engine.dispose()


@pytest.mark.standard("S-093")
@pytest.mark.standard("S-094")
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_change_in_trouble_is_refused_and_leaves_nothing(world, bea, browser, path, trouble):
    begin(world, world.sessions()[0].user_id, count=2)
    token = bea.csrf_token()

    with trouble(world, path):
        at_first = dump(world.engine) if trouble is not missing_file else None
        changing = [InBackground(deed, bea, token) for deed in DEEDS]
        for request in changing:
            assert_unavailable(request.result())
        page = bea.get("/account/sessions", status="*")
        assert page.status_int == (503 if trouble is missing_file else 200)
        browser().get("/sign-in", status=200)
        bea.get("/static/govapp.css", status=200)
        bea.get("/healthz", status=200)
    assert at_first in (None, dump(world.engine))

    on_record = effects(world)
    assert end_others(bea, token).status_int == 303
    assert effects(world) - on_record == DEEDS[end_others]
    assert_nothing_held(world.app)
