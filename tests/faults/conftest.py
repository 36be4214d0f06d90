"""Applications for the fault matrix: as it is, and with pyramid_retry in front."""

from __future__ import annotations

import pytest

import govapp
from govapp import db
from tests.faults import changes, endings
from tests.support.world import Browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"


@pytest.fixture
def extend():
    def add_endings(config):
        config.include(endings)
        config.include(changes)

    return add_endings


@pytest.fixture
def world(world, database_url):
    endings.business.create_all(world.engine)
    return world


@pytest.fixture
def retrying(settings, clock, extend, world):
    """The same application on the same database, with pyramid_retry; opens browsers."""
    config = govapp.configure(settings | {"retry.attempts": "3"})
    config.include("pyramid_retry")
    extend(config)
    application = config.make_wsgi_app()
    application.registry["govapp.clock"] = clock
    yield lambda: Browser(application, FIREFOX)
    application.registry["dbsession_factory"].kw["bind"].dispose()
    db.engines(application.registry).dispose()
