"""What nginx writes down, and what it must not: the path of a one-time link."""

import secrets
import socket
from contextlib import suppress

import pytest

from govapp.facts import utc_now
from tests.deployed.client import TIMEOUT_SECONDS, Person
from tests.deployed.configuration import HOST, ORIGIN, nginx_conf
from tests.deployed.conftest import ELSEWHERE, TLSConnection
from tests.support.command import Command
from tests.support.nginx import nginx
from tests.support.process import LOCAL, free_port, wait_until

NEW_PASSWORD = "three green boats on monday"


@pytest.fixture
def link(deployment, capsys, monkeypatch):
    """A login, and the one-time link that the command printed for it."""
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)
    command = Command(deployment.ini, clock=utc_now, capsys=capsys, monkeypatch=monkeypatch)
    login = deployment.login("ann")
    said = command.done("user", "create", login, "--name", "Ann Lee")
    (line,) = [line for line in said.out.splitlines() if "/welcome/" in line]
    return login, line.strip()


@pytest.mark.standard("S-134")
def test_a_one_time_link_works_through_the_proxy_and_no_log_keeps_it(deployment, link):
    login, url = link
    path = url.removeprefix(ORIGIN)
    ann = deployment.person()

    led_to = ann.get(path)
    page = ann.get(led_to.location.removeprefix(ORIGIN))
    done = ann.post("/welcome", {"new": NEW_PASSWORD})
    signed_in = ann.sign_in(login, NEW_PASSWORD)

    assert path.startswith("/welcome/") and "Ann Lee" in page.text
    assert done.status == signed_in.status == 303 and ann.is_signed_in
    token = path.removeprefix("/welcome/")
    everything = deployment.nginx.logs() | {p.log.name: p.said for p in deployment.programs}
    assert [name for name, log in everything.items() if token in log] == []
    assert '"GET /welcome/-" 303 ' in everything["govapp.log"]


# Whatever is asked for, and however: {} is the secret.
SPELLINGS = [
    "GET /welcome/{} HTTP/1.1",
    "HEAD /welcome/{} HTTP/1.1",
    "POST /welcome/{} HTTP/1.1",
    "BREW /welcome/{} HTTP/1.1",
    "GET /welcome/{}/more?and=more HTTP/1.1",
    "GET //welcome//{} HTTP/1.1",
    "GET /%77elcome%2f{} HTTP/1.1",
    "GET /static/../welcome/{} HTTP/1.1",
    "GET https://evil.example/welcome/{} HTTP/1.1",
    "GET /welcome/{} HTTP/1.0",
    "GET /welcome/{} HTTP/9.9",
    "GET /welcome/{}%zz HTTP/1.1",
    "GET /welcome/{}/../../.. HTTP/1.1",
    "GET /welcome/{}" + 9000 * "x" + " HTTP/1.1",
]
HEADERS = [
    f"Host: {HOST}",
    "Host: www.evil.example",
    f"Host: {HOST}\r\nX-Large: {40_000 * 'x'}",
    f"Host: {HOST}\r\nBroken Header",
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: headers[-24:])
@pytest.mark.parametrize("how", ["https", "http", "http to the port of https"])
def test_no_way_to_spell_a_one_time_link_gets_it_into_a_log(deployment, how, headers):
    secret = f"secret-{secrets.token_hex(8)}"
    lines_before = deployment.nginx.log("govapp.log").count("\n")
    port = deployment.http_port if how == "http" else deployment.https_port

    for spelling in SPELLINGS:
        request = f"{spelling.format(secret)}\r\n{headers}\r\nConnection: close\r\n\r\n"
        with socket.create_connection((LOCAL, port), TIMEOUT_SECONDS) as connection:
            if how == "https":
                connection = deployment.nginx.trust.wrap_socket(connection, server_hostname=HOST)
            # It may have closed before all was sent; that it took notice is asked below.
            with suppress(OSError), connection:
                connection.sendall(request.encode())
                connection.makefile("rb").read()

    def all_are_logged():
        return deployment.nginx.log("govapp.log").count("\n") >= lines_before + len(SPELLINGS)

    wait_until(all_are_logged, "nginx to write its log")
    assert [name for name, log in deployment.nginx.logs().items() if secret in log] == []


def test_where_nginx_logs_an_error_it_keeps_no_one_time_link_either():
    secret = f"secret-{secrets.token_hex(8)}"
    http_port, https_port, nobody = free_port(), free_port(), free_port()

    def configuration(logs):
        return nginx_conf(logs, http_port=http_port, https_port=https_port, app_ports=[nobody])

    with nginx(HOST, configuration, https_port) as proxy:
        person = Person(lambda: TLSConnection(https_port, proxy.trust, ELSEWHERE), Host=HOST)
        statuses = [
            ask(path).status
            for path in (f"/welcome/{secret}", "/sign-in")
            for ask in (person.get, lambda path: person.ask("POST", path, 300_000 * "x"))
        ]
        wait_until(lambda: proxy.log("error.log").count('"POST /sign-in ') == 1, "the last error")
        logs = proxy.logs()

    assert statuses == [502, 413, 502, 413]
    assert [name for name, log in logs.items() if secret in log] == []
