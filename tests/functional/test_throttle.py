"""Guesses are counted before they are answered, and the count survives everything."""

import pytest

import govapp
from tests.support.world import PASSWORD, Browser


def guess(browser, times, login="bea"):
    return [browser.sign_in(login, "wrong guess", status="*").status_int for _ in range(times)]


@pytest.mark.standard("S-106")
def test_the_sixth_guess_in_a_row_must_wait(world, browser, clock):
    world.user("bea")

    assert guess(browser(), 6) == [400] * 5 + [429]

    answer = browser().sign_in("bea", status=429)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Too many attempts" in answer.text


@pytest.mark.standard("S-106")
def test_waiting_helps_and_success_resets(world, browser, clock):
    world.user("bea")
    guess(browser(), 5)
    clock.advance(seconds=6)

    browser().sign_in("bea", status=303)

    assert guess(browser(), 5) == [400] * 5


@pytest.mark.standard("S-106")
def test_delays_grow(world, browser, clock):
    world.user("bea")
    guess(browser(), 5)
    waits = []
    for _ in range(4):
        answer = browser().sign_in("bea", "wrong guess", status=429)
        waits.append(int(answer.headers["Retry-After"]))
        clock.advance(seconds=waits[-1])
        guess(browser(), 1)

    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]


@pytest.mark.standard("S-107")
def test_the_count_survives_a_restart(world, browser, settings, clock):
    world.user("bea")
    guess(browser(), 5)

    restarted = govapp.main({}, **settings)
    restarted.registry["govapp.clock"] = clock
    answer = Browser(restarted, "curl/8").sign_in("bea", status=429)

    assert "Retry-After" in answer.headers
    restarted.registry["dbsession_factory"].kw["bind"].dispose()
    restarted.registry["govapp.engines"].dispose()


@pytest.mark.standard("S-106")
def test_a_throttled_guess_computes_no_hash(world, browser, app):
    world.user("bea")
    guess(browser(), 5)
    hasher = app.registry["govapp.hasher"]
    hasher.verify = lambda *args: pytest.fail("a hash was computed")

    browser().sign_in("bea", PASSWORD, status=429)


@pytest.mark.standard("S-020")
def test_an_unknown_login_is_throttled_like_a_known_one(world, browser):
    assert guess(browser(), 6, login="nobody") == [400] * 5 + [429]


@pytest.mark.standard("S-108")
def test_another_source_is_not_shut_out_at_once(world, browser):
    """A stranger's guesses do not at once keep the owner out (S-108)."""
    world.user("bea")
    guess(browser(), 6)
    elsewhere = browser()
    elsewhere.test_app.extra_environ["REMOTE_ADDR"] = "198.51.100.9"

    elsewhere.sign_in("bea", status=303)


@pytest.mark.standard("S-085")
def test_failures_are_in_the_audit_trail(world, browser):
    world.user("bea")
    guess(browser(), 6)

    assert sum(event.count for event in world.events("authn_login_fail")) == 5
    assert sum(event.count for event in world.events("authn_login_throttled")) == 1
