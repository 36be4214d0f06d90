"""Two people, or fifty guessers, at the same moment: held by a barrier, not by sleeping."""

import pytest

from tests.races.arrange import end_now
from tests.support.together import InBackground, at_once


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


@pytest.mark.standard("S-106")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_fifty_guesses_at_once_no_more_are_answered_than_one_after_the_other(world, browser):
    world.user("bea")
    guessers = [browser() for _ in range(50)]
    tokens = [guesser.csrf_token() for guesser in guessers]
    verified = count_hashes(world)

    def guess(guesser, token):
        fields = {"login": "bea", "password": "wrong", "csrf_token": token}
        return guesser.post("/sign-in", fields, csrf=False, status="*").status_int

    pairs = zip(guessers, tokens, strict=True)
    answers = at_once(*(lambda pair=pair: guess(*pair) for pair in pairs))

    # 503: the independent pool is small, and an attempt that cannot be counted is not answered.
    assert set(answers) <= {400, 429, 503}
    assert 1 <= answers.count(400) == len(verified) <= 5
    assert answers.count(429) > 0


def count_hashes(world):
    """Return a list that grows with each password that is compared."""
    hasher = world.app.registry["govapp.hasher"]
    verified, verify = [], hasher.verify

    def counted(stored, password):
        verified.append(password)
        return verify(stored, password)

    hasher.verify = counted
    return verified


@pytest.mark.standard("S-046")
def test_of_two_who_end_one_session_one_does_and_one_hears_it_had_ended(world, browser):
    bea = world.user("bea", "customers")
    world.user("sam", "support")
    phone, laptop, staff = browser(), browser(), browser()
    phone.sign_in("bea")
    laptop.sign_in("bea")
    staff.sign_in("sam")
    target = world.sessions(bea)[0].public_id.hex
    tokens = {"owner": laptop.csrf_token(), "staff": staff.csrf_token()}

    def by_owner():
        fields = {"csrf_token": tokens["owner"]}
        return laptop.post(f"/account/sessions/{target}/revocation", fields, csrf=False, status=303)

    def by_staff():
        fields = {"csrf_token": tokens["staff"], "reason": "reported stolen"}
        return staff.post(f"/admin/sessions/{target}/revocation", fields, csrf=False, status=303)

    at_once(by_owner, by_staff)

    (event,) = world.events("session_ended")
    assert event.reason == world.sessions(bea)[0].end_reason
    said = laptop.get("/account/sessions").text + staff.get("/admin/sessions").text
    assert said.count("had already ended") == 1
    assert not phone.is_signed_in
    assert laptop.is_signed_in and staff.is_signed_in


def test_ending_the_same_session_five_times_at_once_records_it_once(world, bea):
    user = world.sessions()[0].user_id

    at_once(*[lambda: end_now(world, user)] * 5)

    assert len(world.events("session_ended")) == 1
    assert world.only_session(user).end_reason == "ended-by-staff"


def test_two_requests_that_each_flash_once_both_show(world, bea, gate, browser):
    user = world.sessions()[0].user_id
    first = InBackground(lambda: bea.get(f"/probe/flash_late/{user}", status="*"))
    gate.reached()
    second = browser()
    second.cookie = bea.cookie
    gate.open()
    second.get(f"/probe/flash_late/{user}", status="*")
    first.result()

    assert bea.get("/account/sessions").text.count("late") == 2
    assert world.only_session(user).data == {}


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
