"""A real database for every test, SQLite and PostgreSQL, with real commits.

Never pyramid_tm's documented test recipe (``tm.active`` in the environ): it switches the tween
off, and with it everything this project promises. Each test gets a copy of a migrated database:
a file, or a PostgreSQL cloned from a template. In memory, the look-up engine and the independent
pool would see another database.
"""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command

import govapp
from govapp.cli.database import alembic_config
from tests.support import postgres
from tests.support.settings import settings_for
from tests.support.world import Browser, World

pytest_plugins = ["tests.support.postgres_plugin"]

_numbers = itertools.count()


class Clock:
    """The present of a test: stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    command.upgrade(alembic_config(f"sqlite:///{path}"), "head")
    return path


@pytest.fixture(scope="session")
def postgres_template(pytestconfig, worker_id):
    url = pytestconfig.govapp_postgres_url
    name = f"template_{worker_id}"
    template_url = postgres.create(url, name)
    command.upgrade(alembic_config(template_url), "head")
    yield name
    postgres.drop(url, name)


@pytest.fixture(scope="session")
def worker_id(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of a fresh, migrated, empty database; each test runs on both kinds."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "govapp.sqlite")
        yield f"sqlite:///{tmp_path}/govapp.sqlite"
        return
    template = request.getfixturevalue("postgres_template")
    url = request.config.govapp_postgres_url
    name = f"test_{request.getfixturevalue('worker_id')}_{next(_numbers)}"
    yield postgres.clone(url, template, name)
    postgres.drop(url, name)


@pytest.fixture
def settings(database_url):
    """The settings of the application under test; a test may change them before ``app``."""
    return settings_for(database_url)


@pytest.fixture
def extend():
    """What a test adds to the application's configuration."""
    return lambda config: None


@pytest.fixture
def app(settings, clock, extend):
    config = govapp.configure(settings)
    extend(config)
    application = config.make_wsgi_app()
    application.registry["govapp.clock"] = clock
    yield application
    application.registry["dbsession_factory"].kw["bind"].dispose()
    if "govapp.engines" in application.registry:
        application.registry["govapp.engines"].dispose()


@pytest.fixture
def world(app, clock):
    """People, groups and sessions, arranged directly in the database."""
    with World(app, clock) as made:
        yield made


@pytest.fixture
def browser(app):
    """Return a new browser at each call, with a cookie jar of its own."""

    def open_browser(
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    ):
        return Browser(app, user_agent)

    return open_browser


@pytest.fixture
def bea(world, browser):
    """The browser of a customer who is signed in."""
    world.user("bea", "customers")
    someone = browser()
    someone.sign_in("bea")
    return someone
