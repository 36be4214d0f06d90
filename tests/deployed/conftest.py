"""The deployment of the README: nginx with TLS, two processes, one PostgreSQL."""

from __future__ import annotations

import http.client
import itertools
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

import govapp
from tests.deployed.client import TIMEOUT_SECONDS, Person, directly_to
from tests.deployed.configuration import (
    HOST,
    ORIGIN,
    environment,
    nginx_conf,
    production_ini,
)
from tests.support import postgres
from tests.support.nginx import nginx
from tests.support.process import LOCAL, free_port, pserve
from tests.support.settings import SECRET
from tests.support.world import World

# Not among the trusted proxies, unlike 127.0.0.1: a client whose claims must not count.
ELSEWHERE = "127.0.0.2"


@pytest.fixture(scope="session")
def deployment(pytestconfig, postgres_template, worker_id, tmp_path_factory):
    """One for all tests of a worker, which use people of their own."""
    name = f"deployed_{worker_id}"
    url = postgres.clone(pytestconfig.govapp_postgres_url, postgres_template, name)
    folder = tmp_path_factory.mktemp("deployment")
    with ExitStack() as stack:
        stack.callback(postgres.drop, pytestconfig.govapp_postgres_url, name)
        world = stack.enter_context(_world(url))
        yield stack.enter_context(_deployment(folder, url, world))


@pytest.fixture
def bea(deployment):
    """Somebody's login, and their id."""
    login = deployment.login("bea")
    return login, deployment.world.user(login)


@contextmanager
def _deployment(folder, url, world):
    first, second, http_port, https_port = (free_port() for _ in range(4))
    ini = production_ini(folder / "production.ini", first, second_port=second)
    environ = environment(url)

    def configuration(logs):
        return nginx_conf(
            logs, http_port=http_port, https_port=https_port, app_ports=[first, second]
        )

    with (
        pserve(ini, first, environ=environ | {"PGAPPNAME": "first"}) as one,
        pserve(ini, second, server_name="second", environ=environ | {"PGAPPNAME": "second"}) as two,
        nginx(HOST, configuration, https_port) as proxy,
    ):
        made = Deployment(ini, environ, world, proxy)
        made.programs, made.ports = (one, two), (first, second)
        made.http_port, made.https_port = http_port, https_port
        yield made


@contextmanager
def _world(url):
    """People and sessions, arranged by an application that nobody visits."""
    settings = {
        "sqlalchemy.url": url,
        "govapp.env": "production",
        "govapp.base_url": ORIGIN,
        "govapp.secrets": SECRET,
    }
    application = govapp.configure(settings).make_wsgi_app()
    with World(application, lambda: datetime.now(UTC)) as world:
        yield world
    application.registry["dbsession_factory"].kw["bind"].dispose()


class Deployment:
    """Where everything listens, and how people get there."""

    def __init__(self, ini, environ, world, proxy):
        self.ini = ini
        self.environ = environ
        self.world = world
        self.nginx = proxy
        self._numbers = itertools.count()

    def login(self, word):
        """Return a login that nobody else has."""
        return f"{word}-{next(self._numbers)}"

    def person(self, address=ELSEWHERE, **headers):
        """Somebody's browser, which comes from ``address`` and asks for our name by https."""

        def connect():
            return TLSConnection(self.https_port, self.nginx.trust, address)

        return Person(connect, **({"Host": HOST} | headers))

    def over_http(self, **headers):
        """The same without TLS."""

        def connect():
            return http.client.HTTPConnection(LOCAL, self.http_port, timeout=TIMEOUT_SECONDS)

        return Person(connect, **({"Host": HOST} | headers))

    def at(self, number, **headers):
        """A browser whose proxy passes everything on to one and the same process, 0 or 1."""
        return directly_to(self.ports[number], host=HOST, **headers)


class TLSConnection(http.client.HTTPConnection):
    """A connection from ``source`` to nginx on ``port``, which must prove that it is ``name``."""

    def __init__(self, port, trust, source, *, name=HOST):
        super().__init__(LOCAL, port, timeout=TIMEOUT_SECONDS, source_address=(source, 0))
        self._trust = trust
        self._name = name

    def connect(self):
        super().connect()
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._name)
