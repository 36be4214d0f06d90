"""How long sessions last, whatever a browser does: idle, absolute, stricter, and staff's."""

import pytest

import govapp
from tests.support.world import Browser


@pytest.fixture
def phone(bea, browser):
    other = browser()
    other.sign_in("bea")
    return other


@pytest.mark.standard("S-034")
def test_an_unused_session_is_over_at_the_idle_limit(bea, clock, world, settings):
    clock.advance(seconds=604_799)
    assert bea.is_signed_in

    clock.advance(seconds=604_800)

    assert "had not been used" in bea.get("/account/sessions", status=303).follow().text
    assert world.sessions()[0].end_reason == "idle"


@pytest.mark.standard("S-035")
def test_no_activity_prolongs_a_session_beyond_its_absolute_limit(bea, clock, world):
    ends = world.sessions()[0].expires_at
    for _ in range(5):
        clock.advance(days=5)
        assert bea.is_signed_in
    clock.advance(days=5)

    assert not bea.is_signed_in
    assert world.sessions()[0].expires_at == ends
    assert world.sessions()[0].end_reason == "expired"


@pytest.mark.standard("S-041")
def test_a_lapsed_session_is_not_listed_before_anyone_sweeps(bea, phone, clock):
    clock.advance(days=4)
    bea.get("/account/sessions", status=200)
    clock.advance(days=4)

    assert len(bea.session_ids()) == 1


@pytest.mark.standard("S-040")
def test_a_shorter_limit_bites_at_once(bea, settings, clock, browser):
    clock.advance(hours=2)
    stricter = govapp.main({}, **{**settings, "govapp.idle_seconds": "3600"})
    stricter.registry["govapp.clock"] = clock
    again = Browser(stricter, "curl/8")
    again.cookie = bea.cookie

    assert not again.is_signed_in
    stricter.registry["dbsession_factory"].kw["bind"].dispose()
    stricter.registry["govapp.engines"].dispose()


@pytest.mark.standard("S-061")
def test_staff_sessions_are_shorter(world, browser, clock):
    world.user("sam", "support")
    sam = browser()
    sam.sign_in("sam")

    clock.advance(seconds=3601)

    assert not sam.is_signed_in


@pytest.mark.standard("S-040")
def test_becoming_staff_shortens_the_sessions_one_has(world, bea, clock):
    row = world.sessions()[0]
    world.join(row.user_id, "support")

    after = world.sessions()[0]

    assert after.idle_seconds == 3600
    assert (after.expires_at - after.created_at).total_seconds() == 43_200
