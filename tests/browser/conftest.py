"""A real browser on a real server, for what only a browser does."""

from __future__ import annotations

import pytest

import govapp
from tests.support.browser import chromium, serve
from tests.support.world import World


@pytest.fixture(scope="session")
def chrome():
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(settings):
    """The application on a port of its own; ``site.url`` and ``site.world``."""
    made = {}

    def make_app(base_url):
        made["app"] = govapp.main({}, **(settings | {"govapp.base_url": base_url}))
        return made["app"]

    with serve(make_app) as url:
        application = made["app"]
        with World(application, application.registry["govapp.clock"]) as world:
            yield Site(url, world)
    application.registry["dbsession_factory"].kw["bind"].dispose()
    if "govapp.engines" in application.registry:
        application.registry["govapp.engines"].dispose()


class Site:
    """Where the application is, and its database."""

    def __init__(self, url, world):
        self.url = url
        self.world = world


@pytest.fixture
def person(chrome, site):
    """Open a browser window with cookies of its own; fails on any CSP violation or script error."""
    contexts, complaints = [], []

    def open_window(user_agent=None, **options):
        context = chrome.new_context(user_agent=user_agent, base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        page.set_default_timeout(10_000)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []
