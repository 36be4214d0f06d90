"""The hot path, counted in statements (performance.md): never with a stopwatch."""

import pytest

from govapp.ui.static import content_hash
from tests.support.statements import counted


@pytest.fixture
def bea(world, browser):
    world.user("bea", "customers")
    someone = browser()
    someone.sign_in("bea")
    someone.get("/account/sessions")  # shows, and takes away, no flash: nothing is pending
    return someone


@pytest.mark.standard("S-109")
@pytest.mark.parametrize(
    "path", ["/healthz", "/static/govapp.css", "/sign-in", "/account/sessions"]
)
def test_an_anonymous_request_sends_nothing_to_the_database(browser, world, path):
    anonymous = browser()

    with counted() as sent:
        anonymous.get(path)

    assert sent == []


def test_a_signed_in_get_sends_one_statement(bea):
    with counted() as sent:
        bea.get("/account/password", status=200)

    assert len(sent) == 1
    assert "govapp_session" in sent[0] and "BEGIN" not in sent[0]


def test_a_static_file_costs_nothing_even_to_someone_signed_in(bea):
    with counted() as sent:
        bea.get(f"/static/govapp.css?x={content_hash('govapp.css')}", status=200)

    assert sent == []


def test_my_sessions_sends_three_statements(bea):
    with counted() as sent:
        bea.get("/account/sessions", status=200)

    assert len(sent) == 3


@pytest.mark.standard("S-037")
def test_last_activity_is_written_at_most_once_a_minute(bea, clock, world):
    def updates(requests):
        with counted() as sent:
            for _ in range(requests):
                bea.get("/account/password", status=200)
        return [text for text in sent if text.startswith("UPDATE")]

    assert updates(20) == []
    clock.advance(seconds=59)
    assert updates(5) == []

    clock.advance(seconds=1)
    (touch,) = updates(20)

    assert "ended_at IS NULL" in touch
    assert world.sessions()[0].last_seen_at == clock.now


@pytest.mark.standard("S-036")
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/govapp.css"])
def test_what_nobody_looks_at_does_not_prolong_a_session(bea, clock, world, path):
    before = world.sessions()[0].last_seen_at

    clock.advance(minutes=5)
    bea.get(path, status=200)

    assert world.sessions()[0].last_seen_at == before


@pytest.mark.standard("S-109")
def test_a_cookieless_flood_leaves_every_table_as_it_was(app, browser, world):
    anonymous = browser()
    with counted() as sent:
        for _ in range(200):
            anonymous.test_app.reset()
            anonymous.get("/sign-in")
            anonymous.test_app.reset()
            anonymous.get("/account/sessions", status=303)

    assert sent == []


@pytest.mark.standard("S-109")
def test_a_flood_of_refused_forms_is_one_counted_row_a_minute(browser, world):
    for _ in range(30):
        browser().post("/sign-in", {"login": "x", "password": "y"}, csrf=False, status=400)

    (event,) = world.events("csrf_fail")
    assert event.count == 30
