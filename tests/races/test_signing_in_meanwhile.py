"""A person signs in while all of their sessions end, or the account changes."""

import pytest

from govapp import users
from tests.races.arrange import end_now, set_instant
from tests.support.together import InBackground, waits_for_a_lock
from tests.support.world import PASSWORD, SYSTEM


@pytest.mark.standard("S-049")
@pytest.mark.parametrize("whom", ["person", "everyone"])
def test_a_sign_in_under_way_does_not_outlive_ending_everything(
    world, browser, gate, whom, database_url
):
    user = world.user("bea")
    bea = browser()
    request = InBackground(lambda: bea.get(f"/probe/begin_and_wait/{user}", status="*"))
    gate.reached()

    end_all = {"person": lambda: end_now(world, user), "everyone": lambda: set_instant(world)}
    revoking = InBackground(end_all[whom])
    # SQLite has one writer, who is known to be the sign-in.
    if database_url.startswith("postgresql"):
        waits_for_a_lock(world.engine)
    gate.open()
    request.result()
    revoking.result()

    assert not bea.is_signed_in


# On SQLite nothing can come between: its writer is alone from its first statement.
@pytest.mark.standard("S-049")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_sign_in_that_began_before_the_end_of_everything_fails(world, browser, gate):
    user = world.user("bea")
    bea = browser()
    request = InBackground(lambda: bea.get(f"/probe/begin_late/{user}", status="*"))
    gate.reached()

    set_instant(world, user)
    gate.open()

    assert request.result().status_int == 500
    assert world.sessions(user) == []


class PausingHasher:
    """A hasher that lets something happen right after a password was found right."""

    def __init__(self, inner, then):
        self._inner, self._then = inner, then

    def verify(self, stored, password):
        right = self._inner.verify(stored, password)
        self._then()
        return right

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.mark.standard("S-050")
@pytest.mark.parametrize("meanwhile", ["reset", "disabled"])
def test_a_sign_in_loses_against_a_reset_that_committed_meanwhile(
    world, browser, app, clock, meanwhile
):
    user_id = world.user("bea")
    hasher = app.registry["govapp.hasher"]

    def change():
        with world.db() as connection:
            user = connection.get_one(users.User, user_id)
            if meanwhile == "reset":
                new = hasher.hash("another one entirely")
                users.set_password(connection, user, new, actor=SYSTEM, now=clock())
            else:
                user.active = False

    app.registry["govapp.hasher"] = PausingHasher(hasher, change)

    browser().sign_in("bea", PASSWORD, status=400)

    assert world.sessions(user_id) == []
