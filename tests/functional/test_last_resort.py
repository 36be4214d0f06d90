"""Whatever breaks, and wherever: a plain page with every header, and a line in the log."""

import logging
import re

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from govapp import errors, security

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Boom(Exception):
    """Anything that nobody thought of; its text must stay inside."""


def boom(*args, **kw):
    raise Boom("a secret detail")


@pytest.fixture
def extend():
    def add_probes(config):
        def in_callback(request):
            request.add_response_callback(boom)
            return Response("fine")

        def in_finished_callback(request):
            request.add_finished_callback(boom)
            return Response("fine")

        def before_commit(request):
            request.tm.get().addBeforeCommitHook(boom)
            return Response("fine")

        for view in (in_callback, in_finished_callback, before_commit):
            config.add_route(view.__name__, f"/{view.__name__}")
            config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
        config.add_route("in_view", "/in_view")
        config.add_view(boom, route_name="in_view", permission=NO_PERMISSION_REQUIRED)
        config.add_route("in_factory", "/in_factory", factory=boom)
        config.add_view(boom, route_name="in_factory", permission=NO_PERMISSION_REQUIRED)

    return add_probes


def in_policy(monkeypatch, app):
    monkeypatch.setattr(security, "_identity_of", boom)
    return "/account/sessions"


def in_look_up(monkeypatch, app):
    monkeypatch.setattr(app.registry["govapp.engines"].reader, "connect", boom)
    return "/account/sessions"


def in_exception_view(monkeypatch, app):
    monkeypatch.setattr(errors, "render", boom)
    return "/nowhere"


def at(path):
    return lambda monkeypatch, app: path


PLACES = {
    "policy": in_policy,
    "look-up": in_look_up,
    "exception view": in_exception_view,
    "view": at("/in_view"),
    "factory": at("/in_factory"),
    "callback": at("/in_callback"),
    "finished callback": at("/in_finished_callback"),
    "commit": at("/before_commit"),
}


@pytest.mark.standard("S-093")
@pytest.mark.parametrize("place", PLACES)
def test_nothing_reaches_the_server_raw(bea, app, monkeypatch, caplog, place):
    path = PLACES[place](monkeypatch, app)

    # WebTest passes on what the application raises, as a server would meet it.
    page = bea.get(path, status=500)

    assert "<h1>Something went wrong</h1>" in page.text
    assert "Boom" not in page.text and "secret detail" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    (logged,) = [r for r in caplog.records if r.levelno == logging.ERROR and r.exc_info]
    assert logged.exc_info[0] is Boom
    incident = re.search(r"Incident <code>(\w+)</code>", page.text)
    assert incident is None or incident[1] in logged.getMessage()


@pytest.mark.standard("S-093")
def test_the_transaction_manager_asks_nobody_who_is_signed_in(app):
    """It would ask before any error page could answer, with the database gone."""
    assert app.registry.settings["tm.annotate_user"] == "false"
