"""There is no database at all: 503 wherever one has to know who asks, and nobody is let in."""

from collections import defaultdict

import pytest
from pyramid.interfaces import IRoutesMapper

from govapp.sessions import tokens
from tests.outages.arrange import assert_unavailable, sets_session_cookie

IDS = {"id": "0" * 32, "name": "customers", "token": "t" * 43}
# Asks nothing of the database, whoever comes.
WITHOUT_DATABASE = {"healthz", "home"}


@pytest.fixture
def database_url(breakable_url):
    return breakable_url


@pytest.fixture
def staff(world, browser, breakable):
    """An administrator who is signed in; then the database goes."""
    world.user("ada", "admins")
    ada = browser()
    ada.sign_in("ada")
    breakable.stop()
    return ada


def requests(app):
    """Every route and method of the application, with a path that fits it."""
    for route in app.registry.getUtility(IRoutesMapper).get_routes():
        if not route.name.startswith("__"):
            for method in ("GET", "POST"):
                yield route.name, method, route.generate(IDS)


@pytest.mark.standard("S-094")
def test_who_is_signed_in_is_told_to_wait_and_stays_signed_in(app, staff, breakable):
    secret, statuses = staff.cookie, defaultdict(set)

    for name, method, path in requests(app):
        answer = staff.test_app.request(path, method=method, status="*")

        statuses[name].add(answer.status_int)
        assert not sets_session_cookie(answer), name
        if answer.status_int == 503 and name != "readyz":
            assert_unavailable(answer)

    for name in statuses.keys() - WITHOUT_DATABASE:
        # Not found is what no page is there for: the form of another method.
        assert 503 in statuses[name] and statuses[name] <= {404, 503}, name

    breakable.start()
    assert staff.cookie == secret
    staff.get("/admin", status=200)


@pytest.mark.standard("S-094")
def test_a_stranger_gets_to_the_sign_in_form_and_no_further(app, staff, browser):
    for name, method, path in requests(app):
        answer = browser().test_app.request(path, method=method, status="*")

        if answer.status_int == 200:
            assert (name, method) in {("healthz", "GET"), ("sign-in", "GET")}
        elif answer.status_int == 303 and name not in {"home", "welcome-link"}:
            assert answer.headers["Location"].startswith("http://localhost/sign-in")
        else:
            # Forms without the token of their page, and what is not there.
            assert answer.status_int in {303, 400, 404, 503}, (name, method)
    stranger = browser()
    answer = stranger.sign_in("ada", status=503)
    assert_unavailable(answer)
    assert stranger.cookie is None


@pytest.mark.standard("S-094")
def test_static_files_and_the_probe_of_the_process_answer(staff, browser):
    for someone in (staff, browser()):
        someone.get("/static/govapp.css", status=200)
        someone.get("/healthz", status=200)
        someone.get("/readyz", status=503)


def test_a_secret_that_may_be_anybodys_is_nobodys(staff, browser):
    """It cannot be looked up, so its holder is neither let in nor told that it is worthless."""
    someone = browser()
    someone.cookie = tokens.new_token()

    answer = someone.get("/account/sessions", status="*")

    assert_unavailable(answer)
    assert someone.cookie is not None
