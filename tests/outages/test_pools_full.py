"""Every connection is taken: who needs one is told so in bounded time, and nobody else notices."""

from contextlib import ExitStack

import pytest

from tests.outages.arrange import (
    DEEDS,
    assert_nothing_held,
    assert_unavailable,
    change_password,
    confirm,
    effects,
    end_others,
    engines,
    sign_in,
)
from tests.support.staff import begin
from tests.support.tables import dump
from tests.support.together import LONG_SECONDS, InBackground

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NEEDS = {
    "writer": list(DEEDS),
    "reader": list(DEEDS),
    # A guess is counted there before it is answered; the other deeds have no business there.
    "independent": [confirm, change_password, sign_in],
}


def full(engine):
    """Hold every connection that an engine may have."""
    held = ExitStack()
    for _ in range(engine.pool.size() + engine.pool._max_overflow):
        held.enter_context(engine.connect())
    return held


@pytest.mark.standard("S-087")
@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("which", NEEDS)
def test_a_full_pool_refuses_who_needs_it_and_nobody_else(world, bea, browser, which):
    begin(world, world.sessions()[0].user_id, count=2)
    token, at_first, on_record = bea.csrf_token(), dump(world.engine), effects(world)

    with full(engines(world.app)[which]):
        under_way = [InBackground(deed, bea, token) for deed in NEEDS[which]]
        for request in under_way:
            assert_unavailable(request.result())
        assert dump(world.engine) == at_first
        page = bea.get("/account/sessions", status="*")
        assert page.status_int == (503 if which == "reader" else 200)
        browser().get("/sign-in", status=200)
        bea.get("/static/govapp.css", status=200)
        bea.get("/healthz", status=200)
        if which == "independent":
            end_others(bea, token)

    if which != "independent":
        end_others(bea, token)
    assert effects(world) - on_record == DEEDS[end_others]
    assert_nothing_held(world.app)


@pytest.mark.standard("S-087")
def test_refusals_are_recorded_while_the_pool_of_requests_is_full(world, bea):
    """What must survive a rollback does not queue behind the requests."""
    user_id = world.sessions()[0].user_id

    with full(engines(world.app)["writer"]):
        bea.post("/confirm", {"password": "wrong"}, status=400)

    assert [e.subject_id for e in world.events("authn_confirm_fail")] == [user_id]


@pytest.mark.standard("S-087")
def test_as_many_refusals_at_once_as_there_are_threads_are_all_recorded(
    world, browser, monkeypatch
):
    """Nobody holds a connection while waiting for another, or they would wait for each other."""
    monkeypatch.setattr("govapp.db.INDEPENDENT_TIMEOUT_SECONDS", LONG_SECONDS)
    guessers = [browser() for _ in range(8)]
    tokens = [guesser.csrf_token() for guesser in guessers]

    def guess(guesser, token):
        fields = {"login": "nobody", "password": "a guess", "csrf_token": token}
        return guesser.post("/sign-in", fields, csrf=False, status="*")

    guesses = [InBackground(guess, *pair) for pair in zip(guessers, tokens, strict=True)]
    answers = [guess.result().status_int for guess in guesses]

    recorded = world.events("authn_login_fail", "authn_login_throttled")
    assert set(answers) == {400, 429}
    assert sum(event.count for event in recorded) == len(guessers)
