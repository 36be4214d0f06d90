"""A request that pyramid_retry runs again does everything once (S-089)."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import text

from govapp.models import Group, Throttle
from tests.support.world import PASSWORD


@pytest.fixture
def runs():
    return []


@pytest.fixture
def extend(extend, runs):
    def add_conflict(config):
        extend(config)

        def conflict(request):
            """Write, and be told twice by PostgreSQL itself that it was in somebody's way."""
            runs.append(request)
            request.session.flash("a message")
            request.dbsession.add(Group(name="business", created_at=request.now))
            request.dbsession.flush()
            if len(runs) < 3:
                failing = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
                request.dbsession.execute(text(failing))
            return Response("done")

        config.add_route("conflict", "/probe/conflict")
        config.add_view(conflict, route_name="conflict", permission=NO_PERMISSION_REQUIRED)

    return add_conflict


def attempts_of(world):
    with world.db() as db:
        return {row.key.split(":")[0]: row.attempts for row in db.query(Throttle)}


@pytest.mark.standard("S-089")
def test_a_repeated_sign_in_is_one_session_one_cookie_one_record_and_no_guess(world, retrying):
    user = world.user("bea")
    bea = retrying()
    fields = {"login": "bea", "password": PASSWORD}

    answer = bea.post("/sign-in", fields, headers={"X-Ending": "loses a conflict once"}, status=303)

    assert world.only_session(user).ended_at is None
    sent = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("govapp=")]
    assert len(sent) == 1
    assert len(world.events("session_created")) == len(world.events("authn_login_success")) == 1
    assert set(attempts_of(world).values()) == {0}


@pytest.mark.standard("S-089")
def test_a_repeated_proof_of_identity_is_one_guess(world, retrying):
    world.user("bea")
    bea = retrying()
    bea.sign_in("bea")
    headers = {"X-Ending": "loses a conflict once"}

    for _ in range(3):
        bea.post("/confirm", {"password": "wrong"}, headers=headers, status=400)

    assert attempts_of(world)["confirm"] == 3


@pytest.mark.standard("S-089")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgresql_refuses_twice_is_done_once_at_the_third_try(world, retrying, runs):
    world.user("bea")
    bea = retrying()
    bea.sign_in("bea")

    bea.get("/probe/conflict", status=200)

    assert len(runs) == 3
    assert bea.get("/account/sessions").text.count("a message") == 1
    with world.db() as db:
        assert db.query(Group).filter(Group.name == "business").count() == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_pyramid_retry_a_conflict_is_answered_with_try_again(world, browser, runs):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")

    answer = bea.get("/probe/conflict", status=503)

    assert len(runs) == 1
    assert int(answer.headers["Retry-After"]) > 0
    assert "a message" not in bea.get("/account/sessions").text
