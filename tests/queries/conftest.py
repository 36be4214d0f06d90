"""Queries are called directly, on a real database, in transactions that really commit."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import sessionmaker

from govapp.db import writer_engine
from tests.queries.arrange import begin


@pytest.fixture
def database(database_url):
    """Makes database sessions: ``with database.begin() as db:`` commits at the end of its block."""
    engine = writer_engine(make_url(database_url))
    yield sessionmaker(engine, expire_on_commit=False)
    engine.dispose()


@pytest.fixture
def now():
    """The present of a test, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def session(database, now):
    """A session of Bea's that has just begun."""
    with database.begin() as db:
        return begin(db, "bea", now=now)
