"""PostgreSQL is stopped, or crashes, and comes back, while people are at work.

Whoever is told that something was done finds it done, exactly once; whoever is told that nothing
was changed finds nothing; and nobody restarts the application.
"""

import itertools
from collections import Counter

import pytest
from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from govapp import audit
from govapp.models import Group, User
from govapp.security import SIGNED_IN
from govapp.sessions import tokens
from tests.outages.arrange import assert_nothing_held
from tests.outages.load import Comer, Confirmer, Load, Looker, Noter, Revoker
from tests.support.staff import begin
from tests.support.tables import forget_guesses


@pytest.fixture
def database_url(breakable_url):
    return breakable_url


@pytest.fixture
def extend():
    def note(request):
        """Do business, tell the person and record it."""
        name = request.POST["name"]
        request.dbsession.add(Group(name=name, created_at=request.now))
        request.session.flash(name)
        audit.record(
            request.dbsession,
            audit.Event.GROUP_CREATED,
            actor=request.actor,
            now=request.now,
            action=name,
        )
        return HTTPSeeOther("/account/sessions")

    def add_probes(config):
        config.add_route("note", "/probe/note")
        config.add_view(note, route_name="note", permission=SIGNED_IN, require_csrf=True)

    return add_probes


@pytest.fixture
def signed_in(world, browser):
    """Add a person and sign them in."""

    def sign_in(login):
        user_id = world.user(login)
        someone = browser()
        someone.sign_in(login)
        return someone, user_id

    return sign_in


@pytest.fixture
def load(world, browser, signed_in):
    revoker, revoker_id = signed_in("revoker")
    sessions = begin(world, revoker_id, count=300)
    for number in range(10):
        world.user(f"comer-{number}")
    return Load(
        [
            Looker(signed_in("looker")[0]),
            Confirmer(signed_in("confirmer")[0]),
            Noter(signed_in("noter")[0]),
            Revoker(revoker, sessions),
            Comer(browser()),
        ]
    )


@pytest.mark.standard("S-078")
@pytest.mark.standard("S-094")
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_people_at_work_are_told_the_truth_while_the_database_goes_and_comes(
    world, load, breakable, mode
):
    load.rounds("before")
    load.during("going", lambda: breakable.stop(mode))
    load.rounds("away")
    load.during("coming", breakable.start)
    world.engine.dispose()
    forget_guesses(world.engine)
    load.rounds("after")

    statuses = {
        phase: {told.status for told in load.told if told.phase == phase}
        for phase in ("before", "away", "after")
    }
    assert statuses["away"] == {503}
    assert statuses["before"] | statuses["after"] == {200, 303}
    for person in load.people:
        TRUTH[type(person)](world, person)
    assert_nothing_held(world.app)


def assert_told_truly(told, times):
    """Compare what somebody was told about each key with how often it is there."""
    for one in told:
        if one.is_known:
            assert times[one.key] == (one.status == 303), one
        else:
            assert times[one.key] in {0, 1}, one


def notes(world, noter):
    with world.db() as connection:
        rows = Counter(connection.scalars(select(Group.name).where(Group.name.like("note-%"))))
    recorded = Counter(event.action for event in world.events("group_created"))
    waiting = [row.data["flash"][""] for row in world.sessions() if row.data]
    messages = Counter(itertools.chain.from_iterable(waiting))
    for name in rows:
        assert (rows[name], recorded[name], messages[name]) == (1, 1, 1)
    assert_told_truly(noter.told, rows)


def revocations(world, revoker):
    rows = Counter(row.public_id.hex for row in world.sessions() if row.ended_at is not None)
    assert rows == Counter(event.session_id for event in world.events("session_ended"))
    assert_told_truly(revoker.told, rows)


def sign_ins(world, comer):
    """A session for each secret that was given out, and none that could be without one."""
    with world.db() as connection:
        comers = set(connection.scalars(select(User.id).where(User.login.like("comer-%"))))
    digests = Counter(row.token_hash for row in world.sessions() if row.user_id in comers)
    given = [told for told in comer.told if told.status == 303]
    unknown = sum(not told.is_known for told in comer.told)
    assert len(given) <= digests.total() <= len(given) + unknown
    for told in given:
        assert digests[tokens.digest(tokens.parse_token(told.key))] == 1
    assert all(told.key is None for told in comer.told if told.status == 503)


def confirmations(world, confirmer):
    done = sum(told.status == 303 for told in confirmer.told)
    unknown = sum(not told.is_known for told in confirmer.told)
    assert done <= len(world.events("authn_confirm_success")) <= done + unknown
    confirmer.browser.get("/account/sessions", status=200)


def looks(world, looker):
    assert looker.told


TRUTH = {
    Looker: looks,
    Confirmer: confirmations,
    Noter: notes,
    Revoker: revocations,
    Comer: sign_ins,
}


# What one person, or nobody yet known, does first.
FIRST = {
    "page": lambda bea, browser: bea.get("/account/sessions", status=200),
    "change": lambda bea, browser: bea.test_app.post(
        "/sign-out", {"csrf_token": bea.token}, status=303
    ),
    "sign-in": lambda bea, browser: browser().sign_in("bea"),
    "probe": lambda bea, browser: bea.get("/readyz", status=200),
}


@pytest.mark.parametrize("first", FIRST)
def test_the_very_first_request_after_a_restart_succeeds(bea, browser, breakable, first):
    """However many connections of before the restart the pools still hold."""
    bea.confirm()
    bea.get("/readyz", status=200)
    bea.token = bea.csrf_token()

    breakable.stop()
    breakable.start()

    FIRST[first](bea, browser)
