"""https and nothing else, behind the proxy that the README recommends."""

import pytest

from tests.deployed.configuration import ORIGIN
from tests.deployed.conftest import ELSEWHERE, TLSConnection
from tests.support.world import PASSWORD


@pytest.mark.standard("S-011")
def test_every_cookie_of_a_visit_is_for_this_host_and_https_only(deployment, bea):
    login, _ = bea
    browser = deployment.person()

    answers = [
        browser.get("/"),
        browser.get("/sign-in"),
        browser.sign_in(login, "not the password of anyone"),
        browser.sign_in(login),
        browser.get("/account/sessions"),
        browser.post("/confirm", {"password": PASSWORD}),
        browser.get("/account/sessions"),
        browser.post("/sign-out"),
        browser.get("/sign-in"),
        browser.get("/nothing/here"),
    ]

    lines = [line for answer in answers for line in answer.set_cookies]
    named = {line.partition("=")[0] for line in lines}
    assert named == {"__Host-govapp", "__Host-govapp-visit"}
    # Signing in and confirming set the one for the session, signing out clears it.
    assert len([line for line in lines if line.startswith("__Host-govapp=")]) == 3
    for line in lines:
        flags = [part.strip() for part in line.split(";")[1:]]
        lasting = {part for part in flags if part.startswith(("Max-Age=", "expires="))}
        assert sorted({*flags} - lasting) == ["HttpOnly", "Path=/", "SameSite=Lax", "secure"]
        is_session = line.startswith("__Host-govapp=") and not line.startswith("__Host-govapp=;")
        assert not lasting if is_session else "Max-Age=" in line


@pytest.mark.standard("S-132")
def test_by_http_pages_lead_to_https_and_set_or_read_no_session(deployment, bea):
    login, _ = bea
    person, unprotected = deployment.person(), deployment.over_http()
    person.sign_in(login)
    unprotected.secret = person.secret

    for path in ("/", "/sign-in", "/account/sessions?x=1", "/static/govapp.css", "/welcome/x"):
        answer = unprotected.get(path)
        assert (answer.status, answer.location) == (308, ORIGIN + path)
        assert answer.set_cookies == []


@pytest.mark.standard("S-132")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_by_http_no_form_is_taken(deployment, bea, method):
    login, user = bea
    browser, unprotected = deployment.person(), deployment.over_http()
    token = browser.csrf_token()
    unprotected.cookies = browser.cookies
    fields = f"login={login}&password={PASSWORD}&csrf_token={token}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    answers = [
        unprotected.ask(method, "/sign-in", fields, form),
        deployment.at(0, X_Forwarded_Proto="http").ask(method, "/sign-in", fields, form),
    ]

    assert answers[0].status == 405 and answers[1].status in {400, 405}
    assert [answer.set_cookies for answer in answers] == [[], []]
    assert deployment.world.sessions(user) == []


@pytest.mark.standard("S-099")
def test_by_https_alone_browsers_are_told_to_stay_for_a_year(deployment):
    paths = ("/", "/sign-in", "/nothing/here", "/account/sessions", "/healthz")

    told = {deployment.person().get(path).headers["Strict-Transport-Security"] for path in paths}
    untold = {
        deployment.over_http().get(path).headers["Strict-Transport-Security"] for path in paths
    }

    assert told == {"max-age=31536000; includeSubDomains"}
    assert untold == {None}


def test_tls_is_new_and_no_answer_says_which_software_it_is(deployment):
    connection = TLSConnection(deployment.https_port, deployment.nginx.trust, ELSEWHERE)
    connection.connect()
    version = connection.sock.version()
    connection.close()

    answer = deployment.person().get("/sign-in")

    assert version in {"TLSv1.2", "TLSv1.3"}
    assert answer.headers["Server"] == "nginx" and "Via" not in answer.headers
