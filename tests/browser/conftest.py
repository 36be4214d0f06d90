"""A real browser on a real server, for what only a browser does."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from pyramid.events import NewResponse

import govapp
from tests.browser.hands import Keyboard, Mouse, MouseWithoutScript
from tests.support.browser import chromium, serve
from tests.support.world import World


@pytest.fixture(scope="session")
def chrome():
    with chromium() as browser:
        yield browser


class Site:
    """Where the application is, its database, and what it was asked and answered."""

    def __init__(self):
        self.url = None
        self.world = None
        self.answers = []

    def note(self, event):
        """Keep what was asked and answered, in (request, response)."""
        self.answers.append((event.request, event.response))

    @property
    def last_route(self):
        """The name of the route that made the last page."""
        pages = [asked for asked, answer in self.answers if answer.content_type == "text/html"]
        return pages[-1].matched_route.name if pages[-1].matched_route else None

    @property
    def forms(self):
        """The forms that were sent, and the answers."""
        return [pair for pair in self.answers if pair[0].method == "POST"]


@contextmanager
def running(settings, clock, extend):
    """Serve the application on a port of its own; yield a Site."""
    site, made = Site(), []

    def make_app(base_url):
        config = govapp.configure(settings | {"govapp.base_url": base_url})
        config.add_subscriber(site.note, NewResponse)
        extend(config)
        made.append(config.make_wsgi_app())
        made[0].registry["govapp.clock"] = clock
        return made[0]

    with serve(make_app) as site.url, World(made[0], clock) as site.world:
        yield site
    made[0].registry["dbsession_factory"].kw["bind"].dispose()
    if "govapp.engines" in made[0].registry:
        made[0].registry["govapp.engines"].dispose()


@pytest.fixture
def site(settings, clock, extend):
    with running(settings, clock, extend) as site:
        yield site


class Windows:
    """Browser windows on a site, each with cookies of its own, and all that was wrong in them."""

    def __init__(self, chrome, url):
        self._chrome = chrome
        self._url = url
        self._contexts = []
        self.complaints = []

    def open(self, user_agent=None, **options):
        """Open one more and return its page."""
        context = self._chrome.new_context(user_agent=user_agent, base_url=self._url, **options)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.on("response", self._answered)
        return page

    def close(self):
        """Close all."""
        for context in self._contexts:
            context.close()

    def _heard(self, message):
        # Of pages that answer 400 and more; what a page is made of is looked at below.
        is_status = message.text.startswith("Failed to load resource: the server responded")
        if message.type in {"error", "warning"} and not is_status:
            self.complaints.append(message.text)

    def _answered(self, answer):
        if answer.status >= 400 and answer.request.resource_type != "document":
            self.complaints.append(f"{answer.url} answered {answer.status}")


@pytest.fixture
def windows(chrome, site):
    made = Windows(chrome, site.url)
    yield made
    made.close()


@pytest.fixture
def person(request, windows, site):
    """Open a window. Afterwards: no violation of the CSP, no script error, every form as told."""
    yield windows.open
    assert windows.complaints == []
    assert {sent.headers.get("Origin") for sent, _ in site.forms} <= {site.url}
    if hasattr(request.function, "sends"):
        assert request.function.sends == {
            sent.matched_route.name
            for sent, answer in site.forms
            if answer.status_int == 303 and "/confirm" not in answer.location
        }


@pytest.fixture(params=[Mouse, MouseWithoutScript, Keyboard], ids=lambda kind: kind.__name__)
def hand(request, person):
    """Open a window for one of the three hands."""

    def open_hand(user_agent=None):
        return request.param(person(user_agent, java_script_enabled=request.param.script))

    return open_hand
