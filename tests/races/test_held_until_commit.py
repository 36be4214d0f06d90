"""What the last check found stays so until the commit: whoever changes it has to wait."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select

from govapp import users
from govapp.models import EVERYONE, Group, Membership, NotBefore
from govapp.policy import Permission
from govapp.sessions import store
from tests.races.arrange import set_instant, writer
from tests.support.together import InBackground, waits_for_a_lock
from tests.support.world import SYSTEM

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def extend(gate):
    def add_probes(config):
        def write(request):
            """Write, and wait at the gate after the last check, before the commit."""
            assert request.identity is not None
            request.dbsession.add(Group(name="business", created_at=request.now))
            request.tm.get().addBeforeCommitHook(gate.wait)
            return Response("done")

        for name, permission in (
            ("anybody", NO_PERMISSION_REQUIRED),
            ("permitted", Permission.USER_LIST),
        ):
            config.add_route(name, f"/probe/{name}")
            config.add_view(write, route_name=name, permission=permission)

    return add_probes


def waits(world, gate, request, change):
    """Let the change wait for the request, and both go on; return the request's answer."""
    changing = InBackground(change)
    try:
        waits_for_a_lock(world.engine)
    finally:
        gate.open()
        answer = request.result()
        changing.result()
    return answer


@pytest.mark.standard("S-048")
@pytest.mark.parametrize("whom", ["person", "everyone"])
def test_the_end_of_everything_waits_for_what_was_checked_against_it(world, bea, gate, whom):
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get("/probe/anybody", status="*"))
    gate.reached()

    end = {"person": lambda: set_instant(world, user), "everyone": lambda: set_instant(world)}

    assert waits(world, gate, request, end[whom]).status_int == 200


@pytest.mark.standard("S-060")
def test_who_takes_a_permission_waits_for_what_it_was_used_for(world, browser, gate):
    sam = world.user("sam", "support")
    staff = browser()
    staff.sign_in("sam")
    request = InBackground(lambda: staff.get("/probe/permitted", status="*"))
    gate.reached()

    def take():
        with world.db() as connection:
            connection.delete(connection.get_one(Membership, (sam, "support")))

    assert waits(world, gate, request, take).status_int == 200


@pytest.mark.standard("S-049")
def test_an_instant_is_read_when_its_row_is_held_and_not_before(world):
    with writer(world) as other:
        everyone = select(NotBefore).where(NotBefore.subject == EVERYONE)
        other.execute(everyone.with_for_update(read=True))
        ending = InBackground(lambda: set_instant(world))
        waits_for_a_lock(world.engine)
        while_it_waits = store.clock(other)
        other.commit()
    ending.result()

    with world.db() as connection:
        assert connection.get_one(NotBefore, EVERYONE).instant >= while_it_waits


def test_a_reset_waits_for_the_sign_in_that_compared_the_old_password(
    world, browser, gate, monkeypatch
):
    bea = world.user("bea")
    unchanged_since = users.unchanged_since

    def held(*args, **kw):
        found = unchanged_since(*args, **kw)
        gate.wait()
        return found

    monkeypatch.setattr(users, "unchanged_since", held)
    person = browser()
    request = InBackground(lambda: person.sign_in("bea"))
    gate.reached()

    def reset():
        with world.db() as connection:
            user = users.locked(connection, bea)
            users.set_password(connection, user, "x", actor=SYSTEM, now=world.clock())

    assert waits(world, gate, request, reset).status_int == 303
