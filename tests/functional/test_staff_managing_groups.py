"""Staff create groups and change what they may do, never beyond what they hold."""

import pytest

from govapp import security
from tests.support.staff import flashed, options, said


@pytest.fixture
def ada(world, browser):
    world.user("ada", "admins")
    someone = browser()
    someone.sign_in("ada")
    return someone


@pytest.fixture
def gil(world, browser):
    """Somebody who manages the grants of customers alone."""
    world.group("grant-desk")
    world.grant("grant-desk", "grant:manage", over="customers")
    world.grant("grant-desk", "session:list", over="customers")
    world.user("gil", "grant-desk")
    someone = browser()
    someone.sign_in("gil")
    return someone


def test_groups_show_members_and_what_they_may_do(world, ada):
    world.user("bea", "customers")
    world.user("cem", "customers")

    text = " ".join(ada.get("/admin/groups", status=200).html.get_text(" ").split())

    assert "customers 2 only use their own account" in text
    assert "admin:view, session:list, session:revoke, user:list over customers" in text


def test_a_permission_is_given_and_taken_away(world, ada, browser):
    world.user("bea", "customers")
    bea = browser()
    bea.sign_in("bea")
    grant = {"permission": "user:list", "over": "customers"}

    answer = ada.post("/admin/groups/customers", {"action": "add", **grant}, status=303)
    assert flashed(ada.get(answer.location)) == "customers now holds user:list over customers."
    bea.get("/admin/users", status=200)

    ada.post("/admin/groups/customers", {"action": "remove", **grant}, status=303)
    bea.get("/admin/users", status=403)
    assert [event.details for event in world.events("grant_added")[-1:]] == [
        {"group": "customers", "permission": "user:list", "over": "customers"}
    ]
    assert len(world.events("grant_removed")) == 1


def test_giving_twice_and_taking_twice_change_nothing(world, ada):
    grant = {"permission": "user:list", "over": "customers"}
    before = len(world.events("grant_added", "grant_removed"))

    given = ada.post("/admin/groups/support", {"action": "add", **grant}, status=303)
    assert "already" in flashed(ada.get(given.location))
    taken = ada.post(
        "/admin/groups/support", {"action": "remove", **grant, "over": "*"}, status=303
    )
    assert "did not hold it" in flashed(ada.get(taken.location))

    assert len(world.events("grant_added", "grant_removed")) == before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "add", "permission": "root", "over": "*"}, "There is no permission"),
        ({"action": "add", "permission": "", "over": "*"}, "A permission is needed."),
        ({"action": "add", "permission": "user:list", "over": ""}, "Over whom is needed."),
        ({"action": "add", "permission": "user:list", "over": "no-such"}, "There is no group"),
        ({"action": "add", "permission": "user:list", "over": "x" * 5000}, "at most 500"),
        ({"action": "add", "permission": "a\x00b", "over": "*"}, "cannot be shown"),
        ({"action": "steal", "permission": "user:list", "over": "*"}, "Choose whether"),
        ({}, "Choose whether"),
        (
            {"action": "remove", "permission": "grant:manage", "over": "*"},
            "nobody who can manage grants",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_nothing_is_kept(world, ada, fields, sentence):
    before = len(world.events("grant_added", "grant_removed"))

    page = ada.post("/admin/groups/admins", fields, status=400)

    assert sentence in said(page)
    assert len(world.events("grant_added", "grant_removed")) == before
    assert "Take away grant:manage over everyone" in " ".join(page.html.get_text(" ").split())


def test_nobody_takes_from_their_own_group_what_lets_them_do_it(world, ada):
    world.group("spare")
    world.grant("spare", "grant:manage")
    world.user("sia", "spare")

    page = ada.post(
        "/admin/groups/admins",
        {"action": "remove", "permission": "grant:manage", "over": "*"},
        status=400,
    )

    assert "take away from yourself" in said(page)


def test_a_group_is_created(world, ada):
    answer = ada.post("/admin/groups", {"name": "press"}, status=303)

    assert answer.location.endswith("/admin/groups/press")
    assert "no members" in flashed(ada.get(answer.location))
    assert world.events("group_created")[-1].details == {"group": "press"}


@pytest.mark.parametrize(
    "name", ["", "Press", "-x", "a" * 41, "*", "press/../x", "admins", "x\x00"]
)
def test_a_name_that_cannot_be_used_is_refused(ada, name):
    page = ada.post("/admin/groups", {"name": name}, status=400)

    assert said(page)
    assert page.html.select("input[name=name]")


def test_who_manages_one_group_sees_and_changes_only_that(world, gil):
    listed = gil.get("/admin/groups", status=200)

    assert [link.get_text() for link in listed.html.select("tbody a")] == ["customers"]
    assert "admins" not in listed.text and "Create a group" not in listed.text
    assert options(gil.get("/admin/groups/customers", status=200), "over") == [
        "",
        "customers",
    ]
    gil.get("/admin/groups/admins", status=404)
    gil.get("/admin/groups/no-such", status=404)
    gil.post("/admin/groups", {"name": "mine"}, status=403)


def test_giving_what_one_does_not_hold_is_refused_and_recorded(world, gil):
    def give(permission, over, status):
        fields = {"action": "add", "permission": permission, "over": over}
        return gil.post("/admin/groups/customers", fields, status=status)

    assert "do not hold yourself" in said(give("session:revoke", "customers", 400))
    assert "There is no group" in said(give("session:list", "support", 400))
    assert "do not hold yourself" in said(give("session:list", "*", 400))
    give("session:list", "customers", 303)

    assert [event.action for event in world.events("authz_fail")] == ["admin.group"] * 3


def test_who_reaches_a_group_without_managing_grants_is_refused(world, browser):
    world.user("sam", "support")
    sam = browser()
    sam.sign_in("sam")

    sam.get("/admin/groups/customers", status=403)
    sam.get("/admin/groups/admins", status=404)
    sam.get("/admin/groups/Bad_Name", status=404)


def test_changing_grants_needs_a_recent_proof(ada, clock, world):
    clock.advance(seconds=601)

    answer = ada.post("/admin/groups", {"name": "press"}, status=303)

    assert "/confirm" in answer.location


def test_creating_is_not_permitted_before_anything_else_is_looked_at(gil, clock):
    gil.post("/admin/groups", {"name": "mine"}, csrf=False, status=403)
    clock.advance(seconds=601)
    gil.post("/admin/groups", {"name": "mine"}, status=403)


def test_no_group_is_called_like_everyone(ada):
    page = ada.post("/admin/groups", {"name": "everyone"}, status=400)

    assert "No group can be called everyone" in said(page)


def test_nobody_gives_what_was_taken_from_them_a_moment_ago(world, gil, monkeypatch):
    world.group("lookers")
    world.grant("lookers", "user:list", over="customers")
    gil_id = world.sessions()[-1].user_id
    world.join(gil_id, "lookers")
    looked_up = security._identity_of

    def taken_after_the_look_up(request, row):
        identity = looked_up(request, row)
        monkeypatch.undo()
        world.leave(gil_id, "lookers")
        return identity

    token = gil.csrf_token()
    monkeypatch.setattr(security, "_identity_of", taken_after_the_look_up)
    fields = {"action": "add", "permission": "user:list", "over": "customers", "csrf_token": token}
    page = gil.post("/admin/groups/customers", fields, csrf=False, status=400)

    assert "do not hold yourself" in said(page)
