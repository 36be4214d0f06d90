"""A disk that is slow, seen from here: somebody else holds a row or a table for too long.

Who has to wait gives up in bounded time, is told so, and leaves nothing; who need not wait, does
not; and what waited less than that is done.
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests.outages.arrange import (
    DEEDS,
    assert_nothing_held,
    assert_unavailable,
    change_password,
    confirm,
    effects,
    end_others,
    sign_in,
)
from tests.support.staff import begin
from tests.support.tables import dump
from tests.support.together import LONG_SECONDS, InBackground, waits_for_a_lock

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SESSION = "select * from govapp_session for update"
GUESSES = "lock table govapp_throttle in exclusive mode"
TRAIL = "lock table govapp_audit_event in exclusive mode"
INSTANTS = "select * from govapp_not_before for update"
PERSON = "select * from govapp_user for update"
GROUPS = "lock table govapp_membership, govapp_grant in access exclusive mode"

GUESSING = {confirm, change_password, sign_in}
# Who has to wait for what is held. The rest is done as ever.
WAITS = {
    "session": (SESSION, set(DEEDS)),
    "guesses": (GUESSES, GUESSING),
    "trail": (TRAIL, set(DEEDS)),
    "instants": (INSTANTS, set(DEEDS)),
    "person": (PERSON, {change_password, sign_in}),
    "groups": (GROUPS, set(DEEDS)),
}


@contextmanager
def held(world, statement):
    """Hold what a statement locks, in a transaction of somebody else's."""
    with world.engine.connect() as other:
        other.execute(text(statement))
        yield
        other.rollback()


@pytest.mark.standard("S-087")
@pytest.mark.standard("S-090")
@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("what", WAITS)
def test_who_waits_too_long_is_refused_and_leaves_nothing(world, bea, clock, what):
    lock, deeds = WAITS[what]
    begin(world, world.sessions()[0].user_id, count=2)
    token, at_first, on_record = bea.csrf_token(), dump(world.engine), effects(world)

    with held(world, lock):
        waiting = [InBackground(deed, bea, token) for deed in deeds]
        for request in waiting:
            assert_unavailable(request.result())
    assert dump(world.engine) == at_first

    assert end_others(bea, token).status_int == 303
    assert effects(world) - on_record == DEEDS[end_others]
    assert_nothing_held(world.app)


@pytest.mark.standard("S-090")
@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("what", WAITS)
def test_who_only_looks_waits_for_nobody(world, bea, clock, caplog, what):
    """Also where the use of the session is to be noted. Only who one is must be known."""
    caplog.set_level("INFO")
    token = bea.csrf_token()
    clock.advance(minutes=2)

    with held(world, WAITS[what][0]):
        page = bea.get("/account/sessions", status="*")
        bea.get("/static/govapp.css", status=200)
        bea.get("/healthz", status=200)

    if what == "groups":
        assert_unavailable(page)
    else:
        assert token in page.text
        assert "given up" not in caplog.text, "the note would have waited until its time was over"


@pytest.mark.parametrize("what", WAITS)
def test_what_waited_not_too_long_is_done_once(world, bea, monkeypatch, what):
    monkeypatch.setattr("govapp.db.WAIT_SECONDS", LONG_SECONDS)
    monkeypatch.setattr("govapp.db.INDEPENDENT_TIMEOUT_SECONDS", 2 * LONG_SECONDS)
    begin(world, world.sessions()[0].user_id, count=2)
    token, on_record = bea.csrf_token(), effects(world)

    with held(world, WAITS[what][0]):
        changing = InBackground(change_password, bea, token)
        waits_for_a_lock(world.engine)
    answer = changing.result()

    assert answer.status_int == 303
    assert effects(world) - on_record == DEEDS[change_password]
    assert bea.is_signed_in


@pytest.mark.standard("S-087")
def test_a_refusal_is_recorded_while_the_person_is_locked(world, bea, browser):
    """By a change that is under way, for instance: no foreign key makes the record wait for it."""
    with held(world, PERSON), held(world, SESSION):
        bea.post("/confirm", {"password": "wrong"}, status=400)
        browser().sign_in("bea", "wrong", status=400)

        assert len(world.events("authn_confirm_fail")) == 1
        assert len(world.events("authn_login_fail")) == 1


@pytest.mark.standard("S-125")
@pytest.mark.usefixtures("short_waits")
def test_a_refusal_that_cannot_be_recorded_stands(world, bea, caplog):
    with held(world, TRAIL):
        bea.post("/confirm", {"password": "wrong"}, status=400)

    assert world.events("authn_confirm_fail") == []
    assert "the audit trail could not be written" in caplog.text
    assert_nothing_held(world.app)
