"""Two people, or twenty guessers, at the same moment: held by a barrier, not by sleeping."""

import threading

import pytest

from tests.races.test_in_flight import InBackground


def at_once(*calls):
    """Run these calls at the same moment and return what they returned."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(10)
        return call()

    return [thread.result() for thread in [InBackground(lambda c=c: run(c)) for c in calls]]


@pytest.mark.parametrize("what", ["session", "user"])
@pytest.mark.parametrize("round_", range(5))
def test_of_two_people_who_end_each_other_exactly_one_wins(world, browser, what, round_):
    ids = {login: world.user(login, "security") for login in ("ann", "bob")}
    people = {login: browser() for login in ids}
    for login, person in people.items():
        person.sign_in(login)
    tokens = {login: person.csrf_token() for login, person in people.items()}
    sessions = {login: world.only_session(id_).public_id.hex for login, id_ in ids.items()}

    def end(actor, target):
        path = {
            "session": f"/admin/sessions/{sessions[target]}/revocation",
            "user": f"/admin/users/{ids[target]}/revocation",
        }[what]
        return people[actor].post(
            path,
            {"reason": "suspicious", "csrf_token": tokens[actor]},
            csrf=False,
            status="*",
        )

    answers = at_once(lambda: end("ann", "bob"), lambda: end("bob", "ann"))

    live = [row.user_id for row in world.sessions() if row.ended_at is None]
    assert len(live) == 1
    assert len(world.events("session_ended")) == 1
    winner, loser = ("ann", "bob") if live == [ids["ann"]] else ("bob", "ann")
    assert people[winner].is_signed_in
    assert not people[loser].is_signed_in
    by_actor = dict(zip(("ann", "bob"), answers, strict=True))
    assert by_actor[winner].status_int == 303
    assert "/sign-in" in by_actor[loser].headers.get("Location", "")


def test_twenty_guesses_at_once_are_all_counted(world, browser):
    world.user("bea")
    guessers = [browser() for _ in range(20)]
    tokens = [guesser.csrf_token() for guesser in guessers]

    def guess(guesser, token):
        return guesser.post(
            "/sign-in",
            {"login": "bea", "password": "wrong", "csrf_token": token},
            csrf=False,
            status="*",
        ).status_int

    answers = at_once(
        *(lambda g=g, t=t: guess(g, t) for g, t in zip(guessers, tokens, strict=True))
    )

    assert answers.count(400) <= 5
    assert answers.count(400) + answers.count(429) + answers.count(503) == len(answers)
    assert answers.count(429) >= 10


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["group", "member", "grant"])
def test_the_same_change_by_two_people_at_once_is_made_once(world, browser, what):
    for login in ("ann", "bob"):
        world.user(login, "admins")
    bea = world.user("bea")
    people = {login: browser() for login in ("ann", "bob")}
    for login, person in people.items():
        person.sign_in(login)
    tokens = {login: person.csrf_token() for login, person in people.items()}
    path, fields, event = {
        "group": ("/admin/groups", {"name": "partners"}, "group_created"),
        "member": (
            f"/admin/users/{bea}/groups",
            {"group": "support", "action": "add"},
            "group_member_added",
        ),
        "grant": (
            "/admin/groups/customers",
            {"action": "add", "permission": "user:list", "over": "customers"},
            "grant_added",
        ),
    }[what]
    before = len(world.events(event))

    def change(login):
        fields_of = {**fields, "csrf_token": tokens[login]}
        return people[login].post(path, fields_of, csrf=False, status="*").status_int

    answers = at_once(lambda: change("ann"), lambda: change("bob"))

    assert 303 in answers and set(answers) <= {303, 400}
    assert len(world.events(event)) == before + 1
