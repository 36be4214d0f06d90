"""What ends through one process is over for the other, with nothing between them but the rows."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from govapp.policy import Limits
from govapp.sessions import store, tokens
from tests.deployed.configuration import ORIGIN
from tests.support.process import wait_until

LIMITS = Limits(idle_seconds=604_800, absolute_seconds=2_592_000)
PAGE = "/account/sessions"
ROUNDS = 100


class Parties:
    """A person with a laptop that signs itself in again and again, and staff who may end it."""

    def __init__(self, deployment):
        self.world = deployment.world
        login, staff = deployment.login("bea"), deployment.login("sam")
        self.person_id = self.world.user(login)
        self.world.user(staff, "security")
        # Both have a window at each process, with one and the same cookie.
        self.person = self._windows(deployment, login)
        self.staff = self._windows(deployment, staff)

    def _windows(self, deployment, login):
        windows = deployment.at(0), deployment.at(1)
        windows[0].sign_in(login)
        windows[1].secret = windows[0].secret
        return windows, windows[0].csrf_token()

    def begin(self):
        """Begin a session of the person without a browser; return its secret and its id."""
        token = tokens.new_token()
        with self.world.db() as db:
            row = store.begin(
                db,
                token=token,
                user_id=self.person_id,
                method="password",
                address=None,
                device="Firefox on Linux",
                limits=LIMITS,
                now=datetime.now(UTC),
            )
            return token, row.public_id.hex


def by_owner(parties, at, victim, session_id):
    windows, csrf = parties.person
    return windows[at].post(
        f"/account/sessions/{session_id}/revocation", {"csrf_token": csrf}, csrf=False
    )


def with_all_others(parties, at, victim, session_id):
    windows, csrf = parties.person
    return windows[at].post(
        "/account/sessions/revocations", {"which": "others", "csrf_token": csrf}, csrf=False
    )


def by_staff(parties, at, victim, session_id):
    windows, csrf = parties.staff
    fields = {"reason": "laptop lost", "csrf_token": csrf}
    return windows[at].post(f"/admin/sessions/{session_id}/revocation", fields, csrf=False)


def by_itself(parties, at, victim, session_id):
    return victim[at].post("/sign-out")


WAYS = (by_owner, with_all_others, by_staff, by_itself)


@pytest.mark.standard("S-051")
def test_a_session_ended_through_one_process_is_over_at_the_very_next_request_to_the_other(
    deployment,
):
    parties = Parties(deployment)
    seen = Counter()

    for number in range(ROUNDS):
        end, here = WAYS[number % 4], number // 4 % 2
        there = 1 - here
        secret, session_id = parties.begin()
        victim = deployment.at(0), deployment.at(1)
        victim[0].secret = victim[1].secret = secret

        before = victim[there].get(PAGE)
        ended = end(parties, here, victim, session_id)
        after = victim[there].get(PAGE)

        assert victim[there].secret is None, "the cookie of an ended session is cleared"
        seen[end, here, before.status, ended.status, after.status, after.location] += 1

    sign_in = f"{ORIGIN}/sign-in?next=%2Faccount%2Fsessions"
    assert sum(seen.values()) == ROUNDS
    assert {key[2:] for key in seen} == {(200, 303, 303, sign_in)}
    assert {key[:2] for key in seen} == {(end, here) for end in WAYS for here in (0, 1)}


@pytest.mark.standard("S-051")
def test_nginx_sends_people_to_both_processes_and_neither_forgets_a_revocation(deployment):
    login = deployment.login("bea")
    deployment.world.user(login)
    here, laptop = deployment.person(), deployment.person()
    here.sign_in(login), laptop.sign_in(login)
    wait_until(lambda: laptop.is_signed_in and both_are_in_use(deployment), "both processes")

    here.post("/account/sessions/revocations", {"which": "others"})

    assert [laptop.is_signed_in for _ in range(6)] == [False] * 6
    assert [here.is_signed_in for _ in range(6)] == [True] * 6


def both_are_in_use(deployment):
    """Tell whether both processes asked the database about somebody's session."""
    statement = text("SELECT application_name FROM pg_stat_activity WHERE query LIKE :query")
    with deployment.world.db() as db:
        names = set(db.scalars(statement, {"query": "SELECT govapp_session.%"}))
    return {"first", "second"} <= names
