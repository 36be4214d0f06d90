"""A site to attack, one for each module and database; ``values.py`` tells how to search longer."""

import pytest

from tests.conftest import Clock
from tests.hostile.databases import database
from tests.hostile.site import Site
from tests.support.settings import settings_for


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request, tmp_path_factory):
    """An application with people, under attack; it believes the proxy on 127.0.0.1."""
    with database(request, tmp_path_factory) as url:
        settings = settings_for(url) | {"govapp.trusted_proxies": "127.0.0.1"}
        with Site(settings, Clock()) as made:
            yield made
