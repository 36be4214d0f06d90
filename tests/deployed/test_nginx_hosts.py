"""Under which name the proxy that the README recommends answers, and what it is told of others."""

import http.client
import socket
import ssl

import pytest

from tests.deployed.configuration import HOST, ORIGIN
from tests.deployed.conftest import ELSEWHERE, TLSConnection
from tests.support.process import LOCAL, LONG_SECONDS


@pytest.mark.standard("S-134")
@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", f"x.{HOST}", "127.0.0.1"])
def test_another_host_gets_no_answer_from_nginx_and_none_of_use_from_a_process(deployment, host):
    with pytest.raises(http.client.RemoteDisconnected):
        deployment.person(Host=host).get("/sign-in")
    with pytest.raises(http.client.RemoteDisconnected):
        deployment.over_http(Host=host).get("/sign-in")

    answer = deployment.at(0, Host=host).get("/sign-in")

    assert answer.status == 400
    assert host not in answer.text and answer.set_cookies == []


@pytest.mark.standard("S-134")
@pytest.mark.parametrize("name", ["evil.example", f"x.{HOST}"])
def test_another_name_is_not_even_shown_a_certificate(deployment, name):
    connection = TLSConnection(deployment.https_port, deployment.nginx.trust, ELSEWHERE, name=name)

    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        connection.connect()
    connection.close()


@pytest.mark.standard("S-134")
@pytest.mark.parametrize(
    "request_head",
    [
        f"GET https://evil.example/ HTTP/1.1\r\nHost: {HOST}\r\n",
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: {HOST}@evil.example\r\n",
        f"GET / HTTP/1.1\r\nHost: evil.example\\{HOST}\r\n",
        "GET / HTTP/1.0\r\n",
    ],
)
def test_no_trick_with_the_host_leads_anybody_away(deployment, request_head):
    plain = socket.create_connection((LOCAL, deployment.https_port), LONG_SECONDS)
    with deployment.nginx.trust.wrap_socket(plain, server_hostname=HOST) as connection:
        connection.sendall(f"{request_head}Connection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").read()

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert b"Location" not in answer and b"evil" not in answer


@pytest.mark.standard("S-134")
def test_links_and_redirects_name_the_configured_host_only(deployment, bea):
    login, _ = bea
    lie = {"X_Forwarded_Host": "evil.example", "Forwarded": "host=evil.example",
           "X_Forwarded_Server": "evil.example", "X_Forwarded_Port": "8443"}  # fmt: skip
    browser = deployment.person(**lie)

    answers = [
        browser.get("/"),
        browser.get("/account/sessions"),
        browser.sign_in(login),
        browser.get("/account/sessions"),
        deployment.over_http(**lie).get("/account/sessions?x=1"),
    ]

    locations = [answer.location for answer in answers if answer.location]
    assert len(locations) == 4
    assert all(place.startswith(("/", f"{ORIGIN}/")) for place in locations)
    everything = [f"{answer.headers}{answer.text}" for answer in answers]
    assert not [text for text in everything if "evil.example" in text or ":8443" in text]
