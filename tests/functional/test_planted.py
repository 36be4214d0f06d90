"""What somebody planted in a browser before a person signs in there is worth nothing after."""

from http.cookiejar import Cookie

import pytest

from govapp.sessions.visit import seal
from tests.support.world import PASSWORD

PLANTED = "p1anted-" + "A" * 35


@pytest.fixture
def bea(world, browser):
    """The browser of a person who has not signed in yet."""
    world.user("bea")
    return browser()


def plant(person, name, value):
    """Put a cookie into somebody's browser, as a sibling host or a stolen minute would."""
    domain = ("localhost.local", True, False)
    cookie = Cookie(
        0, name, value, None, False, *domain, "/", True, False, None, False, *[None] * 2, {}
    )
    person.test_app.cookiejar.set_cookie(cookie)


@pytest.mark.standard("S-028")
def test_a_secret_that_was_planted_opens_nothing(bea, browser):
    thief, token = browser(), bea.csrf_token()
    # After the form was opened: what is unknown by then is cleared.
    for person in (bea, thief):
        plant(person, "govapp", PLANTED)

    fields = {"login": "bea", "password": PASSWORD, "csrf_token": token}
    bea.post("/sign-in", fields, csrf=False, status=303)

    assert bea.is_signed_in and bea.cookie != PLANTED
    assert not thief.is_signed_in


@pytest.mark.standard("S-028")
@pytest.mark.standard("S-031")
def test_the_attackers_own_session_is_not_shared_by_who_signs_in_over_it(bea, world, browser):
    world.user("eve")
    eve = browser()
    eve.sign_in("eve")
    token = bea.csrf_token()
    plant(bea, "govapp", eve.cookie)
    # A form that Bea opened before counts for nothing in Eve's session ...
    fields = {"login": "bea", "password": PASSWORD, "csrf_token": token}
    bea.post("/sign-in", fields, csrf=False, status=400)

    # ... and the one that Bea sends from within it ends it.
    bea.post("/sign-in", {"login": "bea", "password": PASSWORD}, status=303)

    assert [row.end_reason for row in world.sessions()] == ["replaced", None]
    page = bea.get("/account/sessions", status=200)
    assert "Bea" in page.text and "Eve" not in page.text
    assert not eve.is_signed_in


@pytest.mark.standard("S-030")
def test_neither_message_nor_token_nor_link_of_a_planted_visit_crosses_over(bea, settings, clock):
    state = {"csrf": PLANTED, "flash": {"": ["Call 555-0100."]}, "link": "x", "why": "idle"}
    secrets = [settings["govapp.secrets"].encode()]
    plant(bea, "govapp-visit", seal(state, secrets, now=clock()))
    fields = {"login": "bea", "password": PASSWORD, "csrf_token": PLANTED}

    bea.post("/sign-in", fields, csrf=False, status=303)

    assert "555-0100" not in bea.get("/account/sessions", status=200).text
    assert "govapp-visit" not in bea.test_app.cookies
    fields = {"password": PASSWORD, "csrf_token": PLANTED}
    bea.post("/confirm", fields, csrf=False, status=400)
