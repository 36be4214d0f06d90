"""A PostgreSQL that tests may stop, crash and fill up, and people who use the site meanwhile."""

from __future__ import annotations

import itertools

import pytest
from alembic import command

from govapp import db
from govapp.cli.database import alembic_config
from tests.support import postgres
from tests.support.cluster import private_cluster

MAX_CONNECTIONS = 40
# What was answered must outlive a crash of the server, so a commit is written before it returns.
OPTIONS = f"-c max_connections={MAX_CONNECTIONS} -c synchronous_commit=on"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def breakable_cluster():
    with private_cluster(OPTIONS) as made:
        command.upgrade(alembic_config(postgres.create(made.url, "template")), "head")
        yield made


@pytest.fixture
def breakable(breakable_cluster):
    """A running cluster of this test's own, to stop and start at will."""
    yield breakable_cluster
    if not breakable_cluster.is_running:
        breakable_cluster.start()


@pytest.fixture
def breakable_url(breakable):
    """The URL of a fresh, migrated, empty database on it."""
    name = f"test_{next(_numbers)}"
    url = postgres.clone(breakable.url, "template", name)
    yield url
    if not breakable.is_running:
        breakable.start()
    postgres.drop(breakable.url, name)


@pytest.fixture
def short_waits(monkeypatch):
    """One second where the application would wait ten, three or two for a lock or a connection."""
    for name in ("WAIT_SECONDS", "SQLITE_WAIT_SECONDS", "INDEPENDENT_TIMEOUT_SECONDS"):
        monkeypatch.setattr(db, name, 1)
