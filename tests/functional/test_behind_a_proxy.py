"""https, the cookie's prefix, and who the client is, as a reverse proxy tells it."""

import pytest
from webtest import TestApp

from tests.support.world import PASSWORD


@pytest.fixture
def settings(settings):
    return settings | {
        "govapp.base_url": "https://sessions.example.org",
        "govapp.cookie_secure": "true",
        "govapp.trusted_proxies": "127.0.0.1 10.0.0.0/8",
    }


@pytest.fixture
def through_proxy(app, world):
    """What a proxy on 127.0.0.1 passes on for a client at 198.51.100.23."""

    def client(forwarded_for="198.51.100.23", proto="https", peer="127.0.0.1"):
        return TestApp(
            app,
            extra_environ={
                "REMOTE_ADDR": peer,
                "HTTP_HOST": "sessions.example.org",
                "HTTP_X_FORWARDED_FOR": forwarded_for,
                "HTTP_X_FORWARDED_PROTO": proto,
            },
        )

    return client


def sign_in(client):
    form = client.get("/sign-in", status=200).form
    form["login"], form["password"] = "bea", PASSWORD
    return form.submit(status=303)


@pytest.mark.standard("S-011")
def test_over_https_the_cookie_has_the_host_prefix_and_every_flag(through_proxy, world):
    world.user("bea")

    answer = sign_in(through_proxy())

    (cookie,) = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("__Host-govapp=")]
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Path=/", "secure", "HttpOnly", "SameSite=Lax"} <= attributes
    assert not [
        part for part in attributes if part.lower().startswith(("domain", "max-age", "expires"))
    ]


@pytest.mark.standard("S-133")
@pytest.mark.parametrize(
    ("forwarded_for", "peer", "seen"),
    [
        ("198.51.100.23", "127.0.0.1", "198.51.100.23"),
        ("6.6.6.6, 198.51.100.23", "127.0.0.1", "198.51.100.23"),
        ("6.6.6.6, 198.51.100.23, 10.1.2.3", "127.0.0.1", "198.51.100.23"),
        ("nonsense", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_client_is_whom_the_proxy_names(through_proxy, world, forwarded_for, peer, seen):
    world.user("bea")

    sign_in(through_proxy(forwarded_for=forwarded_for, peer=peer))

    assert str(world.sessions()[0].address) == seen


def test_an_untrusted_peer_names_nobody_and_is_not_believed_about_https(through_proxy, world):
    client = through_proxy(forwarded_for="6.6.6.6", peer="203.0.113.9")

    answer = client.get("/sign-in", status=308)

    assert answer.location == "https://sessions.example.org/sign-in"


@pytest.mark.standard("S-132")
def test_http_is_led_to_https_and_forms_are_refused(through_proxy, world):
    client = through_proxy(proto="http")

    answer = client.get("/account/sessions?x=1", status=308)
    assert answer.location == "https://sessions.example.org/account/sessions?x=1"
    assert "Set-Cookie" not in answer.headers
    client.post("/sign-in", {"login": "bea"}, status=400)


@pytest.mark.standard("S-099")
@pytest.mark.parametrize("path", ["/sign-in", "/account/sessions", "/nowhere", "/?a=%ff"])
def test_over_https_browsers_are_told_to_stay(through_proxy, world, path):
    answer = through_proxy().get(path, status="*")

    told = answer.headers.getall("Strict-Transport-Security")
    assert told == ["max-age=31536000; includeSubDomains"]
    over_http = through_proxy(proto="http").get(path, status="*")
    assert "Strict-Transport-Security" not in over_http.headers


def test_links_and_redirects_stay_on_our_host(through_proxy, world):
    world.user("bea")

    assert sign_in(through_proxy()).location == "https://sessions.example.org/"
